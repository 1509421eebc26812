/**
 * Types around stages with stages inside: of the names that those see, and of what is read of such a stage from outside.
 * Checking and evaluating both go by them.
 */
import { failureCategories } from '../errors.ts'
import type { Json } from '../json.ts'
import type { BodyPlan, JsonSchema } from '../plan.ts'
import { itemOf } from './schema-fields.ts'
import { typeOf } from './schema-types.ts'

const integer: JsonSchema = { type: 'integer' }

/** A map that has these fields, all of them and no others. */
export const closedMap = (fields: Iterable<readonly [string, JsonSchema]>): JsonSchema => {
  const properties = Object.fromEntries(fields) as { readonly [name: string]: Json }
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

export const orNull = (schema: JsonSchema): JsonSchema =>
  schema === true ? true : { anyOf: [schema as Json, { type: 'null' }] }

/** Lists of what fits the schema. References stay at the root, where they resolve. */
export function listOf(item: JsonSchema): JsonSchema {
  if (item === true) return { type: 'array' }
  const { $defs, ...items } = item
  return { type: 'array', items, ...($defs !== undefined && { $defs }) }
}

/** What the items of a list are, as far as the type of the list says it. */
export function itemSchema(list: JsonSchema): JsonSchema {
  const { schema, root } = itemOf(typeOf(list, list))
  if (schema === true || root === true || !JSON.stringify(schema).includes('"$ref"')) return schema
  return root.$defs === undefined ? true : { ...schema, $defs: root.$defs }
}

export const failureSchema: JsonSchema = {
  type: 'object',
  properties: {
    stage: { type: 'string' },
    category: { enum: [...failureCategories] },
    code: { type: 'string' },
    message: { type: 'string' },
    details: true,
    attempts: integer,
  },
  required: ['category', 'code', 'message'],
  additionalProperties: false,
}

/** The names of a foreach, besides those around it. */
export const foreachNames = (as: string, item: JsonSchema): Record<string, JsonSchema> => ({
  [as]: item,
  index: integer,
  [`${as}_index`]: integer,
})

/** The name of a loop with these stages, besides those around it. */
export function loopNames(stages: readonly (readonly [id: string, output: JsonSchema])[]): Record<string, JsonSchema> {
  const records = stages.map(([id, output]) => [id, pastStage(output)] as const)
  const past = closedMap(records)
  const iteration = closedMap([
    ['index', integer],
    ['previous', orNull(past)],
    ['history', listOf(past)],
  ])
  return { iteration }
}

const pastStage = (output: JsonSchema): JsonSchema =>
  closedMap([
    ['output', orNull(output)],
    ['status', { enum: ['succeeded', 'failed', 'skipped', 'cancelled'] }],
    ['error', orNull(failureSchema)],
  ])

/** What may be read of a stage beside its `output`, with the kind of body that has it. */
export const bodyFieldKinds = {
  errors: 'foreach',
  iterations: 'loop',
  exhausted: 'loop',
  branch: 'switch',
} as const satisfies Record<string, BodyPlan['kind']>

export type BodyField = keyof typeof bodyFieldKinds

export const isBodyField = (name: unknown): name is BodyField =>
  typeof name === 'string' && Object.hasOwn(bodyFieldKinds, name)

/** Those that a kind of body has. Where the stage may have been skipped they may be null. */
export function bodyFields(kind: BodyPlan['kind'] | undefined, mayBeNull: boolean): Record<string, JsonSchema> {
  const names = Object.keys(bodyFieldKinds).filter(isBodyField)
  const own = names.filter((name) => bodyFieldKinds[name] === kind)
  return Object.fromEntries(own.map((name) => [name, mayBeNull ? orNull(fieldSchemas[name]) : fieldSchemas[name]]))
}

/** Of a stage of which nothing is known. */
export const anyBodyFields: Readonly<Record<BodyField, JsonSchema>> = {
  errors: true,
  iterations: true,
  exhausted: true,
  branch: true,
}

const fieldSchemas: Readonly<Record<BodyField, JsonSchema>> = {
  errors: listOf(
    closedMap([
      ['index', integer],
      ['item', true],
      ['stage', { type: 'string' }],
      ['error', failureSchema],
    ]),
  ),
  iterations: integer,
  exhausted: { type: 'boolean' },
  branch: integer,
}

/** Whether a value whose type is known as far as possible can pass a schema. Lenient: only what is certain is said. */
import { canBe } from '../../../foundation/expression/schema-types.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../foundation/json.ts'
import type { JsonSchema } from '../../../foundation/plan.ts'
import type { SchemaProblem, Validators } from '../../../foundation/schema.ts'
import type { Path } from '../../parsed.ts'
import type { Expressions } from './expressions.ts'
import { kindsOf, typeWords } from './type-words.ts'

/** Why `value`, as written at `path`, cannot fit the schema; undefined when it may. */
export function misfit(
  value: Json,
  path: Path,
  schema: JsonSchema,
  expressions: Expressions,
  validators: Validators,
): string | undefined {
  if (schema === true) return undefined
  if (!holdsExpression(value)) {
    const [problem] = validators.validate(schema, value)
    return problem && problemWords(problem)
  }
  return misfitByType(value, path, schema, expressions)
}

/** The same by types alone, for schemas of which only the outlines are to be relied on. */
export const misfitByType = (
  value: Json,
  path: Path,
  schema: JsonSchema,
  expressions: Expressions,
): string | undefined => mismatch(typeOf(value, path, expressions), schema)

/** "it must be a number", "items[3] must be a number". */
export const problemWords = ({ path, message }: SchemaProblem): string =>
  path === '$' ? `it ${message}` : `${path.replace(/^\$\.?/, '')} ${message}`

/** What part of a map has to be: `merge: merge` puts parts together. */
export function partOf(schema: JsonSchema): JsonSchema {
  if (schema === true || !('required' in schema)) return schema
  const { required: _, ...rest } = schema
  return rest
}

const holdsExpression = (value: Json): boolean => {
  if (typeof value === 'string') return value.includes('${{')
  return (Array.isArray(value) || isJsonObject(value)) && Object.values(value).some(holdsExpression)
}

/** What is known of a written value: expressions by their types, texts with expressions in them as text. */
export function typeOf(value: Json, path: Path, expressions: Expressions): JsonSchema {
  if (typeof value === 'string' && value.includes('${{')) {
    if (expressions.isUnread(path)) return true
    const whole = expressions.wholeAt(path)
    if (!whole) return { type: 'string' }
    return whole.checked.faults.length > 0 ? true : whole.checked.type
  }
  if (Array.isArray(value)) {
    return { type: 'array', prefixItems: value.map((item, at) => typeOf(item, [...path, at], expressions) as Json) }
  }
  if (!isJsonObject(value)) return { const: value }
  const properties = Object.entries(value).map(([key, inner]) => [key, typeOf(inner, [...path, key], expressions)])
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as JsonObject,
    required: Object.keys(value),
    additionalProperties: false,
  }
}

function mismatch(type: JsonSchema, schema: JsonSchema): string | undefined {
  if (type === true || schema === true) return undefined
  const kinds = kindsOf(type)
  if (kinds.length > 0 && !kinds.some((kind) => canBe(schema, kind)))
    return `it is ${typeWords(type)}, not ${typeWords(schema)}`
  if (kinds.every((kind) => kind === 'map')) return fieldMismatch(type, schema)
  return kinds.every((kind) => kind === 'list') ? itemMismatch(type, schema) : undefined
}

function itemMismatch(type: Exclude<JsonSchema, true>, schema: Exclude<JsonSchema, true>): string | undefined {
  if (schema.type !== 'array' || schema.prefixItems !== undefined || !isJsonObject(schema.items ?? null))
    return undefined
  const wanted = schema.items as JsonSchema
  const items = Array.isArray(type.prefixItems) ? type.prefixItems : [type.items ?? true]
  for (const [at, item] of items.entries()) {
    const problem = mismatch(item as JsonSchema, wanted)
    if (problem) return Array.isArray(type.prefixItems) ? `in item ${at} ${problem}` : `of its items, ${problem}`
  }
  return undefined
}

function fieldMismatch(type: Exclude<JsonSchema, true>, schema: Exclude<JsonSchema, true>): string | undefined {
  if (!isJsonObject(type.properties ?? null) || schema.type !== 'object') return undefined
  const found = type.properties as { readonly [name: string]: JsonSchema }
  const wanted = (schema.properties ?? {}) as { readonly [name: string]: JsonSchema }
  if (type.additionalProperties === false) {
    const missing = ((schema.required ?? []) as readonly string[]).find((name) => !Object.hasOwn(found, name))
    if (missing !== undefined) return `it has no field "${missing}"`
  }
  for (const [name, inner] of Object.entries(found)) {
    if (!Object.hasOwn(wanted, name)) {
      if (schema.additionalProperties === false && (type.required as readonly string[] | undefined)?.includes(name))
        return `it must not have the field "${name}"`
      continue
    }
    const problem = mismatch(inner, wanted[name] as JsonSchema)
    if (problem) return `in "${name}" ${problem}`
  }
  return undefined
}

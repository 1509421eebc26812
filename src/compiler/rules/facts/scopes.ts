/** What expressions may read at each place, with types: what is declared of inputs, variables, stages and the run. */
import { failureCategories } from '../../../foundation/errors.ts'
import type { StageType, TypeScope } from '../../../foundation/expression/types.ts'
import type { Json } from '../../../foundation/json.ts'
import type { JsonSchema } from '../../../foundation/plan.ts'
import type { Declarations } from '../../declarations.ts'
import type { Presence } from './presence.ts'
import type { Site, StartExtra } from './sites.ts'
import type { StageList } from './stage-list.ts'
import type { StageOrder } from './stage-order.ts'

/** Names of the language that have no value in the places of this release, with the reason. */
const elsewhere: Readonly<Record<string, string>> = {
  event: 'it exists only in the "match" of a wait or trigger',
  trigger: 'it exists only in the "with" of a trigger',
  iteration: 'it exists only inside a loop',
  item: 'it exists only inside a foreach',
  index: 'it exists only inside a foreach',
  output: 'it exists only in "set", where the stage has one',
  error: 'it exists only in the value of "on_error: { continue: … }"',
  'run.status': 'it exists only in "finally" and in handlers',
  'run.error': 'it exists only in "finally" and in handlers',
}

const text: JsonSchema = { type: 'string' }
const textOrNull: JsonSchema = { type: ['string', 'null'] }

const lastRun: JsonSchema = {
  anyOf: [
    {
      type: 'object',
      properties: { id: text, started_at: text, outputs: {} } as { [key: string]: Json },
      required: ['id', 'started_at', 'outputs'],
      additionalProperties: false,
    },
    { type: 'null' },
  ],
}

const runSchema: JsonSchema = {
  type: 'object',
  properties: { id: text, thread_id: text, pipeline: text, version: textOrNull, started_at: text, last: lastRun } as {
    [key: string]: Json
  },
  required: ['id', 'thread_id', 'pipeline', 'version', 'started_at', 'last'],
  additionalProperties: false,
}

const failureSchema: JsonSchema = {
  type: 'object',
  properties: {
    stage: text,
    category: { enum: [...failureCategories] },
    code: text,
    message: text,
    details: true,
    attempts: { type: 'integer' },
  },
  required: ['stage', 'category', 'code', 'message', 'attempts'],
  additionalProperties: false,
}

const eventSchema: JsonSchema = {
  type: 'object',
  properties: { id: text, event: text, at: text, data: true },
  required: ['id', 'event', 'at', 'data'],
  additionalProperties: false,
}

const triggerOf = (fields: { readonly [name: string]: Json }): JsonSchema => ({
  type: 'object',
  properties: fields,
  required: Object.keys(fields),
  additionalProperties: false,
})

const beforeTheRun = 'a trigger starts the run, so there is none yet'

const startScope = (names: TypeScope['names']): TypeScope => ({
  names,
  elsewhere: {
    ...elsewhere,
    ...Object.fromEntries('inputs vars stages env secrets run'.split(' ').map((name) => [name, beforeTheRun])),
  },
  stage: () => undefined,
  stageNames: () => [],
})

const startScopes: Readonly<Record<StartExtra, TypeScope>> = {
  starting_event: startScope({ event: eventSchema }),
  by_event: startScope({ trigger: triggerOf({ id: text, at: text, data: true }) }),
  by_pipeline: startScope({ trigger: triggerOf({ run: text, status: text, outputs: true }) }),
}

/** Undeclared names of these are told by rules of their own, so any name will do here. */
const openTexts: JsonSchema = { type: 'object', additionalProperties: { type: 'string' } }

/** Makes the scope of a site. The same object for the same place. */
export function createScopes(
  declared: Declarations,
  list: StageList,
  order: StageOrder,
  presence: Presence,
  resultOf: (stage: number) => JsonSchema,
): (site: Site) => TypeScope {
  const shared: Record<string, JsonSchema> = {
    inputs: closed(
      [...declared.inputs].map(([name, input]) => [
        name,
        input.required || input.default !== undefined ? input.schema : nullable(input.schema),
      ]),
    ),
    vars: closed(
      [...declared.vars].map(([name, { schema, default: preset }]) => [
        name,
        preset === undefined ? nullable(schema) : schema,
      ]),
    ),
    env: openTexts,
    secrets: openTexts,
    run: runSchema,
  }
  const known = new Map<string, TypeScope>()

  function typeOfStage(id: string, reader: number | undefined): StageType | 'not_upstream' | undefined {
    const index = list.indexOf(id)
    if (index === undefined) return undefined
    if (list.isAmbiguous(id)) return { output: true, maybeAbsent: false }
    const output = resultOf(index)
    if (reader === undefined) return { output, maybeAbsent: presence.whyAbsentAtEnd(index) !== undefined }
    if (order.isUncertain(reader)) return { output, maybeAbsent: false }
    if (!order.waitsFor(reader, index)) return 'not_upstream'
    return { output, maybeAbsent: presence.whyAbsent(index, reader) !== undefined }
  }

  function make(reader: number | undefined, extra: Site['extra']): TypeScope {
    return {
      names: namesWith(shared, extra, () => (reader === undefined ? true : resultOf(reader))),
      elsewhere,
      stage: (id) => typeOfStage(id, reader),
      stageNames: () => readable(list, order, reader),
    }
  }

  return ({ reader, extra }) => {
    if (extra in startScopes) return startScopes[extra as StartExtra]
    const key = `${reader ?? ''} ${extra}`
    const scope = known.get(key) ?? make(reader, extra)
    known.set(key, scope)
    return scope
  }
}

function namesWith(
  shared: Record<string, JsonSchema>,
  extra: Site['extra'],
  ownResult: () => JsonSchema,
): Record<string, JsonSchema> {
  if (extra === 'output') return { ...shared, output: ownResult() }
  if (extra === 'event') return { ...shared, event: eventSchema }
  return extra === 'error' ? { ...shared, error: failureSchema } : shared
}

function* readable(list: StageList, order: StageOrder, reader: number | undefined): Iterable<string> {
  for (const { id, index } of list.all) {
    const isNamed = !id.startsWith('#')
    if (isNamed && (reader === undefined || order.waitsFor(reader, index))) yield id
  }
}

const closed = (fields: readonly (readonly [string, JsonSchema])[]): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(fields) as { [key: string]: Json },
  required: fields.map(([name]) => name),
  additionalProperties: false,
})

const nullable = (schema: JsonSchema): JsonSchema =>
  schema === true ? true : { anyOf: [schema as Json, { type: 'null' }] }

/** What expressions may read at each place, with types: what is declared of inputs, variables, stages and the run. */
import { anyBodyFields, bodyFields, closedMap, orNull } from '../../../foundation/expression/body-types.ts'
import type { StageType, TypeScope } from '../../../foundation/expression/types.ts'
import type { Json } from '../../../foundation/json.ts'
import type { JsonSchema } from '../../../foundation/plan.ts'
import type { Declarations } from '../../declarations.ts'
import type { FactsOf } from './lists.ts'
import { createNames, elsewhere, stageFailure } from './names.ts'
import type { Results } from './results.ts'
import { lookAt, readable, undoneBy } from './sight.ts'
import type { Site, StartExtra, View } from './sites.ts'

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
export function createScopes(declared: Declarations, factsOf: FactsOf, results: Results): (site: Site) => TypeScope {
  const { tree } = declared
  const shared = sharedNames(declared)
  const namesIn = createNames(shared, results)
  const known = new Map<string, TypeScope>()
  const numbers = new Map<unknown, number>([[undefined, 0]])
  const numberOf = (part: unknown): number => {
    const number = numbers.get(part) ?? numbers.size
    numbers.set(part, number)
    return number
  }

  function typeOfStage(id: string, view: View): StageType | 'not_upstream' | undefined {
    const stage = tree.find(id)
    if (!stage) return undefined
    if (tree.isAmbiguous(id)) return { output: true, maybeAbsent: false, fields: anyBodyFields }
    const seen = lookAt(stage, view, factsOf)
    if (seen === 'out_of_sight') return 'not_upstream'
    const maybeAbsent = seen !== 'present' && seen !== 'uncertain'
    const fields = stage.kind ? bodyFields(stage.kind.body?.kind, maybeAbsent) : anyBodyFields
    return { output: results.of(stage), maybeAbsent, fields }
  }

  function make(view: View, extra: Site['extra']): TypeScope {
    const { names, elsewhere } = namesIn(view.names)
    const { reader } = view
    const undone = undoneBy(view)
    return {
      names: namesWith(names, extra, () => (reader ? results.of(reader) : true)),
      ...(undone?.undo?.spec.also_on_failure === true && { maybeNull: { output: undone.id } }),
      elsewhere,
      stage: (id) => typeOfStage(id, view),
      stageNames: () => readable(view, factsOf),
    }
  }

  return ({ view, extra }) => {
    if (extra in startScopes) return startScopes[extra as StartExtra]
    const { reader, end, names } = view
    const key = `${numberOf(reader)} ${numberOf(end)} ${numberOf(names)} ${extra}`
    const scope = known.get(key) ?? make(view, extra)
    known.set(key, scope)
    return scope
  }
}

function sharedNames({ inputs, vars }: Declarations): Record<string, JsonSchema> {
  return {
    inputs: closedMap(
      [...inputs].map(([name, input]) => [
        name,
        input.required || input.default !== undefined ? input.schema : orNull(input.schema),
      ]),
    ),
    vars: closedMap(
      [...vars].map(([name, { schema, default: preset }]) => [name, preset === undefined ? orNull(schema) : schema]),
    ),
    env: openTexts,
    secrets: openTexts,
    run: runSchema,
  }
}

function namesWith(
  names: Record<string, JsonSchema>,
  extra: Site['extra'],
  ownResult: () => JsonSchema,
): Record<string, JsonSchema> {
  if (extra === 'output') return { ...names, output: ownResult() }
  if (extra === 'event') return { ...names, event: eventSchema }
  return extra === 'error' ? { ...names, error: stageFailure } : names
}

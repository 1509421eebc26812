/** Pipelines made from nothing: declarations, and stages whose expressions read what is declared. */

import { anyKind, Kind } from '../../src/foundation/expression/values.ts'
import type { Json, JsonObject } from '../../src/foundation/json.ts'
import { joinNames, mergeNames } from '../../src/foundation/plan.ts'
import { type Atoms, randomExpression } from './expressions.ts'
import { pick, type Random, upTo } from './random.ts'
import { randomSchema, randomTypes, randomValue } from './schemas.ts'

/** Inputs and variables with the types that the expressions hope for. */
const inputs: readonly (readonly [string, Json])[] = [
  ['n', 'number'],
  ['s', { type: 'string', default: 'a' }],
  ['list', 'string[]'],
  ['map', { k: 'number', 'deep?': { k: 'string?' } }],
  ['none?', 'string'],
]
const variables: readonly (readonly [string, JsonObject])[] = [
  ['x', { type: 'number', merge: 'sum', default: 0 }],
  ['items', { type: 'array', merge: 'append', default: [] }],
]
const ids = ['a', 'b', 'c', 'd', 'e'] as const

/** Half of them sound: declarations that fit, and expressions that read what they may read. */
export function randomPipeline(random: Random): Json {
  const stages = ids.slice(0, 1 + upTo(random, ids.length))
  const care = random() < 0.7 ? 1 : 0.7
  const mostly = <T>(usual: T, make: () => T): T => (random() < care ? usual : make())
  const write = createWriter(random)
  return {
    name: 'random',
    inputs: Object.fromEntries(inputs.map(([name, usual]) => [name, mostly(usual, () => randomSchema(random, 2))])),
    types: mostly({ Line: { k: 'number' } }, () => randomTypes(random)),
    vars: Object.fromEntries(variables.map(([name, usual]) => [name, mostly(usual, () => randomVariable(random))])),
    env: ['HOME', { LOCALE: 'en' }],
    secrets: ['KEY'],
    stages: stages.map((id, index) => randomStage(random, id, stages.slice(0, index), write)),
    outputs: { last: write(anyKind, stages), ...(random() < 0.3 && { all: { deep: [write(textKinds, stages)] } }) },
  }
}

/** Writes a value of a kind that may read these stages. */
type Writer = (want: number, readable: readonly string[]) => string

const textKinds = Kind.text | Kind.number

function createWriter(random: Random): Writer {
  return (want, readable) => {
    const made = `\${{ ${expression(random, readable, want)} }}`
    return want === textKinds && random() < 0.5 ? `It is ${made}, or ${made}.` : made
  }
}

const randomVariable = (random: Random): JsonObject => ({
  ...(random() < 0.8 && {
    type: random() < 0.5 ? pick(random, ['number', 'string[]', 'string']) : randomSchema(random, 2),
  }),
  ...(random() < 0.7 && { merge: pick(random, mergeNames) }),
  ...(random() < 0.4 && { default: randomValue(random, 1) }),
})

/** `outer` are stages that can be read but not needed. */
function randomStage(
  random: Random,
  id: string,
  above: readonly string[],
  write: Writer,
  outer: readonly string[] = [],
): JsonObject {
  const beside = above.filter((each) => !outer.includes(each))
  const needs = random() < 0.5 ? beside.filter(() => random() < 0.6) : undefined
  const readable = needs ? [...outer, ...needs] : above
  const own = [...readable, 'output']
  return {
    id,
    ...(needs && { needs: needs.map((stage) => (random() < 0.9 ? stage : { stage, status: ['failed'] })) }),
    ...(random() < 0.2 && { join: pick(random, joinNames) }),
    ...(random() < 0.3 && { if: expression(random, readable, Kind.boolean) }),
    ...(random() < 0.2 && { on_error: random() < 0.5 ? 'continue' : { continue: write(anyKind, readable) } }),
    ...(random() < 0.2 && { output: random() < 0.5 ? 'any' : randomSchema(random, 2) }),
    ...(random() < 0.3 && { set: random() < 0.5 ? { x: write(Kind.number, own) } : { items: write(Kind.list, own) } }),
    ...(random() < 0.2 && { timeout: pick(random, ['30s', { total: '1m', idle: '5s' }, '${{ inputs.s }}']) }),
    ...(random() < 0.1 && { retry: { attempts: 2, delay: '1s', on: ['network'] } }),
    ...(random() < 0.1 && { cache: { key: write(textKinds, readable), ttl: '1h' } }),
    ...(random() < 0.25 && id.length < 6
      ? bodyOf(random, id, readable, write)
      : kindOf(random, (want) => write(want, readable), expression(random, readable, Kind.boolean))),
  }
}

/** A kind with stages inside, which read what the stage reads, and each other. */
function bodyOf(random: Random, id: string, above: readonly string[], write: Writer): JsonObject {
  const list = (name: string): { readonly ids: readonly string[]; readonly stages: readonly Json[] } => {
    const inside = ['x', 'y', 'z'].slice(0, 1 + upTo(random, 3)).map((each) => `${id}_${name}${each}`)
    const readable = (at: number) => [...above, ...inside.slice(0, at)]
    return { ids: inside, stages: inside.map((each, at) => randomStage(random, each, readable(at), write, above)) }
  }
  const condition = () => expression(random, above, Kind.boolean)
  switch (upTo(random, 4)) {
    case 0: {
      const { ids, stages } = list('f')
      const result = random() < 0.3 && { result: [write(anyKind, [...above, ...ids]), '${{ index }}'] }
      return { foreach: write(Kind.list, above), as: `${id}_item`, concurrency: 2, ...result, stages }
    }
    case 1: {
      const { ids, stages } = list('l')
      const until = expression(random, [...above, ...ids], Kind.boolean)
      return { loop: { ...(random() < 0.5 ? { until } : { while: condition() }), max: 2, keep: 1 }, stages }
    }
    case 2: {
      const cases = [{ when: condition(), stages: list('a').stages }]
      return { switch: random() < 0.5 ? cases : [...cases, { else: list('b').stages }] }
    }
    default:
      return { parallel: { left: list('p').stages, right: list('q').stages }, fail_fast: random() < 0.5 }
  }
}

function kindOf(random: Random, some: (want: number) => string, condition: string): JsonObject {
  const text = () => some(textKinds)
  switch (upTo(random, 8)) {
    case 0:
      return { assert: [{ that: condition, message: text() }] }
    case 1:
      return { run: ['echo', text()], env: { A: text() }, stdin: text() }
    case 2:
      return { http: { url: text(), method: 'POST', json: { a: text() }, headers: { X: '${{ secrets.KEY }}' } } }
    case 3:
      return pick(random, [
        { uses: 'core/log', with: { message: text() } },
        { uses: 'fs/read', with: { path: text() } },
        { uses: 'fs/write', with: { path: text(), content: text() } },
        { uses: 'fs/glob', with: { pattern: text(), path: text() } },
      ])
    case 4:
      return { llm: { model: 'openai:gpt-5-mini', prompt: text(), temperature: 0 } }
    default:
      return { transform: random() < 0.6 ? some(anyKind) : { a: some(anyKind), b: [text(), { c: 1 }] } }
  }
}

const names = (above: readonly string[]): Atoms => [
  [Kind.number, 'inputs.n'],
  [Kind.text, 'inputs.s'],
  [Kind.list, 'inputs.list'],
  [Kind.map, 'inputs.map'],
  [anyKind, 'inputs.none'],
  [Kind.number, 'vars.x'],
  [Kind.list, 'vars.items'],
  [Kind.text, 'env.LOCALE'],
  [Kind.text, 'run.id'],
  ...above.flatMap(
    (id): Atoms =>
      id === 'output'
        ? [[anyKind, id]]
        : [
            [anyKind, `coalesce(stages.${id}.?output, 1)`],
            [Kind.text, `stages.${id}.status`],
          ],
  ),
]

const expression = (random: Random, above: readonly string[], want: number): string =>
  randomExpression(random, names(above), upTo(random, 4), want, 0.05)

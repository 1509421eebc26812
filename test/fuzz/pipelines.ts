/** Pipelines made from nothing: declarations, and stages whose expressions read what is declared. */
import type { Json, JsonObject } from '../../src/foundation/json.ts'
import { joinNames, mergeNames } from '../../src/foundation/plan.ts'
import { randomExpression } from './expressions.ts'
import { pick, type Random, upTo } from './random.ts'
import { randomSchema, randomTypes, randomValue } from './schemas.ts'

const inputNames = ['n', 's', 'list', 'map', 'none?'] as const
const ids = ['a', 'b', 'c', 'd', 'e'] as const

/** Mostly sound; two of three fail at some expression. */
export function randomPipeline(random: Random): Json {
  const stages = ids.slice(0, 1 + upTo(random, ids.length))
  const inputs = inputNames.slice(0, upTo(random, inputNames.length + 1))
  return {
    name: 'random',
    inputs: Object.fromEntries(inputs.map((name) => [name, randomInput(random)])),
    types: randomTypes(random),
    vars: { x: randomVariable(random), items: randomVariable(random) },
    env: ['HOME', { LOCALE: 'en' }],
    secrets: ['KEY'],
    stages: stages.map((id, index) => randomStage(random, id, stages.slice(0, index))),
    outputs: { last: value(random, stages), ...(random() < 0.3 && { all: { deep: [value(random, stages)] } }) },
  }
}

function randomInput(random: Random): Json {
  if (random() < 0.6) return pick(random, ['number', 'string', 'integer', 'string[]', 'any', 'boolean'])
  return random() < 0.7 ? randomSchema(random, 2) : { type: 'string', default: randomValue(random, 1) }
}

const randomVariable = (random: Random): JsonObject => ({
  ...(random() < 0.8 && {
    type: random() < 0.5 ? pick(random, ['number', 'string[]', 'string']) : randomSchema(random, 2),
  }),
  ...(random() < 0.7 && { merge: pick(random, mergeNames) }),
  ...(random() < 0.4 && { default: randomValue(random, 1) }),
})

function randomStage(random: Random, id: string, above: readonly string[]): JsonObject {
  const needs = above.filter(() => random() < 0.5)
  return {
    id,
    ...(random() < 0.5 && { needs: needs.map((stage) => (random() < 0.8 ? stage : { stage, status: ['failed'] })) }),
    ...(random() < 0.2 && { join: pick(random, joinNames) }),
    ...(random() < 0.3 && { if: expression(random, above) }),
    ...(random() < 0.2 && { on_error: random() < 0.5 ? 'continue' : { continue: value(random, above) } }),
    ...(random() < 0.3 && { output: randomSchema(random, 2) }),
    ...(random() < 0.3 && { set: { [pick(random, ['x', 'items'])]: value(random, [...above, 'output']) } }),
    ...(random() < 0.2 && { timeout: pick(random, ['30s', { total: '1m', idle: '5s' }, '${{ inputs.s }}']) }),
    ...(random() < 0.1 && { retry: { attempts: 2, delay: '1s', on: ['network'] } }),
    ...(random() < 0.1 && { cache: { key: value(random, above), ttl: '1h' } }),
    ...kindOf(random, above),
  }
}

function kindOf(random: Random, above: readonly string[]): JsonObject {
  const some = () => value(random, above)
  switch (upTo(random, 8)) {
    case 0:
      return { assert: [{ that: expression(random, above), message: some() }] }
    case 1:
      return { run: ['echo', some()], env: { A: some() }, stdin: some() }
    case 2:
      return { http: { url: some(), method: 'POST', json: { a: some() }, headers: { X: '${{ secrets.KEY }}' } } }
    case 3:
      return {
        uses: pick(random, ['core/log', 'core/fail', 'fs/read', 'fs/write', 'fs/glob']),
        with: { message: some(), path: some() },
      }
    case 4:
      return { llm: { model: 'openai:gpt-5-mini', prompt: some(), temperature: 0 } }
    default:
      return { transform: random() < 0.6 ? some() : { a: some(), b: [some(), { c: 1 }] } }
  }
}

const names = (above: readonly string[]): readonly string[] => [
  ...inputNames.map((name) => `inputs.${name.replace('?', '')}`),
  'vars.x',
  'vars.items',
  'env.LOCALE',
  'run.id',
  ...above.flatMap((id) =>
    id === 'output' ? [id] : [`stages.${id}.output`, `stages.${id}.?output`, `stages.${id}.status`],
  ),
]

const expression = (random: Random, above: readonly string[]): string =>
  randomExpression(random, names(above), upTo(random, 4))

function value(random: Random, above: readonly string[]): string {
  const made = `\${{ ${expression(random, above)} }}`
  return random() < 0.7 ? made : `It is ${made}, or ${made}.`
}

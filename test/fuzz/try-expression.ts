/** Checks, evaluates and rewrites one random expression; what the checker promises has to hold for the value. */
import { canonicalExpression } from '../../src/foundation/expression/canonical.ts'
import { createChecker } from '../../src/foundation/expression/check.ts'
import { createEvaluator } from '../../src/foundation/expression/evaluate.ts'
import { compileTemplate, splitTemplate } from '../../src/foundation/expression/template.ts'
import { ExpressionError, type TypeScope } from '../../src/foundation/expression/types.ts'
import { assertJson, deepFreeze, type Json, jsonEqual } from '../../src/foundation/json.ts'
import type { JsonSchema } from '../../src/foundation/plan.ts'
import { createSchemaReader } from '../../src/foundation/schema/normalize.ts'
import { createValidators } from '../../src/foundation/schema.ts'
import { randomExpression, spoil } from './expressions.ts'
import { pick, type Random } from './random.ts'
import { fittingValue, randomSchema, randomTypes } from './schemas.ts'

export interface ExpressionTools {
  readonly evaluator: ReturnType<typeof createEvaluator>
  readonly checker: ReturnType<typeof createChecker>
  readonly validators: ReturnType<typeof createValidators>
}

export const createExpressionTools = (): ExpressionTools => ({
  evaluator: createEvaluator(),
  checker: createChecker(),
  validators: createValidators(),
})

interface Names {
  readonly values: Readonly<Record<string, Json>>
  readonly types: TypeScope
}

/** Throws, with the expression, when anything comes back but JSON of the promised type or an ExpressionError. */
export function tryExpression(random: Random, tools: ExpressionTools): void {
  const source = randomExpression(random)
  const names = randomNames(random)
  try {
    const found = outcome(() =>
      tools.evaluator.expression(source, { names: names.values, nowMs: 0, types: names.types }),
    )
    checkPromise(source, names, found, tools)
    checkCanonical(source, names, found, tools)
    checkTemplate(random, source, names, tools)
  } catch (cause) {
    const values = JSON.stringify(names.values)
    throw new Error(`this expression broke something: ${JSON.stringify(source)} with ${values}`, { cause })
  }
}

/** JSON, or the ExpressionError; anything else is thrown on. */
function outcome(work: () => Json): Json | ExpressionError {
  try {
    const value = work()
    assertJson(value)
    return value
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
}

function checkPromise(source: string, { types, values }: Names, found: Json | ExpressionError, tools: ExpressionTools) {
  const { faults, type } = tools.checker.check(source, types)
  assertJson(type)
  for (const { start, end, message } of faults) {
    if (!(start >= 0 && start <= end && end <= source.length)) throw new Error(`a bad place: ${start} to ${end}`)
    if (/undefined|\[object /.test(message)) throw new Error(`a bad message: ${message}`)
  }
  if (faults.length > 0 || found instanceof ExpressionError) return
  const [problem] = tools.validators.validate(type, found)
  if (problem) {
    const told = JSON.stringify({ type, found, problem, values })
    throw new Error(`the checker promised another type: ${told}`)
  }
}

function checkCanonical(source: string, names: Names, found: Json | ExpressionError, { evaluator }: ExpressionTools) {
  const canonical = canonicalExpression(source)
  if (canonicalExpression(canonical) !== canonical) throw new Error(`not canonical: ${canonical}`)
  const again = outcome(() => evaluator.expression(canonical, { names: names.values, nowMs: 0, types: names.types }))
  if (found instanceof ExpressionError || again instanceof ExpressionError) {
    const both = found instanceof ExpressionError && again instanceof ExpressionError
    if (!both) throw new Error(`the canonical form differs: ${canonical}`)
  } else if (!jsonEqual(found, again)) throw new Error(`the canonical form differs: ${canonical}`)
}

function checkTemplate(random: Random, source: string, { values }: Names, { evaluator }: ExpressionTools): void {
  const whole = pick(random, [`\${{ ${source} }}`, `a \${{ ${source} }}b\${{${source}}}`, `$\${{ \${{ ${source} }}`])
  const text = random() < 0.3 ? spoil(random, whole) : whole
  for (const { start, end } of splitTemplate(text).faults) {
    if (!(start >= 0 && start <= end && end <= text.length)) throw new Error(`a bad place in a template: ${text}`)
  }
  outcome(() => evaluator.template(compileTemplate({ text, list: [text] }), { names: values, nowMs: 0 }))
}

/** Names with values that fit their types: always the same ones, or random ones. */
function randomNames(random: Random): Names {
  if (random() < 0.5) return fixed
  const { read } = createSchemaReader(randomTypes(random))
  const schemas = { inputs: fieldsOf(random), vars: { x: randomSchema(random, 2), items: randomSchema(random, 2) } }
  const validators = createValidators()
  const entries = Object.entries(schemas).map(([name, written]) => {
    const schema = read(written).schema
    const value = fittingValue(random, schema as Json)
    return validators.validate(schema, value).length === 0
      ? ([name, schema, value] as const)
      : ([name, true, value] as const)
  })
  return namesOf(entries)
}

function fieldsOf(random: Random): Json {
  const schema = () => randomSchema(random, 2)
  return { n: 'number', 's?': 'string', list: schema(), map: schema(), 'none?': schema() }
}

function namesOf(entries: readonly (readonly [string, JsonSchema, Json])[]): Names {
  const values = Object.fromEntries(entries.map(([name, , value]) => [name, value]))
  const schemas = Object.fromEntries(entries.map(([name, schema]) => [name, schema]))
  return {
    values: deepFreeze({ ...values, stages }),
    types: {
      names: { ...schemas, stages: true },
      elsewhere: { output: 'it exists only in set:' },
      stage: (id) =>
        id === 'a' ? { output: outputSchema, maybeAbsent: false } : id === 'b' ? 'not_upstream' : undefined,
      stageNames: () => ['a'],
    },
  }
}

const stages: Json = { a: { output: { deep: [1, { x: 2 }] }, status: 'succeeded' } }
const outputSchema: JsonSchema = { type: 'object', required: ['deep'], properties: { deep: { type: 'array' } } }

const fixed = namesOf([
  ['inputs', true, { n: 4, s: 'text', list: [3, 1, 2], map: { k: 'v' }, none: null }],
  ['vars', true, { x: 1, items: ['b', 'a'] }],
  ['env', { type: 'object', properties: { HOME: { type: 'string' } } }, { HOME: '/' }],
  ['run', true, { id: 'r' }],
])

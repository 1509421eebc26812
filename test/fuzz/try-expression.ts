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
import { randomExpression, scopeAtoms, spoil } from './expressions.ts'
import { pick, type Random, upTo } from './random.ts'
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
  const source = randomExpression(random, scopeAtoms, 1 + upTo(random, 4))
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
  if (random() < 0.4) return fixed
  const { read } = createSchemaReader(randomTypes(random))
  const { validate } = createValidators()
  const field = (usual: readonly Declared[]): Declared => {
    if (random() < 0.5) return pick(random, usual)
    const { schema } = read(randomSchema(random, 2))
    const value = fittingValue(random, schema as Json)
    return validate(schema, value).length === 0 ? [schema, value] : [true, value]
  }
  return namesOf([
    [
      'inputs',
      ...mapOf({ n: field(numbers), s: field(texts), list: field(lists), map: field(maps), 'none?': field(texts) }),
    ],
    ['vars', ...mapOf({ x: field(numbers), items: field(lists) })],
    ['env', ...mapOf({ 'HOME?': field(texts) })],
    ['run', ...mapOf({ id: field(texts) })],
  ])
}

type Declared = readonly [schema: JsonSchema, value: Json]

/** A closed map; fields whose names end in `?` may be missing, and are. */
function mapOf(fields: Readonly<Record<string, Declared>>): Declared {
  const entries = Object.entries(fields)
  const needed = entries.filter(([name]) => !name.endsWith('?'))
  const properties = Object.fromEntries(entries.map(([name, [schema]]) => [name.replace('?', ''), schema as Json]))
  return [
    { type: 'object', properties, required: needed.map(([name]) => name), additionalProperties: false },
    Object.fromEntries(needed.map(([name, [, value]]) => [name, value])),
  ]
}

/** Schemas that say more than a type: what they say of a value is not true of what is made from it. */
const numbers: readonly Declared[] = [
  [{ type: 'integer', minimum: 2, maximum: 4 }, 3],
  [{ enum: [1, 2.5] }, 2.5],
  [{ type: 'number', multipleOf: 0.5 }, -1.5],
  [{ type: ['integer', 'null'] }, null],
  [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, 4],
]
const texts: readonly Declared[] = [
  [{ enum: ['abc', 'd,e'] }, 'd,e'],
  [{ type: 'string', pattern: '^[a-z]+$', minLength: 3 }, 'abc'],
  [{ type: 'string', format: 'date' }, '2026-01-31'],
  [{ type: ['string', 'null'] }, null],
  [{ const: 'x' }, 'x'],
]
const lists: readonly Declared[] = [
  [{ type: 'array', minItems: 3, items: { type: 'integer' } }, [3, 1, 3]],
  [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: { not: {} } }, ['a', 1]],
  [{ type: 'array', uniqueItems: true, items: { enum: ['b', 'a'] } }, ['b', 'a']],
  [{ enum: [[1, 2], [[3]]] }, [1, 2]],
  [{ type: ['array', 'string'], maxItems: 2, items: { type: ['number', 'null'] } }, [2, null]],
  [{ type: 'array', contains: { const: 2 }, items: { anyOf: [{ type: 'integer' }, { type: 'array' }] } }, [[1], 2]],
]
const maps: readonly Declared[] = [
  [
    { type: 'object', properties: { k: { enum: [1] }, deep: { type: 'string' } }, required: ['k'] },
    { k: 1, z: [] },
  ],
  [
    { type: 'object', minProperties: 2, additionalProperties: { type: 'integer' } },
    { k: 1, a: 2 },
  ],
  [{ type: 'object', patternProperties: { '^k': { type: 'integer' } }, additionalProperties: false }, { k: 1 }],
  [{ anyOf: [{ type: 'object', properties: { k: { type: 'string' } } }, { type: 'integer' }] }, { k: 'v' }],
  [{ allOf: [{ type: 'object', required: ['k'] }, { properties: { k: { type: 'number' } } }] }, { k: 2.5 }],
  [{ oneOf: [{ type: 'object', properties: { k: { const: 1 } } }, { type: 'null' }] }, { k: 1 }],
]

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

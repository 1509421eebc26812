import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalExpression } from '../../../src/foundation/expression/canonical.ts'
import { createChecker } from '../../../src/foundation/expression/check.ts'
import { createEvaluator } from '../../../src/foundation/expression/evaluate.ts'
import { functionDocs } from '../../../src/foundation/expression/functions.ts'
import { splitTemplate } from '../../../src/foundation/expression/template.ts'
import { ExpressionError } from '../../../src/foundation/expression/types.ts'
import { assertJson, deepFreeze, type Json, jsonEqual } from '../../../src/foundation/json.ts'
import { typeScope } from './support.ts'

const runs = 500
const seeds = [20_260_101, Math.floor(Math.random() * 2 ** 31)]
console.log(`expressions: random seed ${seeds[1]}`)

const names = deepFreeze({
  inputs: { topic: 'tea', depth: 3, publish: true, note: null, channel: 'blog' },
  vars: { sources: [{ url: 'u', score: 0.5 }], spend: 1, any: [1, 'a', null, { a: [{}] }] },
  env: { HOME: '/' },
  run: { id: 'r' },
  stages: { plan: { output: { questions: ['q'], level: 1 }, status: 'succeeded' }, stats: { output: null } },
})

const leaves = fc.constantFrom(
  '1',
  '0',
  '2.5',
  '1e300',
  '"a"',
  '"é😀"',
  "r'\\d'",
  'true',
  'null',
  '[]',
  '{}',
  'b"x"',
  '9007199254740993',
  'inputs',
  'inputs.topic',
  'inputs.depth',
  'inputs.?note',
  'vars.sources',
  'vars.any',
  'vars.any[3].a',
  'stages.plan.output',
  'stages.stats.output.?rows',
  'stages.nope',
  'x',
  'now()',
  'dur("1h")',
  'run.id',
  'constructor',
  '"__proto__"',
  '"2026-01-01"',
)
const calls = [...new Set(functionDocs.map(({ name }) => name))]
const operators = ['+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', 'in']

/** Expressions that are mostly well formed. */
const expressions = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaves,
    fc.tuple(tie('node'), fc.constantFrom(...operators), tie('node')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie('node'), tie('node'), tie('node')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc.tuple(fc.constantFrom('!', '-'), tie('node')).map(([op, a]) => `${op}(${a})`),
    fc
      .tuple(tie('node'), fc.constantFrom('.topic', '.?score', '[0]', '["a"]', '[?1]', '.constructor'))
      .map(([a, b]) => `(${a})${b}`),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a})[${b}]`),
    fc
      .tuple(fc.constantFrom(...calls), fc.array(tie('node'), { maxLength: 3 }))
      .map(([f, args]) => `${f}(${args.join(', ')})`),
    fc
      .tuple(tie('node'), fc.constantFrom(...calls), fc.array(tie('node'), { maxLength: 2 }))
      .map(([a, f, args]) => `(${a}).${f}(${args.join(', ')})`),
    fc
      .tuple(tie('node'), fc.constantFrom('map', 'filter', 'all', 'exists', 'exists_one', 'optMap'), tie('node'))
      .map(([a, m, b]) => `(${a}).${m}(x, ${b})`),
    fc
      .tuple(fc.constantFrom('sort_by', 'group_by', 'index_by'), tie('node'), tie('node'))
      .map(([f, a, b]) => `${f}(${a}, x, ${b})`),
    fc.array(tie('node'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.tuple(tie('node'), tie('node')).map(([k, v]) => `{${k}: ${v}}`),
  ),
})).node

/** Sequences of tokens without any sense. */
const rubbish = fc
  .array(fc.oneof(leaves, fc.constantFrom(...'()[]{}.,:?!+-*/%<>=&|"\'`\\ \n'), fc.constantFrom(...operators)), {
    maxLength: 20,
  })
  .map((tokens) => tokens.join(''))
const anything = fc.oneof(
  { weight: 4, arbitrary: expressions },
  { weight: 1, arbitrary: rubbish },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)

const evaluator = createEvaluator()
const checker = createChecker()

/** The value as JSON, or the error. Anything but an ExpressionError is thrown on. */
function outcome(source: string): Json | ExpressionError {
  try {
    return evaluator.expression(source, { names, nowMs: 0 })
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
}

describe.each(seeds)('random expressions, seed %i', (seed) => {
  const always = (arbitrary: fc.Arbitrary<string>, holds: (source: string) => void) =>
    fc.assert(fc.property(arbitrary, holds), { numRuns: runs, seed })

  it('never hang, and throw nothing but ExpressionError; results are strict JSON', () => {
    always(anything, (source) => {
      const found = outcome(source)
      if (!(found instanceof ExpressionError)) assertJson(found)
      else expect(found.message).not.toMatch(/undefined|\[object|NaN|must be called with|is not a function/)
    })
  })

  it('are checked without throwing, with places inside the source', () => {
    always(anything, (source) => {
      for (const { start, end, message } of checker.check(source, typeScope).faults) {
        expect(start).toBeGreaterThanOrEqual(0)
        expect(end).toBeGreaterThanOrEqual(start)
        expect(end).toBeLessThanOrEqual(source.length)
        expect(message).not.toMatch(/undefined|\[object|NaN/)
      }
    })
  })

  it('fail for no unknown name or function when the checker finds no fault', () => {
    always(expressions, (source) => {
      const found = outcome(source)
      if (found instanceof ExpressionError && checker.check(source, typeScope).faults.length === 0) {
        expect(found.message).not.toMatch(/There is no (function|"(?!raw))|^Write /)
      }
    })
  })

  it('mean the same in canonical form, which is its own', () => {
    always(expressions, (source) => {
      const canonical = canonicalExpression(source)
      expect(canonicalExpression(canonical)).toBe(canonical)
      const [before, after] = [outcome(source), outcome(canonical)]
      if (before instanceof ExpressionError) expect(after).toMatchObject({ code: before.code })
      else expect(!(after instanceof ExpressionError) && jsonEqual(before, after)).toBe(true)
    })
  })

  it('end where they end inside a text', () => {
    always(expressions, (source) => {
      const { parts, faults } = splitTemplate(`before \${{ ${source} }} after`)
      expect(faults).toEqual([])
      expect(parts).toEqual(['before ', expect.objectContaining({ source }), ' after'])
    })
  })
})

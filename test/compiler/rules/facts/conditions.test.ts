/** What the texts of two conditions show is held against what they evaluate to, for every value they can read. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createConditions } from '../../../../src/compiler/rules/facts/conditions.ts'
import { createEvaluator } from '../../../../src/foundation/expression/evaluate.ts'

const leaf = fc.constantFrom(
  'inputs.p',
  'inputs.q',
  'inputs.n > 1',
  'inputs.n <= 1',
  'inputs.n == 1',
  'inputs.n != 1',
  'inputs.n == 1.0',
  "inputs.s == 'a'",
  'inputs.s == "a"',
  'inputs.s != "b"',
  'inputs.s == "a && b"',
  'inputs.p == inputs.q',
  'inputs.p != inputs.q',
  'inputs.n in [1, 2]',
  '[1, 2].exists(x, x == inputs.n)',
  '[1, 2].exists(x, x != inputs.n)',
)

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    tie('condition').map((a) => `!(${a})`),
    leaf.filter((a) => !/ /.test(a)).map((a) => `!${a}`),
    tie('condition').map((a) => `(${a})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `${a} && ${b}`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `${a} || ${b}`),
    fc.tuple(leaf, tie('condition'), leaf).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
  ),
}))

const scopes = [true, false].flatMap((p) =>
  [true, false].flatMap((q) =>
    [0, 1, 2].flatMap((n) => ['a', 'b', 'a && b'].map((s) => ({ names: { inputs: { p, q, n, s } }, nowMs: 0 }))),
  ),
)

describe('what is said of two conditions', () => {
  it('is true of every value that they can read', () => {
    const evaluator = createEvaluator()
    const truths = (text: string) => scopes.map((scope) => evaluator.condition(text, scope))
    const counts = { excludes: 0, implies: 0 }
    fc.assert(
      fc.property(condition, condition, (a, b) => {
        const conditions = createConditions()
        const [ofA, ofB] = [truths(a), truths(b)]
        if (conditions.excludes(a, b)) {
          counts.excludes++
          expect(
            ofA.some((isTrue, at) => isTrue && ofB[at]),
            `${a}  excludes  ${b}`,
          ).toBe(false)
        }
        if (conditions.implies(a, b)) {
          counts.implies++
          expect(
            ofA.every((isTrue, at) => !isTrue || ofB[at]),
            `${a}  implies  ${b}`,
          ).toBe(true)
        }
      }),
      { numRuns: 5_000 },
    )
    expect(Math.min(counts.excludes, counts.implies), JSON.stringify(counts)).toBeGreaterThan(50)
  })

  it.each([
    ['inputs.p', '!inputs.p'],
    ['(inputs.p)', '!inputs.p'],
    ['inputs.p && inputs.q', '!(inputs.p) && inputs.q'],
    ['inputs.s == "a"', "inputs.s == 'b'"],
    ['inputs.n > 1', 'inputs.n <= 1'],
    ['inputs.p || inputs.q', '!(inputs.p || inputs.q)'],
  ])('is that they exclude each other: %s, %s', (a, b) => {
    expect(createConditions().excludes(a, b)).toBe(true)
    expect(createConditions().excludes(b, a)).toBe(true)
  })

  it.each([
    ['inputs.p || inputs.q', '!inputs.p || inputs.q'],
    ['inputs.p == inputs.q || inputs.r', 'inputs.p != inputs.q || inputs.r'],
    ['inputs.l.exists(x, x == 1)', 'inputs.l.exists(x, x != 1)'],
    ['inputs.p ? true : inputs.q', '!inputs.p ? true : inputs.q'],
    ['inputs.s == "a"', "inputs.s == 'a'"],
    ['vars.n == 1', 'vars.n != 1'],
    ['now() > time(inputs.t)', 'now() <= time(inputs.t)'],
  ])('is not that they exclude each other: %s, %s', (a, b) => {
    expect(createConditions().excludes(a, b)).toBe(false)
  })

  it('is nothing where there is no condition, and no exception where one cannot be read', () => {
    const conditions = createConditions()
    expect(conditions.implies(undefined, 'inputs.p')).toBe(false)
    expect(conditions.excludes('inputs.p', undefined)).toBe(false)
    const deep = ['(', '!', '['].flatMap((each) => [900, 50_000].map((times) => each.repeat(times)))
    for (const text of ['inputs.p &&', '"open', ')(', '!', '', '&&', '((', ...deep]) {
      expect(() => [conditions.excludes(text, `!${text}`), conditions.implies(text, text)]).not.toThrow()
    }
  })
})

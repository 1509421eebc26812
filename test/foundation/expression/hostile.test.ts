/** Expressions that try to hang, to exhaust memory, or to reach what is no data. Each must end, and quickly. */
import { describe, expect, it } from 'vitest'
import { createChecker } from '../../../src/foundation/expression/check.ts'
import { createEvaluator } from '../../../src/foundation/expression/evaluate.ts'
import { ExpressionError } from '../../../src/foundation/expression/types.ts'
import { deepFreeze, type Json } from '../../../src/foundation/json.ts'
import { typeScope } from './support.ts'

const evaluator = createEvaluator()
const names = deepFreeze({
  big: Array.from({ length: 100_000 }, (_, at) => at),
  maps: Array.from({ length: 20_000 }, (_, at) => ({ id: at, tags: ['x', 'y'] })),
  text: 'a'.repeat(1_000_000),
  x: {},
})

function codeOf(source: string): string {
  try {
    evaluator.expression(source, { names, nowMs: 0 })
    return 'no error'
  } catch (error) {
    if (error instanceof ExpressionError) return error.code
    throw error
  }
}

describe('a budget ends what would take for ever', () => {
  it.each([
    'big.map(a, big.map(b, a * b))',
    'big.all(a, big.exists(b, b == 99999))',
    'big.filter(a, big.filter(b, b > 3).size() > 5)',
    'big.map(a, a in big)',
    'big.exists(a, 1 / 0 > a)',
    'maps.filter(a, a in maps)',
    'unique(maps.map(m, {"a": m.id}))',
    'big.map(a, text.contains("b"))',
    'big.map(a, text.size())',
    'big.map(a, json(big))',
    'big.map(a, text.matches("(a|b|ab)*c"))',
    'text.matches("((a{0,30}){0,30})$")',
    'big.map(a, "x".matches("[ab]{500}c" + string(a)))',
    'big.map(a, format_date(now(), "yyyy", "Europe/Berlin")).map(a, format_date(now(), "yyyy", "Europe/Berlin"))',
  ])('%s', (source) => {
    expect(codeOf(source)).toBe('expression_limit')
  })

  it('leaves room for honest work over 100,000 items', () => {
    expect(evaluator.expression('sum(big.filter(n, n % 2 == 0))', { names, nowMs: 0 })).toBe(2_499_950_000)
    expect(evaluator.expression('sort_by(big, n, -n)[0]', { names, nowMs: 0 })).toBe(99_999)
  })
})

describe('nothing grows without bound', () => {
  it.each([
    'text + text',
    'text.replace("a", text)',
    'text.replace("", text)',
    'big.map(a, text + "b")',
    '[text, text].join()',
    'big.map(a, "x").join(text)',
    'text.split("")',
    'range(1000000)',
    'range(0, 1e300)',
    'big + big',
    'flatten(big.map(a, big))',
    'big.map(a, big)',
    'maps.map(a, maps)',
    'json(big.map(a, big))',
    'hash(big.map(a, big))',
    '[1, 2].map(a, [text, text, text, text]).map(l, l.join())',
  ])('%s', (source) => {
    expect(codeOf(source)).toBe('expression_limit')
  })
})

describe('large sources are refused, by the checker too', () => {
  it.each([
    ['5,000 parentheses', `${'('.repeat(5_000)}1${')'.repeat(5_000)}`],
    ['20,000 &&', Array(20_000).fill('x').join('&&')],
    ['2,001 &&', Array(2_001).fill('x').join('&&')],
    ['60,000 !', `${'!'.repeat(60_000)}true`],
    ['60,000 -', `${'-'.repeat(60_000)}1`],
    ['5,000 [', '['.repeat(5_000)],
    ['5,000 {', '{"a":'.repeat(5_000)],
    ['5,000 fields', `x${'.a'.repeat(5_000)}`],
    ['5,000 ternaries', `${'x ? 1 : '.repeat(5_000)}2`],
    ['2,000 items', `[${Array(2_001).fill('1').join(',')}]`],
    ['100,000 characters', `"${'a'.repeat(100_000)}"`],
    ['macros three deep', 'big.all(a, big.all(b, big.all(c, true)))'],
    ['cel.bind', 'cel.bind(a, text, a + a)'],
  ])('%s', (_, source) => {
    expect(codeOf(source)).toBe('expression_limit')
    expect(
      createChecker()
        .check(source, typeScope)
        .faults.map(({ code }) => code),
    ).toContain('expression_limit')
  })
})

describe('no expression reaches a prototype, a function or the host', () => {
  it.each([
    'constructor.constructor("return process")()',
    'constructor',
    '__proto__',
    'toString',
    'x.constructor',
    'x["constructor"]["constructor"]',
    'x.__proto__.polluted',
    'x["__proto__"]',
    'x.hasOwnProperty("a")',
    'x.toString()',
    '"".constructor',
    '"".length',
    '[].length',
    '[].push(1)',
    '[].constructor',
    'text.constructor.constructor',
    '{"__proto__": {"polluted": true}}',
    '{"constructor": 1}',
    'parse_json("{\\"__proto__\\": {\\"polluted\\": true}}")',
    'group_by(["__proto__"], x, x)',
    'index_by([{"k": "prototype"}], "k")',
    'now().constructor',
    'now().ms',
    'dur("1s").ms',
    'x.map(k, k).constructor',
    'process',
    'globalThis',
    'require("fs")',
    'import("fs")',
    'this',
    'eval("1")',
    'Function("1")()',
    'sort_by([{}], "__proto__")',
  ])('%s', (source) => {
    expect(codeOf(source)).toBe('expression_failed')
  })

  it('treats such names as absent where absence is allowed', () => {
    const at = (source: string): Json => evaluator.expression(source, { names, nowMs: 0 })
    expect(at('x.?constructor')).toBe(null)
    expect(at('x[?"__proto__"]')).toBe(null)
    expect(at('has(x.toString)')).toBe(false)
    expect(at('"constructor" in x')).toBe(false)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

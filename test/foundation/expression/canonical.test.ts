import { describe, expect, it } from 'vitest'
import { canonicalExpression } from '../../../src/foundation/expression/canonical.ts'
import { createEvaluator } from '../../../src/foundation/expression/evaluate.ts'

describe('the canonical form of an expression', () => {
  it.each([
    ['a+b', 'a + b'],
    ['  a ?  b:c ', 'a ? b : c'],
    ['{"a" :1,"b":x?y:z}', '{"a": 1, "b": x ? y : z}'],
    ['a--1', 'a - -1'],
    ['-a*-b', '-a * -b'],
    ['x  in[1,2]', 'x in [1, 2]'],
    ['!a&&-b<3', '!a && -b < 3'],
    ['a\n  . b // why\n  .?c [ ?0 ]', 'a.b.?c[?0]'],
    ['f( x,y )', 'f(x, y)'],
    ['1 .x', '1 .x'],
    ['r "x"', 'r "x"'],
    ['"a  //  b"', '"a  //  b"'],
    ['  "unclosed  ', '"unclosed'],
    [' \ufeffa ', '\ufeffa'],
  ])('%j → %j', (source, canonical) => {
    expect(canonicalExpression(source)).toBe(canonical)
    expect(canonicalExpression(canonical)).toBe(canonical)
  })

  it('keeps the meaning', () => {
    const { expression } = createEvaluator()
    const scope = { names: { a: 3, b: { c: [1, 2] }, t: true }, nowMs: 0 }
    for (const source of [
      'a--1',
      't?-a:a',
      '{"k":t?b.c[0]:2}.k',
      'b.c.map(x,x*-a)',
      '1-  -1 in[2]',
      '!t||a>=3&&!(a<3)',
    ]) {
      expect(expression(canonicalExpression(source), scope)).toEqual(expression(source, scope))
    }
  })
})

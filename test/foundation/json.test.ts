import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assertJson,
  canonicalJson,
  deepFreeze,
  digest,
  formatPath,
  jsonEqual,
  type NotJsonError,
} from '../../src/foundation/json.ts'

const refusal = (value: unknown): NotJsonError => {
  try {
    assertJson(value)
  } catch (error) {
    return error as NotJsonError
  }
  throw new Error('was accepted')
}

describe('what is JSON', () => {
  it.each([null, true, 0, -1.5, 'text', [], {}, [1, [2, { a: null }]], Object.create(null)])('%j is', (value) => {
    expect(() => assertJson(value)).not.toThrow()
  })

  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  it.each([
    ['undefined', undefined, [], 'undefined'],
    ['NaN', { a: Number.NaN }, ['a'], 'NaN'],
    ['Infinity', [1, Number.POSITIVE_INFINITY], [1], 'Infinity'],
    ['a BigInt', { a: [{ b: 1n }] }, ['a', 0, 'b'], 'a BigInt'],
    ['a function', { f: () => 1 }, ['f'], 'a function'],
    ['a Date', { at: new Date(0) }, ['at'], 'a Date instance'],
    ['a Map', new Map(), [], 'a Map instance'],
    ['a cycle', cycle, ['self'], 'a cycle'],
    [
      'a key that reaches a prototype',
      JSON.parse('{"a":{"__proto__":1}}'),
      ['a', '__proto__'],
      'a key that is not allowed',
    ],
    ['a symbol key', { [Symbol('s')]: 1 }, [], 'a symbol key'],
  ])('%s is not, and the path is named', (_name, value, path, found) => {
    expect(refusal(value)).toMatchObject({ path, found })
  })

  it('shared values are no cycle', () => {
    const shared = { a: 1 }
    expect(() => assertJson([shared, shared])).not.toThrow()
  })

  it('too deep is not', () => {
    let deep: unknown = 1
    for (let i = 0; i < 300; i++) deep = [deep]
    expect(refusal(deep).found).toBe('more than 200 levels')
  })
})

describe('canonical text', () => {
  it('does not depend on the order of keys, and tells different values apart', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const text = canonicalJson(a as never)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(a)))
        expect(text === canonicalJson(b as never)).toBe(
          jsonEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))),
        )
      }),
      { seed: 1, numRuns: 300 },
    )
    expect(digest({ a: 1, b: [2] })).toBe(digest({ b: [2], a: 1 }))
    expect(digest({ a: 1 })).not.toBe(digest({ a: '1' }))
  })
})

it('paths read as people write them', () => {
  expect(formatPath(['items', 3, 'first name', 'x'])).toBe('$.items[3]["first name"].x')
})

it('freezing reaches the bottom', () => {
  const value = deepFreeze({ a: [{ b: 1 }] })
  expect(() => {
    ;(value.a[0] as { b: number }).b = 2
  }).toThrow(TypeError)
})

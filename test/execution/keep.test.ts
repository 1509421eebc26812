/** What a stage returned is taken over as JSON would take it over, and shared once it is. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeeper } from '../../src/execution/keep.ts'
import type { NotJsonError } from '../../src/foundation/json.ts'

const roomy = 1_000_000

const isFrozenThroughout = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every(isFrozenThroughout))

function refusal(value: unknown, maxBytes = roomy): NotJsonError {
  try {
    createKeeper().keep(value, maxBytes)
  } catch (error) {
    return error as NotJsonError
  }
  throw new Error('was kept')
}

describe('a value that is kept', () => {
  it('is what its JSON text says, frozen throughout, and no part of what was given', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (given) => {
        const { value } = createKeeper().keep(given, roomy)
        expect(JSON.stringify(value)).toBe(JSON.stringify(given))
        expect(value).toEqual(JSON.parse(JSON.stringify(given)))
        expect(isFrozenThroughout(value)).toBe(true)
        if (typeof given === 'object' && given !== null) {
          expect(value).not.toBe(given)
          expect(Object.isFrozen(given)).toBe(false)
        }
      }),
      { seed: 3, numRuns: 500 },
    )
  })

  it('knows no -0, and no prototype of its own', () => {
    expect(Object.is(createKeeper().keep(-0, roomy).value, 0)).toBe(true)
    const bare = Object.assign(Object.create(null), { a: [Object.create(null)] })
    expect(createKeeper().keep(bare, roomy).value).toStrictEqual({ a: [{}] })
    class Row extends Array {}
    expect(createKeeper().keep(Row.from([1, 2]), roomy).value).toStrictEqual([1, 2])
  })

  it('reads what is computed once', () => {
    let reads = 0
    const given = {
      get n() {
        return ++reads
      },
    }
    expect(createKeeper().keep(given, roomy).value).toEqual({ n: 1 })
  })
})

describe('a value that is refused', () => {
  const cycle: unknown[] = []
  cycle.push({ cycle, twice: cycle })
  const sparse = [1]
  sparse[2] = 3
  it.each([
    [{ a: [1, undefined] }, ['a', 1], 'undefined'],
    [[Number.NaN], [0], 'NaN'],
    [{ a: { b: new Date(0) } }, ['a', 'b'], 'a Date instance'],
    [{ list: sparse }, ['list', 1], 'undefined'],
    [JSON.parse('{"a":{"constructor":1}}'), ['a', 'constructor'], 'a key that is not allowed'],
    [{ [Symbol('s')]: 1 }, [], 'a symbol key'],
    [cycle, [0, 'cycle'], 'a cycle'],
    [() => 1, [], 'a function'],
  ])('%# is named with its place', (given, path, found) => {
    expect(refusal(given)).toMatchObject({ path, found })
  })

  it('is one that nests too deep, also by what was kept before', () => {
    const keeper = createKeeper()
    let deep: unknown = 'x'.repeat(2_000)
    for (let i = 0; i < 150; i++) deep = [deep]
    let deeper: unknown = keeper.keep(deep, roomy).value
    for (let i = 0; i < 60; i++) deeper = { deeper }
    expect(() => keeper.keep(deeper, roomy)).toThrow('more than 200 levels')
  })
})

describe('the size of a value', () => {
  it('is counted when it may be over the limit, exactly', () => {
    const keeper = createKeeper()
    expect(keeper.keep('ä'.repeat(5), 10)).toEqual({ value: null, bytes: 12 })
    expect(keeper.keep('ä'.repeat(5), 12)).toEqual({ value: 'äääää', bytes: 12 })
    expect(keeper.keep('a', 100)).toEqual({ value: 'a', bytes: undefined })
  })

  it('is never over the limit without being counted', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 20 }), fc.nat(400), (data, text, maxBytes) => {
        const given = { data, text }
        const { bytes } = createKeeper().keep(given, maxBytes)
        const real = Buffer.byteLength(JSON.stringify(given))
        expect(bytes ?? real).toBe(real)
        if (real > maxBytes) expect(bytes).toBe(real)
      }),
      { seed: 5, numRuns: 150 },
    )
  })

  it('counts what was kept before, too', () => {
    const keeper = createKeeper()
    const { value } = keeper.keep({ text: 'x'.repeat(2_000) }, roomy)
    expect(keeper.keep([value, value], 2_500)).toMatchObject({ value: null, bytes: 4_025 })
  })
})

describe('a value that was kept before', () => {
  it('is shared when it is large, also inside another', () => {
    const keeper = createKeeper()
    const { value } = keeper.keep({ text: 'x'.repeat(2_000) }, roomy)
    expect(keeper.keep(value, roomy).value).toBe(value)
    const { value: around } = keeper.keep({ value, n: 1 }, roomy)
    expect((around as { value: unknown }).value).toBe(value)
  })

  it('is not taken for one because it is frozen', () => {
    const date = new Date(0)
    const frozen = Object.freeze({ text: 'x'.repeat(2_000), date })
    expect(refusal(frozen).found).toBe('a Date instance')
  })
})

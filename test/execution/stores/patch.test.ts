import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diff, NotPlain, type Patch, patched, patchOwned, snapshot } from '../../../src/execution/stores/patch.ts'
import type { Json } from '../../../src/foundation/json.ts'
import { poison } from '../../conformance/poison.ts'

const clone = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json
const textOf = (value: unknown) => JSON.stringify(value)

/** Both ways to the newer value, by content and by the order of keys. */
function roundTrip(before: Json, after: Json): Patch | undefined {
  const base = snapshot(clone(before))
  const text = textOf(after)
  const patch = diff(base, after)
  const stored = patch && (JSON.parse(textOf(patch)) as Patch)
  assert.equal(textOf(patch ? patched(base, patch) : base), text)
  assert.equal(textOf(stored ? patchOwned(clone(before), stored) : base), text)
  assert.equal(textOf(base), textOf(before))
  return patch
}

describe('a change', () => {
  it.each([
    ['one leaf', { a: { b: [1, 2, { c: 3 }] } }, { a: { b: [1, 2, { c: 4 }] } }, 70],
    ['an item more', list(100), [...list(100), { n: 100 }], 40],
    ['an item less', list(100), list(99), 20],
    ['an item in front', list(100), [{ n: -1 }, ...list(100)], 40],
    ['an item in the middle', list(100), list(100).toSpliced(50, 1, { n: 'x' }), 60],
    ['a window that moves on', list(100), list(100).slice(3), 20],
    ['an edit and an item more', list(100), [...list(100).with(3, { n: 'x' }), { n: 100 }], 60],
    ['a key more', { a: 1, b: 2 }, { a: 1, b: 2, c: 3 }, 30],
    ['a key less', { a: 1, b: 2 }, { b: 2 }, 30],
    ['a longer text', 'x'.repeat(1000), `${'x'.repeat(1000)}yz`, 30],
    ['a text changed inside', `${'x'.repeat(500)}a${'y'.repeat(500)}`, `${'x'.repeat(500)}b${'y'.repeat(500)}`, 30],
    ['a number as a key', { 1: 'a', 3: 'c' }, { 1: 'a', 2: 'b', 3: 'c' }, 30],
  ] satisfies [string, Json, Json, number][])('is small: %s', (_, before, after, most) => {
    const patch = roundTrip(before, after)
    expect(textOf(patch).length).toBeLessThan(most)
  })

  it('is none between equal values, however they are made', () => {
    expect(roundTrip({ a: [1, { b: null }], c: 'x' }, { a: [1, { b: null }], c: 'x' })).toBeUndefined()
    expect(roundTrip([0], [-0])).toBeUndefined()
  })

  it('keeps the order of keys', () => {
    roundTrip({ a: 1, b: 2 }, { b: 2, a: 1 })
    roundTrip({ a: 1, b: 2 }, { c: 3, a: 1, b: 2 })
    roundTrip({ x: { a: 1, b: 2 } }, { x: { b: 3, a: 1 } })
  })

  it('sees what was changed in place, which identity would hide', () => {
    const live = { list: [{ n: 1 }], text: 'a' }
    const before = snapshot(live)
    live.list[0] = { n: 2 }
    live.list.push({ n: 3 })
    const patch = diff(before, live)
    expect(patch && patched(before, patch)).toEqual({ list: [{ n: 2 }, { n: 3 }], text: 'a' })
    expect(before).toEqual({ list: [{ n: 1 }], text: 'a' })
  })

  it('looks into nothing that is frozen and shared', () => {
    const shared = snapshot({ big: list(10) })
    const before = snapshot([shared, 1])
    const watched = new Proxy(shared as object, { get: () => assert.fail('it was looked at') })
    expect((before as readonly Json[])[0]).toBe(shared)
    expect(diff(before, [shared, 2])).toEqual([3, 2, 0, [], [[1, [0, 2]]]])
    expect(() => diff(before, [watched, 2])).toThrow()
  })

  it('takes what is frozen as it is, but not what is computed when it is read', () => {
    let n = 0
    const fixed = Object.freeze({ a: Object.freeze([1]) })
    const computed = Object.freeze({
      get a() {
        n += 1
        return n
      },
    })
    expect(snapshot(fixed)).toBe(fixed)
    const copy = snapshot({ computed }) as { computed: { a: number } }
    expect(copy.computed.a).toBe(copy.computed.a)
    expect(Object.isFrozen(copy.computed)).toBe(true)
  })

  it.each([
    ['undefined', [undefined]],
    ['a hole', new Array(2)],
    ['NaN', { a: Number.NaN }],
    ['a BigInt', 1n],
    ['a function', { a: () => 1 }],
    ['a Map', new Map()],
    ['a Date', [new Date()]],
    ['a symbol key', { [Symbol('x')]: 1 }],
    ['our envelope', { $lg: ['undefined'] }],
  ])('is refused when the value is not plain JSON: %s', (_, value) => {
    expect(() => snapshot(value)).toThrow(NotPlain)
    expect(() => diff(snapshot([1]), value)).toThrow(NotPlain)
    expect(() => diff(snapshot({ a: { b: 1 } }), { a: value })).toThrow(NotPlain)
  })

  it('is refused for a cycle', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(() => diff(snapshot({ self: 1 }), cycle)).toThrow(NotPlain)
  })

  it('leads from any value to any other', () => {
    const json = fc.jsonValue({ maxDepth: 4, noUnicodeString: false }).map((value) => clone(value as Json))
    fc.assert(
      fc.property(json, json, (before, after) => void roundTrip(before, after)),
      { numRuns: 2000, seed: 7 },
    )
  })

  it('leads from a value to an edit of it', () => {
    const values = Object.values(poison).filter((value) => !textOf(value).includes('$lg'))
    for (const before of values)
      for (const after of values) roundTrip({ a: before, b: [before, 1] }, { a: after, b: [before, after] })
    const text = fc.string({ unit: 'binary', minLength: 60, maxLength: 90 })
    const key = fc.constantFrom('a', 'b', '1', '02', '10', '__proto__', 'constructor', '')
    const node = fc.letrec<{ tree: Json; list: Json; members: Json }>((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, text, fc.integer(), tie('list'), tie('members')),
      list: fc.array(tie('tree'), { maxLength: 6 }),
      members: fc.array(fc.tuple(key, tie('tree')), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
    }))
    fc.assert(
      fc.property(node.tree, fc.array(fc.tuple(fc.nat(), node.tree), { maxLength: 4 }), (before, edits) => {
        roundTrip(
          before,
          edits.reduce((value: Json, [place, added]) => edit(value, place, added), before),
        )
      }),
      { numRuns: 3000, seed: 11 },
    )
  })
})

const list = (length: number): Json[] => Array.from({ length }, (_, n) => ({ n }))

/** `value` with something put in, taken out or replaced, somewhere. */
function edit(value: Json, place: number, added: Json): Json {
  if (typeof value === 'string') return value.slice(0, place % (value.length + 1)) + JSON.stringify(added)
  if (Array.isArray(value)) {
    const at = place % (value.length + 1)
    if (place % 3 === 0 && at < value.length) return value.with(at, edit(value[at] as Json, place >> 2, added))
    return value.toSpliced(at, place % 3, ...(place % 5 === 0 ? [] : [added]))
  }
  if (typeof value !== 'object' || value === null) return added
  const entries = Object.entries(value)
  const at = place % (entries.length + 1)
  const [name, inner] = entries[at] ?? ['new', 0 as Json]
  return Object.fromEntries(
    entries.toSpliced(at, 1, ...(place % 4 === 0 ? [] : [[name, edit(inner, place >> 2, added)] as [string, Json]])),
  )
}

import assert from 'node:assert/strict'
import { Command, Overwrite, Send } from '@langchain/langgraph'
import { DeltaSnapshot } from '@langchain/langgraph-checkpoint'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeValue, encodeValue, jsonText, plain, strictSerializer } from '../../src/execution/serializer.ts'
import { poison } from '../conformance/poison.ts'

const roundTrip = (value: unknown) => decodeValue(encodeValue(value))

describe('data', () => {
  it.each(Object.entries(poison))('comes back as it was: %s', (_, value) => {
    assert.deepStrictEqual(roundTrip(value), value)
    assert.deepStrictEqual(JSON.parse(jsonText(value)), value)
  })

  it('is written as plain JSON text', () => {
    expect(encodeValue({ lc: 2, type: 'undefined' })).toEqual({
      encoding: plain,
      text: '{"lc":2,"type":"undefined"}',
    })
  })

  it('comes back as it was, whatever it is', () => {
    const json = fc.jsonValue({ noUnicodeString: false, depthSize: 'medium' })
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify(value)
        assert.deepStrictEqual(roundTrip(JSON.parse(text)), JSON.parse(text))
      }),
    )
  })

  it('comes back as it was beside undefined and under keys like ours', () => {
    const key = fc.constantFrom('$lg', '__proto__', 'a', 'lc', 'constructor')
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(undefined, null, 1, 'send', 'undefined', true),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
      ),
    }))
    fc.assert(fc.property(value, (it) => assert.deepStrictEqual(roundTrip(it), it)))
  })

  it('is a new value with every reading', () => {
    const encoded = encodeValue({ a: [1] })
    expect(decodeValue(encoded)).not.toBe(decodeValue(encoded))
  })
})

describe('what LangGraph puts beside data', () => {
  it('a delta snapshot comes back as one, what it holds as data', () => {
    const value = { lc: 2, type: 'delta_snapshot', value: 1 }
    assert.deepStrictEqual(roundTrip({ deep: [new DeltaSnapshot(value)] }), { deep: [new DeltaSnapshot(value)] })
  })

  it('a Send comes back in the form in which LangGraph reads it', () => {
    const send = new Send('node', { a: undefined, b: poison['an lc:2 Set'] }, { timeout: 5 })
    assert.deepStrictEqual(roundTrip([send]), [
      {
        node: 'node',
        args: { a: undefined, b: poison['an lc:2 Set'] },
        timeout: { runTimeout: 5, idleTimeout: undefined, refreshOn: 'auto' },
      },
    ])
    assert.deepStrictEqual(roundTrip(new Send('node', null)), { node: 'node', args: null })
  })

  it('an Overwrite and a Command come back in their wire form', () => {
    expect(roundTrip(new Overwrite([1]))).toEqual({ __overwrite__: [1] })
    const command = new Command({ update: { a: 1 }, goto: [new Send('n', {}), 'm'] })
    expect(roundTrip({ command })).toEqual({
      command: { lg_name: 'Command', update: { a: 1 }, goto: [{ node: 'n', args: {} }, 'm'] },
    })
  })

  it('undefined is undefined again, and a key that holds it is still there', () => {
    assert.deepStrictEqual(roundTrip({ a: undefined, b: [undefined] }), { a: undefined, b: [undefined] })
    expect(roundTrip(undefined)).toBeUndefined()
  })

  it('interrupts and errors are plain JSON', () => {
    const interrupts = [{ id: 'abc', value: { question: 1 }, response_schema: {} }]
    expect(encodeValue(interrupts).encoding).toBe(plain)
    expect(encodeValue({ name: 'Error', message: 'm' }).encoding).toBe(plain)
  })
})

describe('what is not JSON', () => {
  class Message {
    content = 'hello'
    lc_serializable = true
    toJSON() {
      return { lc: 1, type: 'constructor', id: ['x'], kwargs: {} }
    }
  }
  const cycle: Record<string, unknown> = {}
  cycle.again = { cycle }
  const holed: number[] = [0]
  holed[2] = 2

  it.each([
    ['$.a[1]', { a: [0, 1n] }, 'a BigInt'],
    ['$.a', { a: () => 1 }, 'a function'],
    ['$.a', { a: Symbol('s') }, 'a symbol'],
    ['$', { [Symbol('s')]: 1 }, 'a symbol key'],
    ['$["a b"].c', { 'a b': { c: Number.NaN } }, 'NaN'],
    ['$[0]', [-Infinity], '-Infinity'],
    ['$.m', { m: new Message() }, 'a Message instance'],
    ['$', new Date(0), 'a Date instance'],
    ['$.args', new Send('n', new Map()), 'a Map instance'],
    ['$', new DeltaSnapshot(1n), 'a BigInt'],
    ['$.again.cycle', cycle, 'a cycle'],
    ['$[1]', holed, 'a hole in a list'],
    ['$.a', { a: Object.create({ inherited: 1 }) }, 'an object with a prototype of its own'],
  ])('is refused at its place: %s', (path, value, found) => {
    expect(() => encodeValue(value)).toThrow(`not JSON at ${path}: ${found}`)
  })

  it('is refused when it nests too deep', () => {
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(() => encodeValue(deep)).toThrow('more than 1000 levels')
  })

  it('names the place the caller gave, too', () => {
    expect(() => encodeValue({ a: 1n }, ['vars.total'])).toThrow('not JSON at $["vars.total"].a: a BigInt')
  })

  it('includes undefined and instances of LangGraph where only JSON may stand', () => {
    expect(() => jsonText({ a: undefined })).toThrow('not JSON at $.a: undefined')
    expect(() => jsonText(new Send('n', 1))).toThrow('a Send instance')
  })

  it('is no cycle when a value merely stands in two places', () => {
    const shared = { a: 1 }
    expect(roundTrip([shared, { shared }])).toEqual([{ a: 1 }, { shared: { a: 1 } }])
  })
})

describe('text that is not ours', () => {
  it.each([
    ['no JSON', '{'],
    ['an unknown tag', '{"$lg":["class",{}]}'],
    ['no tag', '{"$lg":1}'],
  ])('is an error of the store: %s', (_, text) => {
    expect(() => decodeValue({ encoding: 1, text })).toThrow(expect.objectContaining({ code: 'store_corrupt' }))
  })
})

describe("as LangGraph's serializer", () => {
  it('writes and reads bytes and text', async () => {
    const values = [{ lc: 2, type: 'undefined' }, [undefined], new DeltaSnapshot('\ud800é')]
    for (const value of values) {
      const [type, bytes] = await strictSerializer.dumpsTyped(value)
      assert.deepStrictEqual(await strictSerializer.loadsTyped(type, bytes), value)
      assert.deepStrictEqual(await strictSerializer.loadsTyped(type, new TextDecoder().decode(bytes)), value)
    }
  })

  it('refuses types it did not write', async () => {
    await expect(strictSerializer.loadsTyped('bytes', new Uint8Array())).rejects.toMatchObject({
      code: 'store_corrupt',
    })
  })
})

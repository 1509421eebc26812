import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/foundation/json.ts'
import { createSchemaReader } from '../../../src/foundation/schema/normalize.ts'
import { createValidators } from '../../../src/foundation/schema.ts'

describe('named types', () => {
  it('that hold themselves are told once, from the first that was declared', () => {
    const ring = createSchemaReader({ B: { 'a?': 'A[]' }, A: { b: 'B' }, Uses: { a: 'A', b: 'B' }, AB: 'A' })
    for (const name of ['Uses', 'A', 'B', 'AB']) expect(ring.readType(name).faults).toEqual([])
    expect(ring.cycles).toEqual([['B', 'A', 'B']])
  })

  it('tell their faults where they are declared, not where they are used', () => {
    const { read, readType } = createSchemaReader({ Wrong: { n: 'int' } })
    expect(read({ a: 'Wrong', b: 'Wrong[]' }).faults).toEqual([])
    expect(readType('Wrong').faults).toMatchObject([{ code: 'unknown_type', path: ['n'] }])
  })

  it('that double each other are refused before they fill the memory', () => {
    const names = Array.from({ length: 60 }, (_, i) => `T${i}`)
    const doubling = Object.fromEntries(
      names.map((name, i) => [name, i === 59 ? 'string' : { a: `T${i + 1}`, b: `T${i + 1}` }]),
    )
    const { readType } = createSchemaReader(doubling)
    const messages = names.flatMap((name) => readType(name).faults.map(({ message }) => message))
    expect(messages[0]).toMatch(/at most 65536 characters/)
  })

  it.each(['the near end', 'the far end'])('in an endless chain are refused when read from %s', (end) => {
    const names = Array.from({ length: 3_000 }, (_, i) => `T${i}`)
    const chain = Object.fromEntries(names.map((name, i) => [name, i === 2_999 ? 'string' : `T${i + 1}[]`]))
    const { readType } = createSchemaReader(chain)
    const order = end === 'the near end' ? names : names.toReversed()
    expect(order.flatMap((name) => readType(name).faults)).not.toEqual([])
  })
})

describe('keywords of a variable', () => {
  const { readKeywords } = createSchemaReader({})

  it('stay keywords whatever its type is, which may be any schema', () => {
    expect(readKeywords({ type: { id: 'string' }, minProperties: 1 })).toMatchObject({
      faults: [],
      schema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'], minProperties: 1 },
    })
    expect(readKeywords({ items: 'string' }).schema).toEqual({ items: { type: 'string' } })
    expect(readKeywords({}).schema).toBe(true)
  })
})

describe('a schema that was read', () => {
  const { read } = createSchemaReader({
    Level: { enum: ['low', 'high'], description: 'How high.', default: 'low' },
    Filled: { type: 'string', not: { const: '' } },
    Score: { type: 'integer', minimum: 0 },
  })
  const schemaOf = (written: Json) => {
    const { schema, faults } = read(written)
    expect(faults).toEqual([])
    return schema
  }
  const { validate } = createValidators()

  it.each<[string, Json, Json, Json]>([
    ['a nullable enumeration takes null', 'Level?', null, 'medium'],
    ['a nullable type with other conditions takes null', 'Filled?', null, ''],
    ['a type and the keywords beside it both hold', { type: 'Score', minimum: 3 }, 3, 2],
    ['they hold the other way round, too', { type: 'Score', minimum: -3 }, 0, -1],
    ['a closed map stays closed', { type: 'object', additionalProperties: false }, {}, { a: 1 }],
    ['`false` takes nothing', { type: 'object', properties: { a: false } }, {}, { a: 1 }],
  ])('%s', (_name, written, good, bad) => {
    expect(validate(schemaOf(written), good)).toEqual([])
    expect(validate(schemaOf(written), bad)).not.toEqual([])
  })

  it('keeps the notes of a type outside, the nearer ones first', () => {
    expect(schemaOf('Level?')).toEqual({
      description: 'How high.',
      default: 'low',
      anyOf: [{ enum: ['low', 'high'] }, { type: 'null' }],
    })
    expect(schemaOf({ type: 'Level', default: 'high' })).toMatchObject({ description: 'How high.', default: 'high' })
    expect(schemaOf({ type: 'Level', enum: ['high'], description: 'Mine.' })).toEqual({
      description: 'Mine.',
      default: 'low',
      allOf: [{ enum: ['low', 'high'] }, { enum: ['high'] }],
    })
  })

  it('does not depend on the order of fields or of types', () => {
    const text = (written: Json) => JSON.stringify(schemaOf(written))
    expect(text({ type: ['null', 'string'] })).toBe(text({ type: ['string', 'null'] }))
    expect(schemaOf({ b: 'string', a: 'string' })).toEqual(schemaOf({ a: 'string', b: 'string' }))
  })
})

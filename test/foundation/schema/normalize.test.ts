import { describe, expect, it } from 'vitest'
import { createSchemaReader } from '../../../src/foundation/schema/normalize.ts'

const types = {
  Source: { url: 'string', title: 'string?' },
  Score: { type: 'integer', minimum: 0 },
  Loop: { next: 'Loop' },
}
const normal = (written: unknown) => {
  const { schema, faults } = createSchemaReader(types as never).read(written as never)
  expect(faults).toEqual([])
  return schema
}
const faults = (written: unknown) =>
  createSchemaReader(types as never)
    .read(written as never)
    .faults.map(({ code, path, name, near }) => [code, path.join('.'), name, near])

const source = {
  type: 'object',
  properties: { url: { type: 'string' }, title: { type: ['string', 'null'] } },
  required: ['title', 'url'],
  additionalProperties: false,
}

describe('the short form', () => {
  it.each([
    ['string', { type: 'string' }],
    ['integer?', { type: ['integer', 'null'] }],
    ['number[]', { type: 'array', items: { type: 'number' } }],
    ['string?[]', { type: 'array', items: { type: ['string', 'null'] } }],
    ['string[]?', { type: ['array', 'null'], items: { type: 'string' } }],
    ['any', true],
    ['any[]', { type: 'array', items: true }],
    ['Source', source],
    ['Source[]', { type: 'array', items: source }],
    ['Score?', { type: ['integer', 'null'], minimum: 0 }],
    [true, true],
  ])('%j', (written, schema) => expect(normal(written)).toEqual(schema))

  it('lists fields, all required but those with `?`, none additional', () => {
    expect(normal({ id: 'string', 'note?': 'string', tags: 'string[]' })).toEqual({
      type: 'object',
      properties: {
        id: { type: 'string' },
        note: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
      },
      required: ['id', 'tags'],
      additionalProperties: false,
    })
  })

  it('a field may be called like a keyword, as long as no `type` makes the map a schema', () => {
    expect(normal({ title: 'string', items: 'string[]', format: 'string' })).toMatchObject({
      required: ['format', 'items', 'title'],
    })
  })
})

describe('JSON Schema', () => {
  it('is a map whose type is the name of a type, or that has enum, const, anyOf …', () => {
    expect(normal({ type: 'integer', minimum: 1 })).toEqual({ type: 'integer', minimum: 1 })
    expect(normal({ enum: ['a', 'b'] })).toEqual({ enum: ['a', 'b'] })
    expect(normal({ anyOf: ['string', { type: 'integer' }] })).toEqual({
      anyOf: [{ type: 'string' }, { type: 'integer' }],
    })
    expect(normal({ type: 'array', items: 'Source', maxItems: 3 })).toEqual({
      type: 'array',
      items: source,
      maxItems: 3,
    })
    expect(normal({ type: 'object', properties: { a: 'Score' } })).toEqual({
      type: 'object',
      properties: { a: { type: 'integer', minimum: 0 } },
    })
    expect(normal({ $ref: 'Source' })).toEqual(source)
  })

  it('adds to a named type what stands beside it', () => {
    expect(normal({ type: 'Source[]', minItems: 1, default: [] })).toEqual({
      type: 'array',
      items: source,
      minItems: 1,
      default: [],
    })
    expect(normal({ type: 'Score', minimum: 3 })).toEqual({ allOf: [{ type: 'integer', minimum: 0 }, { minimum: 3 }] })
  })
})

describe('faults', () => {
  it.each([
    ['an unknown type', 'Sorce', [['unknown_type', '', 'Sorce', 'Source']]],
    ['a word of another language', { n: 'int' }, [['unknown_type', 'n', 'int', 'integer']]],
    ['a field beside a type', { type: 'object', score: 'number' }, [['mixed_schema', 'score', 'score', undefined]]],
    [
      'a slip in a keyword',
      { type: 'string', minLenght: 1 },
      [['mixed_schema', 'minLenght', 'minLenght', 'minLength']],
    ],
    ['a bad value', { type: 'integer', minimum: 'one' }, [['bad_schema', 'minimum', 'minimum', undefined]]],
    ['a bad pattern', { type: 'string', pattern: '(' }, [['bad_schema', 'pattern', 'pattern', undefined]]],
    ['look-around', { type: 'string', pattern: '(?=a)' }, [['bad_schema', 'pattern', 'pattern', undefined]]],
    ['an unknown format', { type: 'string', format: 'colour' }, [['bad_schema', 'format', 'format', undefined]]],
    ['no schema at all', 7, [['bad_schema', '', '', undefined]]],
    [
      'a fault inside',
      { type: 'array', items: { type: 'object', properties: { a: 'strin' } } },
      [['unknown_type', 'items.properties.a', 'strin', 'string']],
    ],
  ])('%s', (_name, written, expected) => expect(faults(written)).toEqual(expected))

  it('a type that holds itself is told with its whole way, and does not hang', () => {
    const reader = createSchemaReader({ A: { b: 'B' }, B: { 'a?': 'A[]' } })
    reader.readType('A')
    reader.readType('B')
    expect(reader.cycles).toEqual([['A', 'B', 'A']])
  })
})

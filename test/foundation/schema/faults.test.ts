import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/foundation/json.ts'
import { createSchemaReader } from '../../../src/foundation/schema/normalize.ts'

const { read } = createSchemaReader({ Source: { url: 'string' } })
const faults = (written: Json) => read(written).faults.map(({ code, path, near }) => [code, path.join('.'), near])

describe('a schema that means nothing is refused', () => {
  it.each<[string, Json, string, string]>([
    ['a field that is no schema', { a: null }, 'bad_schema', 'a'],
    ['a key that every JavaScript object has', { type: 'object', valueOf: 1 }, 'mixed_schema', 'valueOf'],
    ['a reference that is no text', { $ref: 7 }, 'bad_schema', '$ref'],
    ['a type beside a reference', { $ref: 'Source', type: 'object' }, 'bad_schema', 'type'],
    ['an empty list of types', { type: [] }, 'bad_schema', 'type'],
    ['a type named twice', { type: ['string', 'string'] }, 'bad_schema', 'type'],
    ['null that is no text', { type: ['string', null] }, 'bad_schema', 'type'],
    ['a type that is a number', { type: 7, enum: [1] }, 'bad_schema', 'type'],
    ['a requirement named twice', { type: 'object', required: ['a', 'a'] }, 'bad_schema', 'required'],
    ['a requirement that is no list', { type: 'object', required: true }, 'bad_schema', 'required'],
    ['an empty enumeration', { enum: [] }, 'bad_schema', 'enum'],
    ['an empty choice', { anyOf: [] }, 'bad_schema', 'anyOf'],
    ['a length below nothing', { type: 'string', minLength: -1 }, 'bad_schema', 'minLength'],
    ['multiples of nothing', { type: 'number', multipleOf: 0 }, 'bad_schema', 'multipleOf'],
    ['a bad pattern as a key', { type: 'object', patternProperties: { '(': true } }, 'bad_schema', 'patternProperties'],
    ['properties that are no map', { type: 'object', properties: 'a' }, 'bad_schema', 'properties'],
    ['`then` without `if`', { type: 'object', then: true }, 'bad_schema', 'then'],
    ['`if` alone', { type: 'object', if: true }, 'bad_schema', 'if'],
    ['`maxContains` without `contains`', { type: 'array', maxContains: 2 }, 'bad_schema', 'maxContains'],
    [
      'a range without anything in it',
      { contains: true, type: 'array', minContains: 2, maxContains: 1 },
      'bad_schema',
      'maxContains',
    ],
    ['a field listed twice', { a: 'string', 'a?': 'string' }, 'bad_schema', 'a?'],
    ['a field without a name', { '?': 'string' }, 'bad_schema', '?'],
    ['a field that would reach a prototype', { '__proto__?': 'string' }, 'bad_schema', '__proto__?'],
    ['endless suffixes', `string${'[]'.repeat(100_000)}`, 'bad_schema', ''],
  ])('%s', (_name, written, code, path) => {
    expect(faults(written)).toEqual([[code, path, undefined]])
  })

  it.each<[string, Json, string, string | undefined]>([
    ['a word that every JavaScript object has', 'hasOwnProperty', '', undefined],
    ['an unknown type among keywords', { type: 'int', minimum: 1 }, 'type', 'integer'],
    ['a reference as in JSON Schema documents', { $ref: '#/$defs/Source' }, '$ref', 'Source'],
  ])('%s is an unknown type', (_name, written, path, near) => {
    expect(faults(written)).toEqual([['unknown_type', path, near]])
  })

  it('a null among the types says what to write instead', () => {
    expect(read({ type: ['string', null] }).faults[0]?.message).toBe('"type" holds null; write "null", in quotes.')
  })

  it('more than twenty faults in one schema are not told', () => {
    const fields = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, 'nothing']))
    expect(read(fields).faults).toHaveLength(20)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/foundation/json.ts'
import { createAjvCompiler } from '../../src/foundation/schema/ajv.ts'
import { createPatterns, isWalkable, walkSchema } from '../../src/foundation/schema/walk.ts'
import { createValidators } from '../../src/foundation/schema.ts'

const { validate } = createValidators()

describe('validating', () => {
  it.each<[string, object, Json, string[]]>([
    ['a type', { type: 'integer' }, 1.5, ['$ must be a whole number, not a number']],
    [
      'a field',
      { type: 'object', properties: { a: { type: 'string' } } },
      { a: 1 },
      ['$.a must be text, not the number 1'],
    ],
    ['a missing field', { type: 'object', required: ['a'] }, {}, ['$ must have the field "a"']],
    ['a field too many', { type: 'object', additionalProperties: false }, { b: 1 }, ['$ must not have the field "b"']],
    [
      'every item',
      { type: 'array', items: { type: 'number' } },
      [1, 'x', null],
      ['$[1] must be a number, not text', '$[2] must be a number, not null'],
    ],
    ['bounds', { type: 'number', minimum: 1, exclusiveMaximum: 3 }, 3, ['$ must be below 3']],
    ['lengths in characters', { type: 'string', maxLength: 1 }, '😀😀', ['$ must have at most 1 character']],
    ['a pattern', { type: 'string', pattern: '^a+$' }, 'b', ['$ must match the pattern ^a+$']],
    ['an enumeration', { enum: ['a', 1] }, 'c', ['$ must be one of "a", 1']],
    ['a choice', { anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, ['$ must be text or null']],
    [
      'by Ajv',
      { type: 'object', dependentRequired: { a: ['b'] } },
      { a: 1 },
      ['$ must have property b when property a is present'],
    ],
    ['a format', { type: 'string', format: 'date' }, 'tomorrow', ['$ must match format "date"']],
  ])('%s', (_name, schema, value, expected) => {
    expect(validate(schema as never, value).map(({ path, message }) => `${path} ${message}`)).toEqual(expected)
  })

  it('is linear in the text for any pattern', () => {
    const evil = { type: 'string', pattern: '^(a+)+$' } as const
    const before = performance.now()
    expect(validate(evil, `${'a'.repeat(30_000)}!`)).toHaveLength(1)
    expect(validate({ ...evil, not: { format: 'date' } } as never, `${'a'.repeat(30_000)}!`)).not.toEqual([])
    expect(performance.now() - before).toBeLessThan(20_000) // a back-tracking matcher would never return
  })
})

const leaf = fc.oneof(
  fc.constantFrom(
    { type: 'string' },
    { type: 'number' },
    { type: 'integer' },
    { type: 'boolean' },
    { type: 'null' },
    { type: ['string', 'null'] },
  ),
  fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ type: fc.constant('string'), maxLength: fc.nat({ max: 3 }), minLength: fc.nat({ max: 2 }) }),
  fc.record({
    enum: fc.array(fc.oneof(fc.string({ maxLength: 2 }), fc.integer({ min: 0, max: 3 })), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
  fc.record({ const: fc.oneof(fc.boolean(), fc.constant(null), fc.integer({ min: 0, max: 2 })) }),
)
const { schema: schemas } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({ type: fc.constant('array'), items: tie('schema'), maxItems: fc.nat({ max: 3 }) }),
    fc.record({
      type: fc.constant('object'),
      properties: fc.record({ a: tie('schema'), b: tie('schema') }, { requiredKeys: [] }),
      required: fc.subarray(['a', 'b']),
      additionalProperties: fc.boolean(),
    }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie('schema') }),
  ),
}))
const { value: values } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.integer({ min: -4, max: 4 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))

describe('the walker and Ajv', () => {
  it.each([5, Math.floor(Math.random() * 2 ** 31)])(
    'agree on what fits, where both know the schema (seed %i)',
    (seed) => {
      const compile = createAjvCompiler()
      const patterns = createPatterns()
      fc.assert(
        fc.property(schemas, values, (schema, value) => {
          expect(isWalkable(schema as Json)).toBe(true)
          const fits = walkSchema(schema as never, value, patterns).length === 0
          expect(fits).toBe(compile(schema as never)(value).length === 0)
        }),
        { seed, numRuns: 500 },
      )
    },
  )
})

import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { Json, JsonObject } from '../../../src/foundation/json.ts'
import type { JsonSchema } from '../../../src/foundation/plan.ts'
import { formats, keywords } from '../../../src/foundation/schema/keywords.ts'
import { createSchemaReader } from '../../../src/foundation/schema/normalize.ts'
import { isWalkable } from '../../../src/foundation/schema/walk.ts'
import { createValidators } from '../../../src/foundation/schema.ts'

const { read } = createSchemaReader({ Named: { a: 'string' } })

describe('what goes to Ajv', () => {
  it('keeps every pattern apart, in one schema and across schemas', () => {
    const { validate } = createValidators()
    const beginsWith = (a: string, b: string): JsonSchema => ({
      type: 'object',
      propertyNames: { minLength: 1 }, // not the walker's
      properties: { a: { type: 'string', pattern: a }, b: { type: 'string', pattern: b } },
    })
    expect(validate(beginsWith('^a', '^b'), { a: 'a', b: 'b' })).toEqual([])
    expect(validate(beginsWith('^a', '^b'), { a: 'b', b: 'a' })).toHaveLength(2)
    expect(validate(beginsWith('^b', '^a'), { a: 'b', b: 'a' })).toEqual([])
    expect(validate(beginsWith('^b', '^a'), { a: 'a', b: 'b' })).toHaveLength(2)
  })

  it('is compiled on first use, once per digest', () => {
    const code = vi.spyOn(globalThis, 'Function')
    try {
      const { validate } = createValidators()
      const schema = (): JsonSchema => ({ type: 'array', uniqueItems: true })
      expect(code).not.toHaveBeenCalled()
      validate(schema(), [1, 2])
      expect(code).toHaveBeenCalledTimes(1) // and no meta-schema with it, which takes far longer
      expect(validate(schema(), [1, 1])).toHaveLength(1)
      expect(code).toHaveBeenCalledTimes(1)
    } finally {
      code.mockRestore()
    }
  })

  it.each(['toString', 'valueOf', 'hasOwnProperty'])('compares data that has a field "%s"', (name) => {
    const { validate } = createValidators()
    const value = { [name]: 1 }
    const apart: JsonSchema = { propertyNames: { minLength: 1 } } // not the walker's
    expect(validate({ ...apart, enum: [{ [name]: 2 }, value] }, { ...value })).toEqual([])
    expect(validate({ ...apart, const: value }, { ...value })).toEqual([])
    expect(validate({ ...apart, const: value }, { [name]: 2 })).toEqual([
      { path: '$', message: 'must be equal to constant' },
    ])
    expect(validate({ uniqueItems: true }, [value, { [name]: 2 }])).toEqual([])
    expect(validate({ uniqueItems: true }, [value, { ...value }])).toHaveLength(1)
  })

  it('finds equal items whatever their text is, in time that grows with their number', () => {
    const { validate } = createValidators()
    expect(validate({ uniqueItems: true }, ['__proto__', '__proto__'])).toHaveLength(1)
    expect(validate({ uniqueItems: true }, [1, '1', [1], { a: 1 }, null, true])).toEqual([])
    const many = Array.from({ length: 50_000 }, (_, n) => ({ n }))
    expect(validate({ uniqueItems: true }, many)).toEqual([])
    expect(validate({ uniqueItems: false }, [1, 1])).toEqual([])
  })

  it.each(formats)('knows the format %s', (format) => {
    const { schema, faults } = read({ type: 'string', format })
    expect(faults).toEqual([])
    expect(() => createValidators().validate(schema, 'x')).not.toThrow()
  })
})

const { schema: schemas } = fc.letrec<{ schema: Json }>((tie) => {
  const number = fc.constantFrom<Json>(0, 1, 2, 0.5, -1, 'x')
  const names = fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 })
  const valueFor = (key: string): fc.Arbitrary<Json> => {
    switch (keywords.get(key)?.holds) {
      case 'one':
        return tie('schema')
      case 'list':
        return fc.array(tie('schema'), { maxLength: 2 })
      case 'map':
        return fc.dictionary(fc.constantFrom('a', 'b', '^a', '(', 'toString'), tie('schema'), {
          maxKeys: 2,
          noNullPrototype: true,
        })
      default:
        return fc.oneof(
          number,
          fc.constantFrom<Json>('string', 'object', 'Named', 'date', '^a$', true, false, null),
          names,
          fc.constantFrom<Json>(['string', 'null'], [], [1, 1], { a: ['b'] }, { a: ['b', 'b'] }, { a: 1 }),
        )
    }
  }
  const others = [...keywords.keys()].filter((key) => key !== 'type' && key !== '$ref')
  const keyword = fc
    .constantFrom(...others)
    .chain((key) => valueFor(key).map((value) => [key, value] as const))
    .filter(([key, value]) => keywords.get(key)?.check?.(value, {}) === undefined)
  const types = fc.constantFrom<Json>(
    'string',
    'object',
    'array',
    'Named',
    'any',
    ['string', 'null'],
    ['array', 'object'],
  )
  return {
    schema: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<Json>('string', 'Named?', 'number[]', true, false, { type: 'object' }),
      fc
        .tuple(types, fc.array(keyword, { maxLength: 5 }))
        .map(([type, entries]) => ({ type, ...(Object.fromEntries(entries) as JsonObject) })),
    ),
  }
})

describe('validating', () => {
  it('goes on where Ajv itself breaks when it keeps track of what was evaluated', () => {
    const { schema, faults } = read({
      type: 'object',
      patternProperties: { a: 'any' },
      allOf: [{ oneOf: [{ type: 'Named' }] }],
    })
    expect(faults).toEqual([])
    expect(createValidators().validate(schema, { a: 'x' })).toEqual([])
    expect(createValidators().validate(schema, { a: [] })).not.toEqual([])
  })

  it.each([11, Math.floor(Math.random() * 2 ** 31)])('never throws for a schema without faults (seed %i)', (seed) => {
    const { validate } = createValidators()
    let toAjv = 0
    fc.assert(
      fc.property(schemas, fc.jsonValue({ maxDepth: 2 }), (written, value) => {
        const { schema, faults } = read(written)
        if (faults.length > 0) return
        if (!isWalkable(schema as Json)) toAjv++
        expect(Array.isArray(validate(schema, value as Json))).toBe(true)
      }),
      { seed, numRuns: 3_000 },
    )
    expect(toAjv).toBeGreaterThan(50)
  })
})

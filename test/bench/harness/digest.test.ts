/** Equality of final states stands on digests: what they see and what they do not. */
import { expect, test } from 'vitest'
import { digestOf } from '../../../bench/harness/digest.ts'

test('the order of keys does not matter, everything else does', () => {
  expect(digestOf({ a: 1, b: [1, { c: null }] })).toBe(digestOf({ b: [1, { c: null }], a: 1 }))
  const different = [{ a: [1, 2] }, { a: [2, 1] }, { a: '1' }, { a: 1 }, { a: null }, {}, [], null, '']
  expect(new Set(different.map(digestOf)).size).toBe(different.length)
})

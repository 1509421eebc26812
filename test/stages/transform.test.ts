import { expect, test } from 'vitest'
import { transform } from '../../src/stages/transform.ts'
import { runKind } from './support.ts'

test.each([['text'], [3], [null], [[1, { a: [] }]], [{ a: { b: true } }]])(
  'gives the value %j as it was evaluated',
  async (value) => {
    expect((await runKind(transform, value)).output).toEqual(value)
  },
)

test('is pure, and of unknown type unless an output is declared', () => {
  expect(transform.pure).toBe(true)
  expect(transform.outputSchema?.(1, undefined)).toBe(true)
  expect(transform.outputSchema?.(1, { type: 'integer' })).toEqual({ type: 'integer' })
})

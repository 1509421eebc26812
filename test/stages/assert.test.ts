import { expect, test } from 'vitest'
import { assert } from '../../src/stages/assert.ts'
import { failureOf, runKind } from './support.ts'

test('gives null when every condition holds', async () => {
  expect((await runKind(assert, [{ that: true }, { that: true, message: 'fine' }])).output).toBeNull()
  expect(assert.outputSchema?.([], { type: 'string' })).toEqual({ type: 'null' })
})

test('tells all conditions that do not hold, not only the first', async () => {
  const config = [{ that: false, message: 'No prices.' }, { that: true }, { that: false }]
  const failure = await failureOf(runKind(assert, config))
  expect(failure).toMatchObject({ category: 'assertion', code: 'assertion', retryable: false })
  expect(failure.message).toBe('2 of 3 conditions do not hold: No prices. Condition 3 does not hold.')
  expect(failure.details).toEqual([
    { index: 0, message: 'No prices.' },
    { index: 2, message: 'Condition 3 does not hold.' },
  ])
})

test('says only the message when there is one condition', async () => {
  const failure = await failureOf(runKind(assert, [{ that: false, message: 'The draft is empty.' }]))
  expect(failure.message).toBe('The draft is empty.')
})

test.each([[[]], [[{ message: 'x' }]], [[{ that: 'yes' }]], [[{ that: true, extra: 1 }]], ['x']])(
  'refuses the configuration %j',
  (config) => {
    expect(assert.schema.safeParse(config).success).toBe(false)
  },
)

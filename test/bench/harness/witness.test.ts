/** The witness shows whether every step ran once. */
import { expect, test } from 'vitest'
import { createWitness } from '../../../bench/harness/witness.ts'

const statementOf = (ordered: boolean, steps: readonly number[]) => {
  const witness = createWitness(ordered)
  for (const step of steps) witness.saw(step)
  return witness.statement()
}

test.each([true, false])('a lost, a repeated and an exchanged step show (ordered: %s)', (ordered) => {
  const whole = statementOf(ordered, [0, 1, 2, 3])
  for (const wrong of [
    [0, 1, 2],
    [0, 1, 2, 3, 3],
    [0, 1, 2, 4],
  ])
    expect(statementOf(ordered, wrong)).not.toEqual(whole)
})

test('the order shows only where it was asked for', () => {
  expect(statementOf(true, [1, 0])).not.toEqual(statementOf(true, [0, 1]))
  expect(statementOf(false, [1, 0])).toEqual(statementOf(false, [0, 1]))
})

test('it tells of the first step only, and forgets on reset', () => {
  const witness = createWitness(true)
  let told = 0
  witness.onFirst(() => told++)
  witness.saw(0)
  witness.saw(1)
  expect(told).toBe(1)
  witness.reset()
  expect(witness.statement()).toEqual({ calls: 0, sum: 0 })
})

/** How figures are shown. */
import { expect, test } from 'vitest'
import { fraction } from '../../../bench/harness/table.ts'

test('ratios below one are shown as parts, others as multiples', () => {
  expect([0.0125, 0.5, 1, 1.3, 12.345, 250].map(fraction)).toEqual([
    '1/80.0',
    '1/2.00',
    '1.00×',
    '1.30×',
    '12.3×',
    '250×',
  ])
})

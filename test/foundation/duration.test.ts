import { expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../src/foundation/duration.ts'

it.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['1.5s', 1_500],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1d', 86_400_000],
  ['0s', 0],
])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

it.each(['5', '', 'm5', '5 m', '-5m', '5min', '1e3s', 'PT5M', '∞'])('%j is no duration', (text) =>
  expect(parseDuration(text)).toBeUndefined(),
)

it.each([
  [0, '0ms'],
  [850, '850ms'],
  [2_400, '2.4s'],
  [59_960, '1m00s'],
  [65_000, '1m05s'],
  [3_599_900, '1h00m'],
  [12_000_000, '3h20m'],
  [187_200_000, '2d4h'],
])('%i ms is shown as %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

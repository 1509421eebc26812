import { describe, expect, it } from 'vitest'
import { backoffMs, maxToldWaits, nextAttempt } from '../../src/execution/retry.ts'
import { StageError } from '../../src/foundation/errors.ts'
import type { RetryPlan } from '../../src/foundation/plan.ts'

const retry: RetryPlan = {
  attempts: 4,
  delayMs: 1_000,
  backoff: 'exponential',
  maxDelayMs: 5_000,
  jitter: false,
  on: ['network', 'rate_limit'],
}
const error = (category: 'network' | 'internal' | 'rate_limit', retryAfterMs?: number) =>
  new StageError('x', { category, ...(retryAfterMs !== undefined && { retryAfterMs }) })
const next = (given: StageError, failures: number, toldWaits = 0, plan: RetryPlan | undefined = retry) =>
  nextAttempt(plan, given, { failures, toldWaits }, () => 0.5)

describe('backoff', () => {
  it.each([
    ['constant', [1_000, 1_000, 1_000, 1_000]],
    ['linear', [1_000, 2_000, 3_000, 4_000]],
    ['exponential', [1_000, 2_000, 4_000, 5_000]],
  ] as const)('%s', (backoff, delays) => {
    expect([1, 2, 3, 4].map((failures) => backoffMs({ ...retry, backoff }, failures, () => 0))).toEqual(delays)
  })

  it('with jitter takes away up to half', () => {
    const jittered = (random: number) => backoffMs({ ...retry, jitter: true }, 2, () => random)
    expect([0, 0.5, 0.999].map(jittered)).toEqual([2_000, 1_500, 1_001])
  })

  it('does not overflow', () => {
    expect(backoffMs(retry, 5_000, () => 0)).toBe(5_000)
  })
})

describe('the next attempt', () => {
  it('comes while attempts are left', () => {
    expect(next(error('network'), 1)).toEqual({ delayMs: 1_000, counts: true })
    expect(next(error('network'), 3)).toEqual({ delayMs: 4_000, counts: true })
    expect(next(error('network'), 4)).toBeUndefined()
  })

  it('does not come for other categories, without a rule, or when the error forbids it', () => {
    expect(next(error('internal'), 1)).toBeUndefined()
    expect(nextAttempt(undefined, error('network'), { failures: 1, toldWaits: 0 }, () => 0)).toBeUndefined()
    expect(next(new StageError('x', { category: 'network', retryable: false }), 1)).toBeUndefined()
  })

  it('comes when the other side said so, without spending an attempt, but not for ever', () => {
    expect(next(error('rate_limit', 90_000), 4)).toEqual({ delayMs: 90_000, counts: false })
    expect(next(error('rate_limit', -1), 1)).toEqual({ delayMs: 0, counts: false })
    expect(next(error('rate_limit', 90_000), 1, maxToldWaits)).toEqual({ delayMs: 1_000, counts: true })
    expect(next(error('rate_limit', 90_000), 4, maxToldWaits)).toBeUndefined()
  })
})

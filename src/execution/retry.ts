/**
 * Whether a failed attempt is followed by another, and when.
 *
 * Only categories that `retry.on` names are retried. When the other side says when to come back (`Retry-After`), that is
 * honoured without spending an attempt, but not for ever.
 */
import type { StageError } from '../foundation/errors.ts'
import type { RetryPlan } from '../foundation/plan.ts'

/** How often a stage waits as it was told to without spending an attempt. */
export const maxToldWaits = 10

export interface RetryState {
  /** Failures that count, the present one included. */
  readonly failures: number
  /** Waits as told so far. */
  readonly toldWaits: number
}

export interface NextAttempt {
  readonly delayMs: number
  /** The failure spends an attempt. */
  readonly counts: boolean
}

/** Undefined: the failure stands. `random` gives 0 ≤ x < 1. */
export function nextAttempt(
  retry: RetryPlan | undefined,
  error: StageError,
  state: RetryState,
  random: () => number,
): NextAttempt | undefined {
  if (!retry || !error.retryable || !(retry.on as readonly string[]).includes(error.category)) return undefined
  if (error.retryAfterMs !== undefined && state.toldWaits < maxToldWaits) {
    return { delayMs: Math.max(0, error.retryAfterMs), counts: false }
  }
  if (state.failures >= retry.attempts) return undefined
  return { delayMs: backoffMs(retry, state.failures, random), counts: true }
}

/** The delay after the `failures`-th failure (1, 2, …). Jitter takes away up to half of it. */
export function backoffMs(retry: RetryPlan, failures: number, random: () => number): number {
  const grown = Math.min(retry.maxDelayMs, retry.delayMs * factor(retry.backoff, failures))
  return Math.round(retry.jitter ? grown * (1 - random() / 2) : grown)
}

function factor(backoff: RetryPlan['backoff'], failures: number): number {
  switch (backoff) {
    case 'constant':
      return 1
    case 'linear':
      return failures
    case 'exponential':
      return 2 ** (failures - 1)
  }
}

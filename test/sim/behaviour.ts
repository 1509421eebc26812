/**
 * How the stages of random pipelines behave: how long each execution takes, and how it fails.
 *
 * Behaviour follows the number of the *execution*, not of the attempt: a stage that is to fail for good fails every time,
 * and one that recovers does so before its retries are spent. So a crash, which repeats an execution, changes how often a
 * stage runs and never how it ends; and a run with faults can be compared with one without.
 */
import type { FailureCategory } from '../../src/foundation/errors.ts'
import type { StagePlan } from '../../src/foundation/plan.ts'
import { pick, type Random, times, upTo } from '../fuzz/random.ts'

/** What goes wrong with an execution. `slow`: it takes longer than the stage's timeout. `crash`: its process dies. */
export type Trouble =
  | { readonly is: 'error'; readonly category: FailureCategory; readonly retryAfterMs?: number }
  | { readonly is: 'slow' }
  | { readonly is: 'not_json' }
  | { readonly is: 'crash' }

export interface Behaviour {
  readonly durationMs: number
  /** Of the first executions, one by one. */
  readonly first: readonly Trouble[]
  /** Of all others. */
  readonly always?: Trouble | undefined
  /** It does not listen to its signal, and ends up to this much later than it is told to. Milliseconds. */
  readonly deafMs: number
}

export const timeoutMs = 1_000

export function behaviourOf(random: Random, made: StagePlan, isSlow: boolean): Behaviour {
  const durationMs = isSlow ? upTo(random, 40_000) : pick(random, [0, 1, 1, 5, 20, 100, 400])
  const deafMs = random() < 0.1 ? upTo(random, 4_000) : 0
  const roll = random()
  if (made.kind !== 'effect' || roll < 0.6) return { durationMs, deafMs, first: [] }
  if (roll < 0.75) return { durationMs, deafMs, first: [], always: anyTrouble(random, made) }
  return { durationMs, deafMs, first: recoverable(random, made) }
}

/** Its first executions take their process with them. */
export const crashing = (random: Random, behaviour: Behaviour): Behaviour => ({
  ...behaviour,
  first: [...times(1 + upTo(random, 4), (): Trouble => ({ is: 'crash' })), ...behaviour.first],
})

/** It fails once or twice, and then no more. */
export const passing = (random: Random): Trouble[] =>
  times(1 + upTo(random, 2), () => ({ is: 'error', category: 'network' }))

export function anyTrouble(random: Random, { timeout }: StagePlan): Trouble {
  if (timeout && random() < 0.4) return { is: 'slow' }
  if (random() < 0.1) return { is: 'not_json' }
  return { is: 'error', category: pick(random, ['network', 'internal', 'validation', 'http_5xx', 'rate_limit']) }
}

/** Fewer than the retries forgive. */
function recoverable(random: Random, { retry, timeout }: StagePlan): Trouble[] {
  if (!retry) return []
  return times(1 + upTo(random, retry.attempts - 1), () => {
    const category = pick(random, retry.on)
    if (category === 'timeout') return timeout ? { is: 'slow' } : { is: 'error', category }
    return { is: 'error', category, ...(random() < 0.3 && { retryAfterMs: upTo(random, 3_000) }) }
  })
}

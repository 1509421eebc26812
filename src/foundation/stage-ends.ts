/** How a stage kind's `run` ends its stage otherwise than by returning or failing. */
import { StageError } from './errors.ts'
import type { SkipReason } from './outcome.ts'

/** Thrown by `run`: the stage is skipped for this reason, which passes on to its dependants as that of any skip does. */
export class StageSkipped extends Error {
  override readonly name = 'StageSkipped'
  readonly reason: SkipReason
  constructor(reason: SkipReason) {
    super(`The stage is skipped (${reason}).`)
    this.reason = reason
  }
}

/** `StageContext.wait` rejects with it when the deadline passed without an answer. Not caught, the stage fails with it. */
export class WaitTimedOut extends StageError {
  constructor() {
    super('Nobody answered in time.', { category: 'timeout', code: 'wait_timed_out', retryable: false })
  }
}

/**
 * How a stretch is stopped: paused (start nothing more), abandoned (stop without a record), cancelled, or over its limit.
 *
 * One signal for all that stop what runs; its reason says which it was.
 */
import { StageError } from '../foundation/errors.ts'
import { PauseRequested } from '../foundation/stage-runner.ts'

export interface RunControl extends Control {
  /** Of what runs when all stages have ended: only a pause and an abandon reach it. */
  readonly last: Control
}

export interface Control {
  /** Aborted when running stages have to stop. Its reason is a StageError (cancelled, limit) or a PauseRequested. */
  readonly signal: AbortSignal
  /** Nothing more may be started. */
  pausing(): boolean
}

export interface StretchControl extends RunControl {
  readonly pauseReason: 'interrupted' | 'until' | undefined
  readonly cancelled: boolean
  pause(reason: 'interrupted' | 'until'): void
  abandon(): void
  cancel(): void
  /** `limit`: the key in `limits` that says so; `timeout` by default. */
  exceed(limitMs: number, limit?: 'timeout' | 'deadline'): void
}

export function createControl(): StretchControl {
  const controller = new AbortController()
  const last = new AbortController()
  let pauseReason: 'interrupted' | 'until' | undefined
  let cancelled = false

  return {
    signal: controller.signal,
    pausing: () => pauseReason !== undefined,
    last: { signal: last.signal, pausing: () => pauseReason !== undefined },
    get pauseReason() {
      return pauseReason
    },
    get cancelled() {
      return cancelled
    },
    pause(reason) {
      pauseReason ??= reason
    },
    abandon() {
      pauseReason ??= 'interrupted'
      const reason = new PauseRequested('The run was stopped before its stages were done.')
      controller.abort(reason)
      last.abort(reason)
    },
    cancel() {
      if (controller.signal.aborted) return
      cancelled = true
      controller.abort(new StageError('The run was cancelled.', { category: 'cancelled', retryable: false }))
    },
    exceed(limitMs, limit = 'timeout') {
      const [what, code] = limit === 'timeout' ? ['was active', 'run_timeout'] : ['took', 'run_deadline']
      const message = `The run ${what} for longer than its limit of ${limitMs} ms (limits.${limit}).`
      controller.abort(new StageError(message, { category: 'limit', code, retryable: false }))
    },
  }
}

/**
 * One attempt of a stage: its time limits, and how it is stopped.
 *
 * An attempt is stopped by its own signal and then waited for, so that no effect goes on unseen. What does not stop
 * within the grace is said to be still running: it is not retried, and what it returns later is dropped.
 */
import type { Clock } from '../foundation/clock.ts'
import { formatDuration } from '../foundation/duration.ts'
import { StageError } from '../foundation/errors.ts'
import { isJsonObject } from '../foundation/json.ts'
import { isPromise } from '../foundation/promises.ts'
import type { Stoppable } from './stop.ts'

/** How long an attempt may take to stop once it is told to. Milliseconds. */
export const stopGraceMs = 5_000

/** Milliseconds. */
export interface TimeLimits {
  readonly totalMs?: number
  /** Since it last said anything: output, a token, progress, a log line. */
  readonly idleMs?: number
}

export interface AttemptPorts {
  readonly clock: Clock
  readonly limits: TimeLimits
  /** Stops it from outside; the reason is what the attempt then throws. */
  readonly stop: Stoppable
  /** Told when it does not stop. */
  readonly onStillRunning: () => void
}

/** Handed to the work. */
export interface AttemptLine {
  /** Made when it is first read, and aborted by then if the attempt was stopped before. */
  readonly signal: AbortSignal
  /** It said something. */
  alive(): void
  /** Ends the attempt here: `reason` is what it throws, whatever the work still returns. */
  stop(reason: unknown): void
  /** Calls `then` once the attempt is stopped or over, whichever comes first: nothing it says counts after that. */
  until(then: () => void): void
}

/**
 * Returns what the work returned, in a promise if that is one. Throws, or rejects with, what it threw or the reason for
 * which it was stopped.
 */
export function runAttempt(work: (line: AttemptLine) => unknown, ports: AttemptPorts): unknown {
  const { stop, limits } = ports
  if (stop.aborted) throw stop.reason
  const attempt = new Attempt()
  attempt.until(stop.onStop((reason) => attempt.stop(reason)))
  if (limits.totalMs !== undefined || limits.idleMs !== undefined) watchTime(ports, attempt)
  try {
    const returned = work(attempt)
    if (isPromise(returned)) return settle(Promise.resolve(returned), attempt, ports)
    return attempt.end(returned)
  } catch (thrown) {
    throw attempt.fail(thrown)
  }
}

class Attempt implements AttemptLine {
  private isOver = false
  private stopped: { readonly reason: unknown } | undefined
  private controller: AbortController | undefined
  private ends: readonly (() => void)[] | undefined
  private onStopped: (() => void) | undefined
  /** Set by whoever wants to know. */
  heard: (() => void) | undefined

  get signal(): AbortSignal {
    this.controller ??= new AbortController()
    if (this.stopped) this.controller.abort(this.stopped.reason)
    return this.controller.signal
  }

  alive(): void {
    this.heard?.()
  }

  /** Calls `then` when it is stopped, at once when it was. */
  whenStopped(then: () => void): void {
    if (this.stopped) then()
    else this.onStopped = then
  }

  until(then: () => void): void {
    this.ends = this.ends ? [...this.ends, then] : [then]
  }

  stop(reason: unknown): void {
    if (this.isOver || this.stopped) return
    this.stopped = { reason }
    this.free()
    this.controller?.abort(reason)
    this.onStopped?.()
  }

  /** It came to its end; the first end counts. Throws the reason when it was stopped before. */
  end(returned: unknown): unknown {
    this.leave()
    if (this.stopped) throw this.stopped.reason
    return returned
  }

  /** It threw. Returns what is to be thrown. */
  fail(thrown: unknown): unknown {
    this.leave()
    return this.stopped ? this.stopped.reason : thrown
  }

  private leave(): void {
    this.isOver = true
    this.free()
  }

  private free(): void {
    const { ends } = this
    this.ends = undefined
    for (const end of ends ?? []) end()
  }
}

/** Whoever comes first, the end or the stop, decides; what comes after a stop is only waited for. */
function settle(returned: Promise<unknown>, attempt: Attempt, ports: AttemptPorts): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let stopping = false
    attempt.whenStopped(() => {
      stopping = true
      stopsInTime(returned, ports.clock).then((stopped) => {
        const reason = attempt.fail(undefined)
        if (!stopped) ports.onStillRunning()
        reject(stopped ? reason : stillRunning(reason))
      }, reject)
    })
    const ended = (value: unknown): void => {
      if (!stopping) resolve(attempt.end(value))
    }
    const failed = (thrown: unknown): void => {
      if (!stopping) reject(attempt.fail(thrown))
    }
    returned.then(ended, failed).catch(reject) // what was to be freed could not be
  })
}

async function stopsInTime(returned: Promise<unknown>, clock: Clock): Promise<boolean> {
  const done = new AbortController()
  const grace = clock.sleep(stopGraceMs, done.signal).then(
    () => false,
    () => true,
  )
  const ended = returned.then(
    () => true,
    () => true,
  )
  const stopped = await Promise.race([ended, grace])
  done.abort()
  return stopped
}

/** The same error, which now says that the attempt lives on; errors of ours only. */
function stillRunning(reason: unknown): unknown {
  if (!(reason instanceof StageError)) return reason
  const { category, code, message, details } = reason
  return new StageError(`${message} It did not stop within ${formatDuration(stopGraceMs)} and may still be running.`, {
    category,
    code,
    details: { ...(details !== undefined && isJsonObject(details) ? details : {}), still_running: true },
    cause: reason,
    retryable: false,
  })
}

/** Starts the timers; the attempt's end takes them away. */
function watchTime({ clock, limits }: AttemptPorts, attempt: Attempt): void {
  const { totalMs, idleMs } = limits
  const over = new AbortController()
  attempt.until(() => over.abort('over')) // a reason of our own: the default one costs more than all the rest here
  if (totalMs !== undefined) {
    clock.sleep(totalMs, over.signal).then(() => attempt.stop(timedOut(totalMs, 'total')), ignore)
  }
  if (idleMs === undefined) return
  let heardMs = clock.monotonic()
  attempt.heard = () => {
    heardMs = clock.monotonic()
  }
  watchIdle(idleMs).catch(ignore)

  async function watchIdle(limitMs: number): Promise<void> {
    for (let left = limitMs; left > 0; left = limitMs - (clock.monotonic() - heardMs)) {
      await clock.sleep(left, over.signal)
    }
    attempt.stop(timedOut(limitMs, 'idle'))
  }
}

const ignore = (): void => undefined // the attempt is over

function timedOut(limitMs: number, which: 'total' | 'idle'): StageError {
  const limit = formatDuration(limitMs)
  const message =
    which === 'total' ? `The attempt took longer than ${limit}.` : `The attempt said nothing for ${limit}.`
  return new StageError(message, { category: 'timeout', details: { limit_ms: limitMs, kind: which } })
}

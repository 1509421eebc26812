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
  readonly stop: AbortSignal
  /** Told when it does not stop. */
  readonly onStillRunning: () => void
}

/** Handed to the work. */
export interface AttemptLine {
  readonly signal: AbortSignal
  /** It said something. */
  alive(): void
}

/** Resolves with what the work returned. Rejects with what it threw, or with the reason for which it was stopped. */
export async function runAttempt(work: (line: AttemptLine) => unknown, ports: AttemptPorts): Promise<unknown> {
  const attempt = new AbortController()
  const over = new AbortController()
  const onStop = () => attempt.abort(ports.stop.reason)
  ports.stop.addEventListener('abort', onStop, { once: true })
  if (ports.stop.aborted) onStop()
  const alive = watchTime(ports, attempt, over.signal)
  try {
    return await settle(work, { signal: attempt.signal, alive }, ports)
  } finally {
    ports.stop.removeEventListener('abort', onStop)
    over.abort('over') // a reason of our own: making the default one costs more than all the rest here
  }
}

type Ended = { readonly returned: unknown } | { readonly thrown: unknown }

async function settle(work: (line: AttemptLine) => unknown, line: AttemptLine, ports: AttemptPorts): Promise<unknown> {
  line.signal.throwIfAborted()
  const ended: Promise<Ended> = Promise.resolve()
    .then(() => work(line))
    .then(
      (returned) => ({ returned }),
      (thrown: unknown) => ({ thrown }),
    )
  const first = await Promise.race([ended, whenAborted(line.signal)])
  if (first && 'returned' in first) return first.returned
  if (first && !line.signal.aborted) throw first.thrown
  if (!(await stopsInTime(ended, ports.clock))) {
    ports.onStillRunning()
    throw stillRunning(line.signal.reason)
  }
  throw line.signal.reason
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

async function stopsInTime(ended: Promise<unknown>, clock: Clock): Promise<boolean> {
  const done = new AbortController()
  const grace = clock.sleep(stopGraceMs, done.signal).then(
    () => false,
    () => true,
  )
  const stopped = await Promise.race([ended.then(() => true), grace])
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

/** Starts the timers and returns the function that puts the idle one back. */
function watchTime({ clock, limits }: AttemptPorts, attempt: AbortController, over: AbortSignal): () => void {
  const { totalMs, idleMs } = limits
  let heard = clock.monotonic()
  if (totalMs !== undefined) {
    clock.sleep(totalMs, over).then(() => attempt.abort(timedOut(totalMs, 'total')), ignore)
  }
  if (idleMs !== undefined) watchIdle(idleMs).catch(ignore)

  async function watchIdle(limitMs: number): Promise<void> {
    for (let left = limitMs; left > 0; left = limitMs - (clock.monotonic() - heard)) await clock.sleep(left, over)
    attempt.abort(timedOut(limitMs, 'idle'))
  }
  return () => {
    heard = clock.monotonic()
  }
}

const ignore = (): void => undefined // the attempt is over

function timedOut(limitMs: number, which: 'total' | 'idle'): StageError {
  const limit = formatDuration(limitMs)
  const message =
    which === 'total' ? `The attempt took longer than ${limit}.` : `The attempt said nothing for ${limit}.`
  return new StageError(message, { category: 'timeout', details: { limit_ms: limitMs, kind: which } })
}

/**
 * retry( timeout( run )): the attempts of a stage, until one returns or the failure stands.
 *
 * A place of the semaphore is held while an attempt runs, not while the next one is waited for.
 */
import type { Clock } from '../foundation/clock.ts'
import type { StageError } from '../foundation/errors.ts'
import { JournalError } from '../foundation/journal.ts'
import type { StagePlan } from '../foundation/plan.ts'
import { PauseRequested, StageWaits } from '../foundation/stage-runner.ts'
import { type AttemptLine, runAttempt, type TimeLimits } from './attempt.ts'
import { asStageError } from './failures.ts'
import { type NextAttempt, nextAttempt } from './retry.ts'
import type { Stop, Stoppable } from './stop.ts'

export interface AttemptsPorts {
  readonly clock: Clock
  readonly random: () => number
  readonly stop: Stop
  /** Waits for a place to run; undefined: no place is needed. */
  readonly place: (() => Promise<() => void> | (() => void)) | undefined
  /** From earlier stretches; the next attempt does not start before `nextAtMs`. */
  readonly prior: { readonly attempts: number; readonly failures: number; readonly nextAtMs?: number }
  readonly limits: () => TimeLimits
  /** What it returns is waited for: only when the start is recorded may there be an effect. */
  readonly onStarted: (attempt: number) => Promise<void> | undefined
  /** A started attempt was stopped for a pause. */
  readonly onInterrupted: (attempt: number) => void
  readonly onRetrying: (attempt: number, error: StageError, next: NextAttempt) => void
  readonly onStillRunning: () => void
}

export type Attempted =
  | { readonly returned: unknown; readonly attempts: number }
  | { readonly error: StageError; readonly attempts: number }
  /** Stopped from outside; `attempts` is 0 when none was started. */
  | { readonly stopped: StageError; readonly attempts: number }

/** Rejects with PauseRequested, StageWaits and JournalError only. */
export async function runAttempts(
  stage: StagePlan,
  work: (attempt: number, line: AttemptLine) => unknown,
  ports: AttemptsPorts,
): Promise<Attempted> {
  let attempts = ports.prior.attempts
  let failures = ports.prior.failures
  let toldWaits = 0
  let running = false
  const begin = (): Promise<void> | undefined => ports.onStarted(++attempts)
  const working = (line: AttemptLine): unknown => {
    running = true
    return work(attempts, line)
  }
  const { nextAtMs } = ports.prior
  const stoppedBefore = nextAtMs === undefined ? undefined : await sleepUntilNext(nextAtMs - ports.clock.now(), ports)
  if (stoppedBefore) return { stopped: stoppedBefore, attempts }
  for (;;) {
    running = false
    try {
      return { returned: await one(working, begin, ports), attempts }
    } catch (thrown) {
      if (thrown instanceof PauseRequested && running) ports.onInterrupted(attempts)
      if (thrown instanceof PauseRequested || thrown instanceof JournalError || thrown instanceof StageWaits)
        throw thrown
      const error = asStageError(thrown)
      if (isStop(ports.stop, error)) return { stopped: error, attempts }
      const next = nextAttempt(stage.retry, error, { failures: failures + 1, toldWaits }, ports.random)
      if (!next) return { error, attempts }
      if (next.counts) failures++
      else toldWaits++
      ports.onRetrying(attempts, error, next)
      const stopped = await sleepUntilNext(next.delayMs, ports)
      if (stopped) return { stopped, attempts }
    }
  }
}

/** Also when the attempt did not stop in time and the error says so. */
const isStop = ({ aborted, reason }: Stoppable, error: StageError): boolean =>
  aborted && (error === reason || error.cause === reason)

async function one(
  work: (line: AttemptLine) => unknown,
  begin: () => Promise<void> | undefined,
  { clock, limits, stop, place, onStillRunning }: AttemptsPorts,
): Promise<unknown> {
  const placed = place?.()
  const release = placed instanceof Promise ? await placed : placed
  try {
    stop.check()
    const recorded = begin()
    if (recorded) await recorded
    const returned = runAttempt(work, { clock, limits: limits(), stop, onStillRunning })
    return returned instanceof Promise ? await returned : returned
  } finally {
    release?.()
  }
}

/** How often a wait looks whether the run is being paused. Milliseconds. */
const pausePollMs = 500

/** Returns why the run was stopped meanwhile, if it was. Rejects with PauseRequested. */
async function sleepUntilNext(delayMs: number, { clock, stop }: AttemptsPorts): Promise<StageError | undefined> {
  try {
    for (let left = delayMs; left > 0; left -= pausePollMs) {
      stop.check()
      await clock.sleep(Math.min(left, pausePollMs), stop.signal)
    }
    stop.check()
    return undefined
  } catch (reason) {
    if (reason instanceof PauseRequested) throw reason
    return asStageError(reason)
  }
}

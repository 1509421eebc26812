/**
 * retry( timeout( run )): the attempts of a stage, until one returns or the failure stands.
 *
 * A place of the semaphore is held while an attempt runs, not while the next one is waited for.
 */
import type { Clock } from '../foundation/clock.ts'
import type { StageError } from '../foundation/errors.ts'
import { JournalError } from '../foundation/journal.ts'
import type { StagePast } from '../foundation/past.ts'
import type { StagePlan } from '../foundation/plan.ts'
import { StageSkipped } from '../foundation/stage-ends.ts'
import { PauseRequested, StageWaits } from '../foundation/stage-runner.ts'
import { type AttemptLine, runAttempt, type TimeLimits } from './attempt.ts'
import { asStageError } from './failures.ts'
import { type NextAttempt, nextAttempt } from './retry.ts'
import type { Stop, Stoppable } from './stop.ts'

export interface AttemptsPorts {
  readonly clock: Clock
  readonly random: () => number
  readonly stop: Stop
  /** From earlier stretches; the next attempt does not start before `nextAt`. */
  readonly past: Pick<StagePast, 'attempts' | 'failures' | 'nextAt'>
  /** Waits for a place to run, and returns how it is given back; undefined: no place is needed. */
  place(): Promise<() => void> | (() => void) | undefined
  limits(): TimeLimits
  /** What it returns is waited for: only when the start is recorded may there be an effect. */
  onStarted(attempt: number): Promise<void> | undefined
  work(attempt: number, line: AttemptLine): unknown
  /** A started attempt was stopped for a pause. */
  onInterrupted(attempt: number): void
  onRetrying(attempt: number, error: StageError, next: NextAttempt): void
  onStillRunning(): void
}

export type Attempted =
  | { readonly returned: unknown; readonly attempts: number }
  | { readonly error: StageError; readonly attempts: number }
  /** Stopped from outside; `attempts` is 0 when none was started. */
  | { readonly stopped: StageError; readonly attempts: number }

/** Rejects with PauseRequested, StageWaits, StageSkipped and JournalError only. */
export async function runAttempts(stage: StagePlan, ports: AttemptsPorts): Promise<Attempted> {
  const { clock, stop, past } = ports
  const onStillRunning = (): void => ports.onStillRunning()
  let { attempts, failures } = past
  let toldWaits = 0
  let running = false
  const work = (line: AttemptLine): unknown => {
    running = true
    return ports.work(attempts, line)
  }
  const waitMs = past.nextAt === undefined ? undefined : Date.parse(past.nextAt) - clock.now()
  const stoppedBefore = waitMs === undefined ? undefined : await sleepUnlessStopped(waitMs, ports)
  if (stoppedBefore) return { stopped: stoppedBefore, attempts }
  for (;;) {
    let release: (() => void) | undefined
    running = false
    try {
      const placed = ports.place()
      release = placed instanceof Promise ? await placed : placed
      stop.check()
      const recorded = ports.onStarted(++attempts)
      if (recorded) await recorded
      const limits = ports.limits()
      const returned = runAttempt(work, { clock, limits, stop, onStillRunning })
      return { returned: returned instanceof Promise ? await returned : returned, attempts }
    } catch (thrown) {
      release?.() // at once: what follows may wait for the next attempt
      if (thrown instanceof PauseRequested && running) ports.onInterrupted(attempts)
      if (isSignal(thrown)) throw thrown
      const error = asStageError(thrown)
      if (isStop(stop, error)) return { stopped: error, attempts }
      const next = nextAttempt(stage.retry, error, { failures: failures + 1, toldWaits }, ports.random)
      if (!next) return { error, attempts }
      if (next.counts) failures++
      else toldWaits++
      ports.onRetrying(attempts, error, next)
      const stopped = await sleepUnlessStopped(next.delayMs, ports)
      if (stopped) return { stopped, attempts }
    } finally {
      release?.()
    }
  }
}

/** What is no failure of the attempt. */
const isSignal = (thrown: unknown): boolean =>
  thrown instanceof PauseRequested ||
  thrown instanceof JournalError ||
  thrown instanceof StageWaits ||
  thrown instanceof StageSkipped

/** Also when the attempt did not stop in time and the error says so. */
const isStop = ({ aborted, reason }: Stoppable, error: StageError): boolean =>
  aborted && (error === reason || error.cause === reason)

/** How often a wait looks whether the run is being paused. Milliseconds. */
const pausePollMs = 500

/** Returns why the run was stopped meanwhile, if it was. Rejects with PauseRequested. */
export async function sleepUnlessStopped(
  delayMs: number,
  { clock, stop }: Pick<AttemptsPorts, 'clock' | 'stop'>,
): Promise<StageError | undefined> {
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

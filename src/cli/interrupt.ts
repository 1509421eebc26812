/**
 * What Ctrl-C does to a run. The first starts nothing more and waits for what runs, at most `graceMs`; the second
 * cancels; the third leaves at once. Nothing is lost in any of them: the run can be resumed, or is cancelled for good.
 */
import type { Run } from '../execution/run.ts'
import type { Clock } from '../foundation/clock.ts'

/** How long the first Ctrl-C waits for stages that run. */
export const graceMs = 10_000

/** How long what is stopped then may take to stop. */
export const stopMs = 3_000

export interface Interrupts {
  /** To be called on every Ctrl-C. */
  readonly interrupt: () => void
  /** What the presses so far asked for. */
  readonly asked: 'nothing' | 'pause' | 'cancel'
  /** No more waiting. */
  dispose(): void
}

export interface InterruptPorts {
  readonly run: Pick<Run, 'id' | 'pause' | 'abandon' | 'cancel'>
  readonly clock: Clock
  readonly note: (text: string) => void
  /** Ends the process at once. */
  readonly leave: () => void
}

export function createInterrupts({ run, clock, note, leave }: InterruptPorts): Interrupts {
  const waiting = new AbortController()
  let presses = 0

  function pause(): void {
    note(
      `Starting nothing more; finishing what runs (up to ${graceMs / 1_000} s). Press Ctrl-C again to cancel the run.`,
    )
    run.pause()
    void waitThen(graceMs, giveUp)
  }

  /** Does nothing when the waiting is over before. */
  async function waitThen(ms: number, next: () => void): Promise<void> {
    const passed = await clock.sleep(ms, waiting.signal).then(
      () => true,
      () => false,
    )
    if (passed) next()
  }

  function giveUp(): void {
    void waitThen(stopMs, leave)
    note('Not everything was done in time; it is stopped now and runs again when the run is resumed.')
    run.abandon()
  }

  function cancel(): void {
    waiting.abort()
    note('Cancelling the run. Press Ctrl-C again to leave at once.')
    run.cancel().catch((error: unknown) => note(`The run could not be cancelled: ${String(error)}`))
  }

  return {
    interrupt() {
      presses += 1
      if (presses === 1) pause()
      else if (presses === 2) cancel()
      else leave()
    },
    get asked() {
      if (presses === 0) return 'nothing'
      return presses === 1 ? 'pause' : 'cancel'
    },
    dispose: () => waiting.abort(),
  }
}

/**
 * The journal of a run: what happened, in order. It is the only truth; where a run stands follows from it.
 *
 * Its records are the run's own events, so the history people see and the journal that recovery reads are one. A stage
 * with effects is run like this, whoever keeps the journal:
 *
 *   say(stage.started) → commit → effect → say(stage.succeeded, variable.changed…) → commit
 *
 * and one commit holds whatever was said before it: the end of a stage, and the starts it made ready.
 */
import type { RunEventBody } from './events.ts'
import type { Past } from './past.ts'

export interface Journal {
  /**
   * Takes it down after everything said before; what is said without a pause in between is kept together. Durable once a
   * later `commit` has resolved. `at` (ISO 8601, UTC) is now unless it is given.
   */
  say(event: RunEventBody, at?: string): void
  /** Resolves when everything said so far is durable. Rejects with JournalError. */
  commit(): Promise<void>
}

/** A journal, and what it held when this began. */
export interface Recorded {
  readonly journal: Journal
  readonly past: Past
  /** All that is recorded by now. Rejects with JournalError. */
  reread(): Promise<Past>
  /**
   * Calls back when something has come for a stage that waits, which is to be run again then; until it is told to stop.
   * Absent: nothing comes while a graph runs.
   */
  onNews?(listener: () => void): () => void
}

/** Nothing can be recorded any more: the store failed, or someone else runs the thread. No failure of a stage. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** What the harness and the processes it kills say to each other. */
import type { Lowering } from '../../src/foundation/outcome.ts'
import type { PipelineName } from './pipelines.ts'

export interface Job {
  /**
   * `resume` starts it when the store knows of no such run: it was never accepted. `take over` is a resume that waits
   * until whoever holds the thread has lost it.
   */
  readonly action: 'start' | 'resume' | 'take over'
  readonly pipeline: PipelineName
  readonly lowering: Lowering
  readonly thread: string
  /** Paths. */
  readonly store: string
  readonly effects: string
  readonly leaseMs: number
  /** Numbers of points. */
  readonly kill?: number
  readonly stop?: number
  /** Effects wait for `open`. */
  readonly gated?: boolean
  /** What is switched off, to see that the harness notices. */
  readonly without?: 'journal' | 'lease'
}

export type ToChild = { readonly job: Job } | { readonly open: true }

export type Said =
  | { readonly said: 'ready' }
  /** It has the run, or why not: the code of the error. */
  | { readonly said: 'taken' }
  | { readonly said: 'refused'; readonly code: string; readonly message: string }
  | {
      readonly said: 'ended'
      readonly status: string
      /** The code of the error that the stretch ended with. */
      readonly code: string | null
      readonly points: readonly string[]
    }

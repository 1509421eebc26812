/**
 * What the flow lowering gets from the engine: a scheduler that runs the stages of a plan inside one node. Each outcome
 * is in the journal the moment it is there, long before LangGraph makes a checkpoint.
 */
import type { Outcomes } from './outcome.ts'
import type { Plan } from './plan.ts'
import type { RunView, StageLine, StageRunner } from './stage-runner.ts'
import type { OpenWait } from './wait.ts'

/** One entry: run on from `view` until nothing runs and nothing is ready. */
export interface FlowWork {
  readonly view: RunView
  readonly line: StageLine
}

/** What an entry brought. */
export interface Flown {
  /** Outcomes that `view` did not have. Recorded. */
  readonly fresh: Outcomes
  /** Stages were ready and not started, because the run is being paused. */
  readonly paused: boolean
  /** What stages wait for, in plan order. */
  readonly waits: readonly OpenWait[]
}

/**
 * Rejects when the journal or the runner broke: after everything in flight has ended, so that nobody's effect goes
 * unrecorded.
 */
export type Flow = (work: FlowWork) => Promise<Flown>

/** Made once per plan; what it returns may be used for many threads at once. */
export type CreateFlow = (plan: Plan) => (runner: StageRunner) => Flow

/**
 * What the lowering gets from the engine: how to run one stage, and how to end a run. The compiler knows nothing else
 * of the engine, and the engine nothing of LangGraph's nodes.
 */
import type { Json, JsonObject } from './json.ts'
import type { Outcome, Outcomes, RunState } from './outcome.ts'
import type { StagePlan } from './plan.ts'

/** A variable edited from outside (`updateState`): replaces the contributions of `covers` for stages started later. */
export interface VariablePatch {
  readonly variable: string
  readonly value: Json
  readonly covers: readonly string[]
}

/** The state of a run as a stage finds it. Frozen. */
export interface RunView {
  readonly inputs: JsonObject
  readonly outcomes: Outcomes
  readonly run: RunState
  readonly patches: readonly VariablePatch[]
}

/** What ended the run: status, outputs, error. */
export interface Settled {
  readonly run: RunState
  readonly outputs: JsonObject | null
}

export interface StageRunner {
  /** Makes the `run` channel when a thread starts, and validates and completes the inputs. Throws InputError. */
  start(inputs: JsonObject, threadId: string): { readonly inputs: JsonObject; readonly run: RunState }
  /**
   * Runs one stage to its outcome: join, `if`, cache, retry(timeout(run)), output check, `on_error`, `set`. Never rejects
   * because the stage failed. Rejects with `PauseRequested` when nothing more may be started.
   */
  runStage(stage: StagePlan, view: RunView): Promise<Outcome>
  /** All stages are terminal (or can never be): decides status, outputs and error. */
  settle(view: RunView): Promise<Settled>
}

/** Thrown by `runStage` when the run is being paused; the lowering turns it into an interrupt without an effect. */
export class PauseRequested extends Error {
  override readonly name = 'PauseRequested'
}

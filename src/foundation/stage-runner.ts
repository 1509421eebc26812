/**
 * What the lowering gets from the engine: how to run one stage, and how to end a run. The compiler knows nothing else
 * of the engine, and the engine nothing of LangGraph's nodes.
 */
import type { RunEventBody } from './events.ts'
import type { Recorded } from './journal.ts'
import type { Json, JsonObject } from './json.ts'
import type { Outcome, Outcomes, RunState, VariablePatch } from './outcome.ts'
import type { StagePlan } from './plan.ts'
import type { OpenWait, Wait } from './wait.ts'

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

/** What the lowering lends to one run of a stage. */
export interface StageLine {
  /** Gets every event of the stage too, as it is said (LangGraph's `custom` stream). */
  readonly tell?: (event: RunEventBody) => void
  /** Aborted when the graph's caller gave up: what runs is stopped and not recorded. */
  readonly signal?: AbortSignal
  /** Where it is recorded, and what was recorded of it before. Without one, an outcome is kept by whoever gets it. */
  readonly recorded?: Recorded
}

/** What a thread begins with. */
export interface Started {
  readonly inputs: JsonObject
  readonly run: RunState
  /** Variables edited before anything ran here. */
  readonly patches?: readonly VariablePatch[]
}

export interface StageRunner {
  /** The host keeps the journal itself: the lowering keeps none. */
  readonly recorded?: Recorded
  /** Makes the `run` channel when a thread starts, and validates and completes the inputs. Throws InputError. */
  start(inputs: JsonObject, threadId: string): Started
  /**
   * Runs one stage to its outcome: join, `if`, cache, retry(timeout(run)), output check, `on_error`, `set`. Never rejects
   * because the stage failed. Rejects with `PauseRequested` when nothing more may be started, with `StageWaits` when the
   * stage needs an answer first (which is said to the journal), and with `JournalError`. An
   * outcome that is recorded is returned as it is; a new one is said to the journal, and durable after its next commit.
   */
  runStage(stage: StagePlan, view: RunView, line?: StageLine): Promise<Outcome>
  /** Hash of what the stage would be given now; undefined when that cannot be told. */
  inputHash(stage: StagePlan, view: RunView): string | undefined
  /**
   * All stages are terminal (or can never be): decides status, outputs and error, and runs what runs last. Rejects as
   * `runStage` does.
   */
  settle(view: RunView, line?: StageLine): Promise<Settled>
  /**
   * A variable's value: what was set, in plan order, on top of `base` (a patch) or else of its default; null when there
   * is neither. Pure; throws when a reducer of the user's does.
   */
  fold(variable: string, contributions: readonly Json[], base?: Json): Json
  /** Throws InputError when `value` may not stand in the variable. */
  checkVariable(variable: string, value: Json): void
  /** Throws InputError when `output` is not what the stage's `output:` demands. */
  checkOutput(stage: StagePlan, output: Json): void
  /** Throws InputError when `answer` is not what the wait demands. */
  checkAnswer(wait: Wait | OpenWait, answer: Json): void
}

/** Thrown by `runStage` when the run is being paused; the lowering turns it into an interrupt without an effect. */
export class PauseRequested extends Error {
  override readonly name = 'PauseRequested'
}

/** Thrown by `runStage` when the stage needs an answer before it can go on. It is no failure, and nothing is in flight. */
export class StageWaits extends Error {
  override readonly name = 'StageWaits'
  /** At least one; several where stages inside it wait. */
  readonly waits: readonly OpenWait[]
  constructor(...waits: readonly OpenWait[]) {
    super(`${waits.map(({ stage }) => `"${stage}"`).join(', ')} waits for an answer.`)
    this.waits = waits
  }
}

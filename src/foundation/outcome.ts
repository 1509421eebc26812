/**
 * How a stage ended, as data. Written once into the `stages` channel under the stage's path.
 */
import type { Failure } from './errors.ts'
import type { Json, JsonObject } from './json.ts'

export const skipReasons = ['rejected', 'timeout', 'cancelled', 'failed', 'need', 'condition'] as const
/** Why a stage was skipped, strongest first. Only `condition` lets dependants go on. */
export type SkipReason = (typeof skipReasons)[number]

export type StageStatus = 'pending' | 'waiting' | 'running' | 'succeeded' | 'failed' | 'skipped' | 'cancelled'
export type TerminalStatus = Extract<StageStatus, 'succeeded' | 'failed' | 'skipped' | 'cancelled'>

export interface Outcome {
  readonly status: TerminalStatus
  /** null unless it succeeded, or failed with a value given by `on_error`. */
  readonly output: Json
  readonly error: Failure | null
  readonly reason: SkipReason | null
  /** The failure was tolerated by `on_error: continue`; joins count it as succeeded. */
  readonly tolerated: boolean
  /** What the stage set: variable → value. Folded in plan order, never in completion order. */
  readonly set: Readonly<Record<string, Json>>
  /** Attempts that were started, crashes included; 0 when it was skipped or answered from the cache. */
  readonly attempts: number
  /** ISO 8601, UTC. */
  readonly started_at: string
  readonly ended_at: string
  readonly cached?: true
  /** How often the stage was begun anew, by forks; absent = 1. */
  readonly generation?: number
  /**
   * What stages inside this one set: variable → contributions, in plan order. They fold before what it set itself.
   */
  readonly parts?: Readonly<Record<string, readonly Json[]>>
  /** How the stages inside came to their end. */
  readonly body?: BodyEnd
  /** The failure asks for the run to be rolled back, and nothing tolerates it. */
  readonly rollback?: true
  /** A gate inside it failed, or was open when it did: nothing tolerates that, and what needs it does not run. */
  readonly shut?: true
}

/** What expressions read beside the output of a stage with stages inside. */
export interface BodyEnd {
  /** Of a foreach: the items that failed. */
  readonly errors?: readonly ItemError[]
  /** Of a loop: how many were run, and whether `max` ended it. */
  readonly iterations?: number
  readonly exhausted?: boolean
  /** Of a switch: the position of the case that was taken, from 0. */
  readonly branch?: number
}

export interface ItemError {
  readonly index: number
  readonly item: Json
  /** Id of the stage that failed. */
  readonly stage: string
  readonly error: Failure
}

/** What most stages set. */
export const nothingSet: Outcome['set'] = Object.freeze({})

/** Path of a stage → its outcome: the value of the `stages` channel. */
export type Outcomes = Readonly<Record<string, Outcome>>

export type RunStatus =
  | 'queued'
  | 'running'
  | 'waiting'
  | 'paused'
  | 'cancelling'
  | 'finalizing'
  | 'succeeded'
  | 'stopped'
  | 'failed'
  | 'cancelled'
  | 'rolling_back'
  | 'rolled_back'
  | 'rollback_failed'
  | 'quarantined'
  | 'incomplete'

/** A run that ended so is over: nothing more is started on its thread. */
export const finishedStatuses = [
  'succeeded',
  'stopped',
  'failed',
  'cancelled',
  'rolled_back',
  'rollback_failed',
] as const satisfies readonly RunStatus[]

export const isFinished = (status: RunStatus): boolean => (finishedStatuses as readonly RunStatus[]).includes(status)

/** What expressions read as `run.last`. */
export interface LastRun {
  readonly id: string
  readonly started_at: string
  readonly outputs: JsonObject | null
}

/**
 * Two graphs of one plan, equal in what they compute. `stages`: a node per stage, for LangGraph's tools. `flow`: one
 * node in which a stage starts as soon as its own needs are done, with a journal beside the checkpoints.
 */
export type Lowering = 'stages' | 'flow'

/** A variable edited from outside (`updateState`): replaces the contributions of `covers` for stages started later. */
export interface VariablePatch {
  readonly variable: string
  readonly value: Json
  readonly covers: readonly string[]
}

/** The `run` channel: what the run is and how it ended. */
export interface RunState {
  readonly id: string
  readonly thread_id: string
  readonly pipeline: string
  readonly version: string | null
  readonly plan: string
  readonly started_at: string
  /** Who started it, where that is known. */
  readonly by?: string
  /** The graph it is run by, when that is not a node per stage: another graph cannot go on with it. */
  readonly lowering?: Extract<Lowering, 'flow'>
  /** The environment the pipeline may read, frozen when the run starts. */
  readonly env: Readonly<Record<string, string>>
  /** The last run of this pipeline that succeeded before this one started; absent where nobody looked it up. */
  readonly last?: LastRun | null
  /** Absent until the run is settled. */
  readonly status?: RunStatus
  readonly error?: Failure | null
  /** Paths of stages whose failure was tolerated. */
  readonly tolerated?: readonly string[]
  /** What could not be taken back, where the run was rolled back. */
  readonly not_undone?: readonly Failure[]
  readonly ended_at?: string
}

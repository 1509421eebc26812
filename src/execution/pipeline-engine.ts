/** What an engine can do: the interface that code, the CLI and servers call. */
import type { RunEvent, RunResult } from '../foundation/events.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { Plan } from '../foundation/plan.ts'
import type { OpenWait } from '../foundation/wait.ts'
import type { Decision } from './decision.ts'
import type {
  FollowOptions,
  ForkOptions,
  PlanOptions,
  ResumeOptions,
  Runnable,
  StartOptions,
} from './engine-options.ts'
import type { Decided, NewSignal, PendingWait, Signalled, Ticked } from './engine-waits.ts'
import type { ForkPoint } from './fork.ts'
import type { HistoryEntry } from './history.ts'
import type { Recovered } from './recover.ts'
import type { PlannedStage } from './recovery-plan.ts'
import type { PipelineResult, Run } from './run.ts'
import type { StageState } from './run-history.ts'
import type { RunFilter, RunRecord } from './store.ts'

/** A run as it stands in the store. */
export interface PipelineState extends RunRecord {
  readonly result: RunResult | null
  readonly stages: readonly StageState[]
  /** What it waits for: answers are given by `resume(threadId, { answers: { [id]: … } })`. */
  readonly waits: readonly OpenWait[]
  /** Variables as they were set from outside, by `set` of a fork or a retry. */
  readonly edited_vars: JsonObject
}

export interface PipelineEngine extends AsyncDisposable {
  /** Starts a run. Rejects with InputError or ThreadError before any effect. */
  start(pipeline: Runnable, inputs?: JsonObject, options?: StartOptions): Promise<Run>
  /** Goes on with a run that paused, crashed or was left, by its stored plan or the one to migrate to. */
  resume(threadId: string, options?: ResumeOptions): Promise<Run>
  /**
   * What `resume` would do with each stage, by the stored plan or by the one to migrate to, as the log stands now. Does
   * nothing. Rejects with ThreadError when the thread is unknown, or cannot be gone on with; with InputError when its
   * inputs are not enough for the other plan.
   */
  planRecovery(threadId: string, options?: PlanOptions): Promise<readonly PlannedStage[]>
  /**
   * Takes over every run whose process died, or gave no sign of life for longer than its lease, and goes on with it.
   * Says of each how; those that another process takes over at the same time are not among them.
   */
  recover(): Promise<readonly Recovered[]>
  /** What runs wait for, those first that are due first: of all runs, or of one. */
  pending(threadId?: string): Promise<readonly PendingWait[]>
  /**
   * Answers a wait, by its id or that of its stage: a decision for an `approve`, an answer for any other. It is kept
   * before anything else is done, and the run goes on; here, or where somebody else runs it. The first answer stands: the
   * same may be given again, another rejects with ThreadError `wait_decided`. Rejects with InputError when it does not fit,
   * and the wait stays open.
   */
  decide(threadId: string, waitOrStage: string, decision: Decision): Promise<Decided>
  /** Tells an event to every run that waits for it, now or as long as it is kept. */
  signal(signal: NewSignal): Promise<Signalled>
  /**
   * Goes on with every run of whose waits something is due: deadlines, times, reminders, answers and events that nobody
   * took up. Says of each how; those that somebody else runs are not among them.
   */
  tick(): Promise<readonly Ticked[]>
  /** Starts a run and waits for its end. */
  execute(pipeline: Runnable, inputs?: JsonObject, options?: StartOptions): Promise<PipelineResult>
  /** Ends a run, wherever it runs, or when nobody runs it. Idempotent. */
  cancel(threadId: string): Promise<void>
  get(threadId: string): Promise<PipelineState | undefined>
  list(filter?: RunFilter): Promise<readonly RunRecord[]>
  /**
   * A new run that begins with what a thread had recorded up to a place in its log (see `history`); `set` edits variables
   * there. What was not done there runs in the fork. Rejects with ThreadError or InputError before any effect.
   */
  fork(threadId: string, point: ForkPoint, options?: ForkOptions): Promise<Run>
  /** What was recorded, stage by stage, oldest first. */
  history(threadId: string): Promise<readonly HistoryEntry[]>
  events(threadId: string, options?: FollowOptions): AsyncIterable<RunEvent>
  /** The plan a run is pinned to. */
  plan(threadId: string): Promise<Plan | undefined>
  /** Removes a run with all it left behind. Refused while it runs. False when there is none. */
  delete(threadId: string): Promise<boolean>
  /** Pauses what runs here and waits for it. The store stays open: it is whoever opened it who closes it. */
  close(): Promise<void>
}

/**
 * Everything a run leaves behind, behind one port: LangGraph's checkpoints, runs, plans, events, cache.
 *
 * Implementations: `stores/memory.ts`, `stores/sqlite.ts`; one conformance suite (`test/conformance/store.ts`).
 * Values are strict JSON and are never revived into anything else.
 */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { RunEvent, RunEventBody } from '../foundation/events.ts'
import type { Json, JsonObject } from '../foundation/json.ts'
import type { RunStatus } from '../foundation/outcome.ts'
import type { Plan } from '../foundation/plan.ts'

/** A run as listed. Times are ISO 8601, UTC. */
export interface RunRecord {
  readonly id: string
  readonly pipeline: string
  readonly version: string | null
  readonly plan: string
  readonly file: string | null
  readonly status: RunStatus
  readonly inputs: JsonObject
  readonly progress: number
  readonly created_at: string
  readonly updated_at: string
  readonly ended_at: string | null
  /** Milliseconds of active time over all finished stretches. */
  readonly active_ms: number
  readonly stretches: number
  /** Someone asked to cancel it. */
  readonly cancel_requested: boolean
  readonly owner: RunOwner | null
}

/** Who runs it now. `started` tells a process from a later one with the same pid (clock ticks since boot). */
export interface RunOwner {
  readonly host: string
  readonly pid: number
  readonly started: string
  readonly boot: string
  /** Tells engines of one process apart. */
  readonly engine: string
}

export interface RunFilter {
  readonly status?: readonly RunStatus[]
  readonly pipeline?: string
  /** Created at or after, ISO 8601. */
  readonly since?: string
  /** Newest first; 50 by default. */
  readonly limit?: number
}

export type RunPatch = Partial<
  Pick<RunRecord, 'status' | 'progress' | 'ended_at' | 'active_ms' | 'stretches' | 'cancel_requested'>
>

/** An event before it has a place in the history. */
export type NewEvent = RunEventBody & {
  readonly at: string
  readonly progress?: number
  readonly eta_ms?: number | null
}

export interface RunStore {
  /** LangGraph's checkpointer over the same data. */
  readonly saver: BaseCheckpointSaver

  savePlan(plan: Plan): Promise<void>
  loadPlan(hash: string): Promise<Plan | undefined>

  /** False when a run with this id is there already. */
  createRun(run: RunRecord): Promise<boolean>
  getRun(id: string): Promise<RunRecord | undefined>
  listRuns(filter?: RunFilter): Promise<readonly RunRecord[]>
  updateRun(id: string, patch: RunPatch): Promise<void>
  /**
   * Makes `owner` the one who runs it. In one transaction: succeeds when nobody owns it, the same owner does, or
   * `isDead(current)` says that the owner is gone; otherwise returns the owner that stands.
   */
  claimRun(
    id: string,
    owner: RunOwner,
    isDead: (current: RunOwner) => boolean,
  ): Promise<RunOwner | 'claimed' | 'unknown'>
  /** Gives it up; does nothing when someone else owns it by now. */
  releaseRun(id: string, owner: RunOwner): Promise<void>
  /** Removes the run, its checkpoints and its events. */
  deleteRun(id: string): Promise<boolean>

  /** Appends in one transaction, with `patch` on the run's row, and returns the events with their `seq`. */
  appendEvents(id: string, events: readonly NewEvent[], patch?: RunPatch): Promise<readonly RunEvent[]>
  /** Events after `after` (0 = all), in order, at most `limit`. */
  readEvents(id: string, after?: number, limit?: number): Promise<readonly RunEvent[]>

  /** Results kept by `cache:`. `nowMs` decides what has expired. */
  getCached(key: string, nowMs: number): Promise<{ readonly value: Json } | undefined>
  putCached(key: string, value: Json, expiresAtMs: number): Promise<void>

  /**
   * Keeps the newest `keep` checkpoints (1 or more) of each namespace of a thread, with whatever those are rebuilt from,
   * and returns how many it removed.
   */
  prune(thread: string, keep: number): Promise<number>
  /** Removes runs that have finished and ended before `at` (ISO 8601), with all they left; returns their ids. */
  deleteRunsEndedBefore(at: string): Promise<readonly string[]>

  /** Facts for `doctor`: where it is, its schema version, its size. */
  describe(): Promise<{
    readonly kind: string
    readonly location: string
    readonly schemaVersion: number
    readonly bytes: number
  }>
  close(): Promise<void>
}

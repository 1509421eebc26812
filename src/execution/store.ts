/**
 * Everything a run leaves behind, behind one port: LangGraph's checkpoints, runs, their logs, leases, plans, cache.
 *
 * The log of a run is its event history and its journal at once: one row per commit, in order, without gaps.
 *
 * Implementations: `stores/memory.ts`, `stores/sqlite.ts`; one conformance suite (`test/conformance/store.ts`).
 * Values are strict JSON and are never revived into anything else.
 */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { RunEvent, RunEventBody } from '../foundation/events.ts'
import type { Json, JsonObject } from '../foundation/json.ts'
import type { RunStatus } from '../foundation/outcome.ts'
import type { Plan } from '../foundation/plan.ts'
import type { OpenWait } from '../foundation/wait.ts'

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
  /** Who holds its thread. */
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

/** Whoever asks for a thread, and until when it is theirs unless they renew it. Milliseconds since 1970. */
export interface Claim {
  readonly owner: RunOwner
  readonly expiresAtMs: number
}

/** A thread held by one owner. Every new holder has a higher epoch, and writes with an older one are refused. */
export interface Lease {
  readonly thread: string
  readonly owner: RunOwner
  readonly epoch: number
}

/** A lease as it stands in the store. */
export interface HeldLease extends Lease {
  readonly expiresAtMs: number
}

export interface RunFilter {
  readonly status?: readonly RunStatus[]
  readonly pipeline?: string
  /** Created at or after, ISO 8601. */
  readonly since?: string
  /** Newest first; 50 by default. */
  readonly limit?: number
}

/** A run before anyone holds it. */
export type NewRun = Omit<RunRecord, 'owner'>

/** What it runs by, and what that was given. Changes when the run goes on by another plan. */
export type RunVersion = Pick<RunRecord, 'plan' | 'version' | 'file' | 'inputs'>

export type RunPatch = Partial<
  Pick<RunRecord, 'status' | 'progress' | 'ended_at' | 'active_ms' | 'stretches' | 'cancel_requested'>
> & { readonly runsBy?: RunVersion }

/** An event before it has a place in the history. */
export type NewEvent = RunEventBody & {
  readonly at: string
  readonly progress?: number
  readonly eta_ms?: number | null
}

/** An answer that was handed in: when, and by whom where that is said and the answer itself does not tell. */
export interface Answered {
  readonly answer: Json
  readonly at: string
  readonly by?: string
}

/** A wait that is open, as its row tells: written with the events of the log that open, change and close it. */
export interface WaitRecord extends OpenWait {
  readonly thread: string
  /** Handed in, and not yet taken up by the run. */
  readonly answered?: Answered
}

export interface WaitFilter {
  readonly thread?: string
  readonly id?: string
  /** Those that wait for an event of this name. */
  readonly event?: string
  /** Those of which something is due by then, or that were answered. Milliseconds since 1970. */
  readonly dueMs?: number
}

/** An event from outside, or from a run, kept for whoever waits for it now or soon. */
export interface Signal {
  readonly id: string
  readonly event: string
  readonly data: Json
  /** ISO 8601, UTC. */
  readonly at: string
}

/** In the order in which they came. */
export interface StoredSignal extends Signal {
  readonly n: number
}

export interface RunStore {
  /** LangGraph's checkpointer over the same data. */
  readonly saver: BaseCheckpointSaver

  savePlan(plan: Plan): Promise<void>
  loadPlan(hash: string): Promise<Plan | undefined>

  /**
   * The checkpointer for whoever holds the lease: its writes throw `ThreadError` (`fenced`) when someone else took the
   * thread. `saver` itself checks nothing.
   */
  saverOf(lease: Lease): BaseCheckpointSaver

  /** Adds the run and gives it to `claim`, in one transaction. Undefined when a run with this id is there already. */
  createRun(run: NewRun, claim: Claim): Promise<Lease | undefined>
  getRun(id: string): Promise<RunRecord | undefined>
  listRuns(filter?: RunFilter): Promise<readonly RunRecord[]>
  /** Someone wants it cancelled. Whoever runs it will see. */
  requestCancel(id: string): Promise<void>

  /**
   * Takes a thread (of a run, or of a graph that has no run here). In one transaction: succeeds when nobody holds it, the
   * same owner does, or `mayTake` says so of the lease that stands; otherwise returns that one. `lost` is the lease that
   * was taken over from someone else.
   */
  claim(
    thread: string,
    claim: Claim,
    mayTake: (held: HeldLease) => boolean,
  ): Promise<{ readonly lease: Lease; readonly lost?: HeldLease } | { readonly heldBy: HeldLease }>
  /** Throws ThreadError `fenced` when someone else took it. */
  renew(lease: Lease, expiresAtMs: number): Promise<void>
  /** Gives it up; does nothing when someone else holds it by now. */
  release(lease: Lease): Promise<void>
  /** Leases that stand, of runs and other threads; for `recover()`. */
  leases(): Promise<readonly HeldLease[]>

  /** Removes the run, its checkpoints and its events. */
  deleteRun(id: string): Promise<boolean>

  /**
   * Appends events to the log of the run, as `seq` `first`, `first + 1`, …, in one transaction with `patch` on the run's
   * row. This is the journal: what it holds happened. Events must be strict JSON already; they are not looked at.
   *
   * Throws ThreadError `fenced`, and writes nothing, when the lease is not held any more or the log does not end at
   * `first - 1`.
   */
  append(lease: Lease, first: number, events: readonly NewEvent[], patch?: RunPatch): Promise<void>
  /** Events after `after` (0 = all), in order, at most `limit`. */
  readEvents(id: string, after?: number, limit?: number): Promise<readonly RunEvent[]>

  /** Waits that are open, those first that are due first. */
  listWaits(filter?: WaitFilter): Promise<readonly WaitRecord[]>
  /** When something is due next of any wait. Milliseconds since 1970. */
  nextWaitDue(): Promise<number | undefined>
  /**
   * Hands an answer in; whoever runs the thread next takes it up. The first one stands: `same` when it is equal to that,
   * `other` when it is not, `none` when the wait is not open.
   */
  answerWait(id: string, answer: Json, said: Omit<Answered, 'answer'>): Promise<'handed_in' | 'same' | 'other' | 'none'>
  /**
   * Keeps an event until `expiresAtMs`. An id counts once: when it is there already, that one is returned, and nothing
   * is kept. Forgets what has expired by `at`.
   */
  putSignal(signal: Signal, expiresAtMs: number): Promise<{ readonly signal: StoredSignal; readonly isNew: boolean }>
  /** Events that have not expired, oldest first: of this name, or those that came after `after`. */
  listSignals(
    filter: { readonly event: string } | { readonly after: number },
    nowMs: number,
  ): Promise<readonly StoredSignal[]>
  /** Ids of the events that a stage of a thread was given, in whichever iteration. */
  signalsGiven(thread: string, stage: string): Promise<ReadonlySet<string>>

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

/**
 * Everything a run says: one typed union, one stream for progress, logs, CLI, SSE and tests.
 *
 * Durable events carry `seq` 1, 2, 3 … without gaps, given at commit; they are delivered after commit, so a late
 * subscriber, another process and a resumed run see the same history. Transient events (`token.streamed`,
 * `stage.progressed`) carry the last `seq` and a `sub` index, and are never replayed.
 */
import type { Failure } from './errors.ts'
import type { Json, JsonObject } from './json.ts'
import type { BodyEnd, LastRun, Lowering, RunStatus, SkipReason } from './outcome.ts'
import type { Renewal } from './renewal.ts'
import type { WaitTerms } from './wait.ts'

/** The format of events on the wire (`--json`) and in the store. */
export const eventSchemaVersion = 1

interface StageEnd {
  readonly attempts: number
  readonly duration_ms: number
  /** Of a stage with stages inside. */
  readonly body?: BodyEnd
}

/** What happened, without its place in the history. */
export type RunEventBody =
  | {
      readonly type: 'run.started'
      readonly pipeline: string
      readonly version: string | null
      readonly plan: string
      readonly inputs: JsonObject
      readonly stages: number
      /** The environment the pipeline may read, frozen. */
      readonly env?: Readonly<Record<string, string>>
      readonly last?: LastRun | null
      readonly lowering?: Lowering
      /** Who started it, where that is known. */
      readonly by?: string
    }
  | { readonly type: 'run.resumed'; readonly stretch: number }
  /** `waiting`: nothing can go on before a wait is answered. */
  | { readonly type: 'run.paused'; readonly reason: 'interrupted' | 'until' | 'waiting' }
  | { readonly type: 'run.cancelling' }
  | { readonly type: 'run.ended'; readonly result: RunResult }
  | {
      readonly type: 'run.reopened'
      /** These stages of the pipeline's own list begin anew. */
      readonly stages: readonly string[]
      /** Those of them that keep what ended well inside of them. */
      readonly partly?: readonly string[]
      readonly from?: string
    }
  /** The run goes on by another plan. What is waited for no more was told of before. */
  | ({
      readonly type: 'run.migrated'
      readonly from: string
      readonly plan: string
      readonly version: string | null
      /** As they are from here on. */
      readonly inputs: JsonObject
      readonly env?: Readonly<Record<string, string>>
    } & Renewal)
  /** The run goes on, but not as it should. */
  | { readonly type: 'run.warned'; readonly code: string; readonly message: string }
  /** The run begins with what another had recorded up to `seq`; those events follow. */
  | {
      readonly type: 'run.forked'
      readonly from: { readonly run: string; readonly seq: number }
      /** How many of the events that follow are the other run's. */
      readonly inherits?: number
    }
  | {
      readonly type: 'stage.started'
      readonly stage: string
      readonly kind: string
      readonly attempt: number
      /** Hash of what the attempt was given; absent where nobody asks. */
      readonly input?: string
      /** How often the stage was begun anew; absent = 1. Another generation has another idempotency key. */
      readonly generation?: number
      /** What is decided when a stage with stages inside starts: the list of a foreach, the case of a switch. */
      readonly fixed?: Json
    }
  /** The attempt was stopped for a pause, and is no failure: the stage runs again. */
  | {
      readonly type: 'stage.interrupted'
      readonly stage: string
      readonly attempt: number
      /** Of a stage with stages inside: milliseconds it has been active by now. */
      readonly active_ms?: number
    }
  /** The process that ran the attempt died; nobody knows how far it came. `crashes` counts them. */
  | { readonly type: 'stage.crashed'; readonly stage: string; readonly attempt: number; readonly crashes: number }
  | {
      readonly type: 'stage.retrying'
      readonly stage: string
      readonly attempt: number
      readonly error: Failure
      readonly next_at: string
      readonly counts: boolean
    }
  /** The stage waits for an answer, and nothing of it runs meanwhile. */
  | ({
      readonly type: 'wait.started'
      readonly stage: string
      /** Id of the wait. */
      readonly wait: string
      /** As of `stage.started`. */
      readonly generation?: number
    } & WaitTerms)
  /** Whoever has to answer is reminded, for the time that `reminder` counts. */
  | { readonly type: 'approval.requested'; readonly stage: string; readonly wait: string; readonly reminder: number }
  /** It was looked at, and goes on waiting. `came`: those of the things it waits for that have come, with their events. */
  | {
      readonly type: 'wait.evaluated'
      readonly stage: string
      readonly wait: string
      readonly came: Readonly<Record<string, Json>>
    }
  /** The answer of a wait, which stands. `event`: the id of the event that it is. */
  | {
      readonly type: 'wait.fired'
      readonly stage: string
      readonly wait: string
      readonly answer: Json
      readonly event?: string
      /** Who gave it, where that is known and the answer does not say so itself. */
      readonly by?: string
    }
  /** Its deadline passed. */
  | { readonly type: 'wait.timed_out'; readonly stage: string; readonly wait: string }
  /** Its stage ended without it. */
  | { readonly type: 'wait.cancelled'; readonly stage: string; readonly wait: string }
  | ({
      readonly type: 'stage.succeeded'
      readonly stage: string
      readonly output: Json
      readonly cached?: true
    } & StageEnd)
  | ({
      readonly type: 'stage.failed'
      readonly stage: string
      readonly error: Failure
      readonly tolerated: boolean
      readonly output: Json
      /** The run is to be rolled back for it. */
      readonly rollback?: true
      /** A gate inside it stays shut. */
      readonly shut?: true
    } & StageEnd)
  /** The stage failed, and its `on_error` is at work. */
  | { readonly type: 'stage.handling'; readonly stage: string; readonly attempt: number; readonly error: Failure }
  /** What the stage did was taken back. */
  | { readonly type: 'stage.undone'; readonly stage: string }
  | { readonly type: 'stage.skipped'; readonly stage: string; readonly reason: SkipReason }
  | ({ readonly type: 'stage.cancelled'; readonly stage: string; readonly error: Failure } & StageEnd)
  | {
      readonly type: 'stage.output'
      readonly stage: string
      readonly stream: 'stdout' | 'stderr'
      readonly text: string
      readonly truncated?: true
    }
  | {
      readonly type: 'stage.logged'
      readonly stage: string
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      readonly fields?: JsonObject
    }
  | {
      readonly type: 'variable.changed'
      readonly stage: string
      readonly variable: string
      readonly value: Json
      /** `value` is the list of what stages inside this one set, in plan order. */
      readonly parts?: true
    }
  /** Edited from outside: replaces what the stages in `covers` set, for stages that start later. */
  | {
      readonly type: 'variable.patched'
      readonly variable: string
      readonly value: Json
      readonly covers: readonly string[]
    }
  /** A recorded output was used although the stage would be given something else now. */
  | { readonly type: 'journal.mismatch'; readonly stage: string; readonly recorded: string; readonly found: string }
  | { readonly type: 'stage.progressed'; readonly stage: string; readonly fraction: number; readonly message?: string }
  | { readonly type: 'token.streamed'; readonly stage: string; readonly text: string }

export type TransientType = 'stage.progressed' | 'token.streamed'

export interface EventEnvelope {
  readonly v: typeof eventSchemaVersion
  readonly run: string
  /** Place in the run's history; of a transient event, that of the last durable one. */
  readonly seq: number
  /** Only on transient events: 1, 2, … since `seq`. */
  readonly sub?: number
  /** ISO 8601, UTC. */
  readonly at: string
  /** Percentage after this event, 0–100; never goes backwards. */
  readonly progress?: number
  /** Milliseconds the run will still take, null when unknown. On events that change it. */
  readonly eta_ms?: number | null
}

export type RunEvent = RunEventBody & EventEnvelope

/** What a raw graph's journal keeps: the events that recovery reads. */
export const isRecorded = ({ type }: { readonly type: RunEventBody['type'] }): boolean => recorded.has(type)

const recorded: ReadonlySet<RunEventBody['type']> = new Set([
  'stage.started',
  'stage.retrying',
  'stage.interrupted',
  'stage.crashed',
  'stage.handling',
  'stage.undone',
  'stage.succeeded',
  'stage.failed',
  'stage.skipped',
  'stage.cancelled',
  'variable.changed',
  'variable.patched',
  'wait.started',
  'wait.evaluated',
  'wait.fired',
  'wait.timed_out',
  'wait.cancelled',
  'approval.requested',
])

export const isTransient = (event: { readonly type: RunEventBody['type'] }): boolean =>
  event.type === 'stage.progressed' || event.type === 'token.streamed'

/** How a stretch of a run ended. The same value in code, in `run.ended`, under `--json` and over HTTP. */
export interface RunResult {
  readonly run_id: string
  readonly thread_id: string
  readonly pipeline: string
  readonly status: RunStatus
  /** null unless the run succeeded. */
  readonly outputs: JsonObject | null
  readonly error: Failure | null
  /** Paths of stages whose failure was tolerated. */
  readonly tolerated: readonly string[]
  /** Why stages could not be taken back, where the run was rolled back and some could not. */
  readonly not_undone?: readonly Failure[]
  readonly started_at: string
  /** null while the run is paused or waiting. */
  readonly ended_at: string | null
  /** Milliseconds that stages of this run were active, over all stretches. */
  readonly execution_time_ms: number
}

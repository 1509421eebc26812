/**
 * Everything a run says: one typed union, one stream for progress, logs, CLI, SSE and tests.
 *
 * Durable events carry `seq` 1, 2, 3 … without gaps, given at commit; they are delivered after commit, so a late
 * subscriber, another process and a resumed run see the same history. Transient events (`token.streamed`,
 * `stage.progressed`) carry the last `seq` and a `sub` index, and are never replayed.
 */
import type { Failure } from './errors.ts'
import type { Json, JsonObject } from './json.ts'
import type { RunStatus, SkipReason } from './outcome.ts'

/** The format of events on the wire (`--json`) and in the store. */
export const eventSchemaVersion = 1

interface StageEnd {
  readonly attempts: number
  readonly duration_ms: number
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
    }
  | { readonly type: 'run.resumed'; readonly stretch: number }
  | { readonly type: 'run.paused'; readonly reason: 'interrupted' | 'until' }
  | { readonly type: 'run.cancelling' }
  | { readonly type: 'run.ended'; readonly result: RunResult }
  | { readonly type: 'stage.started'; readonly stage: string; readonly kind: string; readonly attempt: number }
  | {
      readonly type: 'stage.retrying'
      readonly stage: string
      readonly attempt: number
      readonly error: Failure
      readonly next_at: string
      readonly counts: boolean
    }
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
    } & StageEnd)
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
  | { readonly type: 'variable.changed'; readonly stage: string; readonly variable: string; readonly value: Json }
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
  readonly started_at: string
  /** null while the run is paused or waiting. */
  readonly ended_at: string | null
  /** Milliseconds that stages of this run were active, over all stretches. */
  readonly execution_time_ms: number
}

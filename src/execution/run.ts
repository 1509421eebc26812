/** A run as a caller holds it, and how it ended. */
import type { Failure } from '../foundation/errors.ts'
import type { RunEvent, RunResult } from '../foundation/events.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { RunStatus } from '../foundation/outcome.ts'

/** How a stretch of a run ended. `status` is `paused` or `waiting` when it can be resumed. Times are ISO 8601, UTC. */
export interface PipelineResult {
  readonly runId: string
  readonly threadId: string
  readonly pipeline: string
  readonly status: RunStatus
  /** null unless the run succeeded. */
  readonly outputs: JsonObject | null
  readonly error: Failure | null
  /** Paths of stages whose failure was tolerated. */
  readonly tolerated: readonly string[]
  readonly startedAt: string
  readonly endedAt: string | null
  /** Milliseconds the run was active, over all its stretches. */
  readonly executionTimeMs: number
}

export interface Run {
  /** Also its LangGraph `thread_id`. */
  readonly id: string
  /** History first, then what happens; ends with the stretch. */
  events(options?: { readonly after?: number }): AsyncIterable<RunEvent>
  /** Settles when the run ended or paused. Never rejects. */
  readonly result: Promise<PipelineResult>
  /** Starts nothing more; what runs is finished first, then the run is paused. */
  pause(): void
  /** Stops at once what runs, without recording it: the run is paused, and those stages run again when it is resumed. */
  abandon(): void
  /** Ends the run: what runs is stopped and recorded as cancelled. Resolves when the request is stored. */
  cancel(): Promise<void>
}

export const toPipelineResult = (result: RunResult): PipelineResult => ({
  runId: result.run_id,
  threadId: result.thread_id,
  pipeline: result.pipeline,
  status: result.status,
  outputs: result.outputs,
  error: result.error,
  tolerated: result.tolerated,
  startedAt: result.started_at,
  endedAt: result.ended_at,
  executionTimeMs: result.execution_time_ms,
})

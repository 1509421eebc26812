/** What `finish` throws for a run that did not succeed. */
import type { RunResult } from '../../foundation/events.ts'
import type { JsonObject } from '../../foundation/json.ts'
import type { Outcomes, RunState } from '../../foundation/outcome.ts'
import type { Plan } from '../../foundation/plan.ts'
import { PipelineFailedError, PipelineIncompleteError } from './errors.ts'

interface Ended {
  readonly run: RunState
  readonly outputs?: JsonObject | null
  readonly stages: Outcomes
}

/** Throws PipelineFailedError or PipelineIncompleteError; returns when the run succeeded or was stopped on purpose. */
export function refuseUnlessSucceeded(plan: Plan, { run, outputs, stages }: Ended): void {
  const result = resultOf(run, outputs ?? null)
  switch (result.status) {
    case 'succeeded':
    case 'stopped':
      return
    case 'incomplete':
      throw new PipelineIncompleteError(incomplete(plan, stages), result)
    default:
      throw new PipelineFailedError(failed(plan, result), result)
  }
}

function resultOf(run: RunState, outputs: JsonObject | null): RunResult {
  const endedAt = run.ended_at ?? null
  return {
    run_id: run.id,
    thread_id: run.thread_id,
    pipeline: run.pipeline,
    status: run.status ?? 'incomplete',
    outputs,
    error: run.error ?? null,
    tolerated: run.tolerated ?? [],
    started_at: run.started_at,
    ended_at: endedAt,
    execution_time_ms: endedAt === null ? 0 : Math.max(0, Date.parse(endedAt) - Date.parse(run.started_at)),
  }
}

function failed({ name }: Plan, { status, error }: RunResult): string {
  if (status === 'cancelled') return `Pipeline "${name}" was cancelled.`
  const where = error?.stage === undefined ? '' : ` in stage "${error.stage}"`
  return `Pipeline "${name}" failed${where}: ${error?.message ?? 'no reason was recorded'}`
}

function incomplete({ name, stages }: Plan, outcomes: Outcomes): string {
  const missing = stages.map(({ id }) => id).filter((id) => !Object.hasOwn(outcomes, id))
  const listed = missing.slice(0, 5).join(', ') + (missing.length > 5 ? ', …' : '')
  return `Pipeline "${name}" ended before every stage did. Without an outcome: ${listed || 'none'}.`
}

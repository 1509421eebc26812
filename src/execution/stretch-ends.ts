/** What a stretch of a run says first, and how it says that it ended. */
import type { Failure } from '../foundation/errors.ts'
import type { RunEventBody, RunResult } from '../foundation/events.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { Lowering, Outcomes, RunState, RunStatus } from '../foundation/outcome.ts'
import type { Plan } from '../foundation/plan.ts'
import type { RunRecord } from './store.ts'

/** The stretch that begins: which run it is of, and the how manieth of it. */
interface Beginning {
  readonly plan: Plan
  readonly record: Pick<RunRecord, 'inputs'>
  readonly runState: RunState
  readonly lowering: Lowering
  readonly number: number
}

export function opening({ plan, record, runState, lowering, number }: Beginning): RunEventBody {
  if (number > 1) return { type: 'run.resumed', stretch: number }
  const { name, version, hash, stages } = plan
  return {
    type: 'run.started',
    pipeline: name,
    version: version ?? null,
    plan: hash,
    inputs: record.inputs,
    stages: stages.length,
    lowering,
    ...(Object.keys(runState.env).length > 0 && { env: runState.env }),
    ...(runState.last !== undefined && { last: runState.last }),
    ...(runState.by !== undefined && { by: runState.by }),
  }
}

export function incomplete(plan: Plan, outcomes: Outcomes): Failure {
  const missing = plan.stages.map(({ id }) => id).filter((id) => !Object.hasOwn(outcomes, id))
  const message = `The run ended before every stage did: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}.`
  return { category: 'internal', code: 'incomplete', message, details: { missing: missing.slice(0, 100) } }
}

/** What is known of how a stretch ended. */
export interface StretchEnd {
  readonly outputs?: JsonObject | null
  readonly error?: Failure | null
  readonly tolerated?: readonly string[]
  readonly not_undone?: readonly Failure[]
  readonly endedAt?: string
}

export function resultOf(
  { record, plan, activeMs }: { readonly record: RunRecord; readonly plan: Plan; readonly activeMs: number },
  status: RunStatus,
  { outputs = null, error = null, tolerated = [], not_undone, endedAt }: StretchEnd,
): RunResult {
  return {
    run_id: record.id,
    thread_id: record.id,
    pipeline: plan.name,
    status,
    outputs,
    error,
    tolerated,
    ...(not_undone && { not_undone }),
    started_at: record.created_at,
    ended_at: endedAt ?? null,
    execution_time_ms: activeMs,
  }
}

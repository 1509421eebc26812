/** The row of a run that begins. */
import type { JsonObject } from '../foundation/json.ts'
import type { Plan } from '../foundation/plan.ts'
import type { NewRun } from './store.ts'

export function newRecord(plan: Plan, id: string, inputs: JsonObject, at: string): NewRun {
  return {
    id,
    pipeline: plan.name,
    version: plan.version ?? null,
    plan: plan.hash,
    file: plan.origin.file,
    status: 'running',
    inputs,
    progress: 0,
    created_at: at,
    updated_at: at,
    ended_at: null,
    active_ms: 0,
    stretches: 1,
    cancel_requested: false,
  }
}

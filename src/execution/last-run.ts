/** `run.last`: the last run of a pipeline that succeeded, looked up once when a run starts and only where it is read. */
import type { LastRun } from '../foundation/outcome.ts'
import type { Plan } from '../foundation/plan.ts'
import { storedEvents } from './follow.ts'
import { readHistory } from './run-history.ts'
import type { RunStore } from './store.ts'

/** Some expression of the plan may read it: a text that only looks so costs a look-up and nothing else. */
export const readsLastRun = (plan: Plan): boolean =>
  /\brun\s*\.\s*\??\s*last\b|\brun\s*\[/.test(JSON.stringify([plan.stages, plan.outputs, plan.finally, plan.onError]))

export async function findLastRun(plan: Plan, store: RunStore): Promise<LastRun | null> {
  const [last] = await store.listRuns({ pipeline: plan.name, status: ['succeeded'], limit: 1 })
  if (!last) return null
  const { result } = await readHistory([], storedEvents(store, last.id, 0))
  return { id: last.id, started_at: last.created_at, outputs: result?.outputs ?? null }
}

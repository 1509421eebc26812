/** Runs that were left behind: their process died, or stands still. They are taken over and gone on with. */
import { StagegraphError, ThreadError } from '../foundation/errors.ts'
import type { RunStatus } from '../foundation/outcome.ts'
import { hasLapsed } from './owner.ts'
import type { Run } from './run.ts'
import type { RunRecord, RunStore } from './store.ts'

/** A run that was taken up again, or why it was not: it can be resumed by itself when the cause is gone. */
export type Recovered =
  | { readonly id: string; readonly pipeline: string; readonly run: Run }
  | { readonly id: string; readonly pipeline: string; readonly error: StagegraphError }

/** How a run stands while a process is at it. Paused and waiting ones are left alone: nobody has to be there. */
const active: readonly RunStatus[] = ['queued', 'running', 'cancelling', 'finalizing', 'rolling_back']

/** One after the other, oldest first; they run side by side. `nowMs` decides what has expired. */
export async function recoverRuns(
  store: RunStore,
  nowMs: number,
  resume: (id: string) => Promise<Run>,
): Promise<readonly Recovered[]> {
  const recovered: Recovered[] = []
  for (const { id, pipeline } of await leftBehind(store, nowMs)) {
    try {
      recovered.push({ id, pipeline, run: await resume(id) })
    } catch (error) {
      if (!(error instanceof StagegraphError)) throw error
      if (!wasTaken(error)) recovered.push({ id, pipeline, error })
    }
  }
  return recovered
}

async function leftBehind(store: RunStore, nowMs: number): Promise<readonly RunRecord[]> {
  const leases = await store.leases()
  const held = new Set(leases.flatMap((lease) => (hasLapsed(lease, nowMs) ? [] : [lease.thread])))
  const runs = await store.listRuns({ status: active, limit: Number.MAX_SAFE_INTEGER })
  return runs.filter(({ id }) => !held.has(id)).reverse()
}

/** Another process was quicker. */
const wasTaken = (error: StagegraphError): boolean =>
  error instanceof ThreadError && (error.code === 'thread_busy' || error.code === 'thread_finished')

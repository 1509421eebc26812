/** What must be true when a run has ended, as anybody finds it in the store. */
import type { RunStore } from '../../src/execution/store.ts'
import type { Json } from '../../src/foundation/json.ts'
import { jsonEqual } from '../../src/foundation/json.ts'
import type { Outcomes } from '../../src/foundation/outcome.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import { thread } from './attempts.ts'
import { compareEnds, type End, endOf } from './ends.ts'
import { createProcess } from './process.ts'
import type { Simulation } from './simulation.ts'

export async function lookAtEnd(simulation: Simulation, plan: Plan, store: RunStore, quiet: End): Promise<void> {
  const { ledger, world, wrong } = simulation
  const stored = await store.readEvents(thread)
  if (!jsonEqual(stored as unknown as Json, ledger.events as unknown as Json))
    wrong('the log is not what was stored in it')
  const real = endOf(stored)
  for (const difference of compareEnds(quiet, real)) wrong(difference)
  const record = await store.getRun(thread)
  if (record?.status !== real.status) wrong(`the run is listed as ${record?.status}, and ended ${real.status}`)
  for (const { id, kind } of plan.stages) {
    const succeeded = real.stages.get(id)?.status === 'succeeded'
    const key = world.executions.find(({ stage }) => stage === id)?.key
    if (succeeded && kind === 'effect' && !world.done.get(key ?? '')) wrong(`${id} succeeded and has had no effect`)
  }
  const tuple = await store.saver.getTuple({ configurable: { thread_id: thread } })
  const process = createProcess('the end', 'a', simulation)
  ledger.saved(process, undefined, (tuple?.checkpoint.channel_values.stages ?? {}) as Outcomes)
}

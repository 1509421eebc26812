/** What must be true when a run has ended, as anybody finds it in the store. */
import type { PipelineEngine } from '../../src/execution/pipeline-engine.ts'
import type { RunStore } from '../../src/execution/store.ts'
import { ThreadError } from '../../src/foundation/errors.ts'
import type { RunEvent } from '../../src/foundation/events.ts'
import type { Json } from '../../src/foundation/json.ts'
import { jsonEqual } from '../../src/foundation/json.ts'
import type { Outcomes } from '../../src/foundation/outcome.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import { thread } from './attempts.ts'
import { createDoubt } from './doubt.ts'
import { compareEnds, type End, endOf } from './ends.ts'
import { simEngine } from './engine.ts'
import { createProcess, inside } from './process.ts'
import type { Simulation } from './simulation.ts'
import { timeless } from './waits.ts'

export async function lookAtEnd(simulation: Simulation, plan: Plan, store: RunStore, quiet: End): Promise<void> {
  const { ledger, world, wrong } = simulation
  const stored = await store.readEvents(thread)
  if (!jsonEqual(stored as unknown as Json, ledger.events as unknown as Json))
    wrong('the log is not what was stored in it')
  const real = endOf(stored)
  for (const difference of compareEnds(quiet, real, createDoubt(plan))) wrong(difference)
  const record = await store.getRun(thread)
  if (record?.status !== real.status) wrong(`the run is listed as ${record?.status}, and ended ${real.status}`)
  for (const { id, kind } of plan.stages) {
    const succeeded = real.stages.get(id)?.status === 'succeeded'
    const key = world.executions.find(({ stage }) => stage === id)?.key
    if (succeeded && kind === 'effect' && !world.done.get(key ?? '')) wrong(`${id} succeeded and has had no effect`)
  }
  const tuple = await store.saver.getTuple({ configurable: { thread_id: thread } })
  const process = createProcess('visitor', 'a', simulation)
  const engine = simEngine(process, store, 'flow')
  await inside(process, () => visit(engine, simulation, real))
  ledger.saved(process, undefined, (tuple?.checkpoint.channel_values.stages ?? {}) as Outcomes)
}

/** What an engine that had no part in the run says of it. */
async function visit(engine: PipelineEngine, { ledger, wrong }: Simulation, end: End): Promise<void> {
  const state = await engine.get(thread)
  for (const { id, status, output, error, reason } of state?.stages ?? []) {
    const wanted = end.stages.get(id)
    const found = {
      status,
      output: timeless(output),
      code: error?.code ?? null,
      reason,
      tolerated: wanted?.tolerated ?? false,
    }
    if (!jsonEqual(found as unknown as Json, wanted as unknown as Json))
      wrong(`an engine shows ${id} as ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`)
  }
  if (state?.result?.status !== end.status) wrong(`an engine shows the run as ${state?.result?.status}`)
  if (state?.progress !== 100 && end.status === 'succeeded') wrong(`the run succeeded at ${state?.progress} %`)
  if (state?.waits.length !== 0) wrong('an engine shows open waits of a run that has ended')
  const told: RunEvent[] = []
  for await (const event of engine.events(thread)) told.push(event)
  if (told.length !== ledger.events.length) wrong(`an engine tells ${told.length} events of ${ledger.events.length}`)
  await engine.history(thread)
  const code = await engine.resume(thread).then(
    () => 'nothing',
    (error: unknown) => (error instanceof ThreadError ? error.code : String(error)),
  )
  if (code !== 'thread_finished') wrong(`whoever resumes the run that has ended is refused with ${code}`)
}

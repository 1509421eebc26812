/**
 * A process with an engine of its own, to be killed: does the jobs that it is sent, one after the other.
 *
 * It says `ready` when everything is loaded, so that two of them can be sent off at the same moment.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PipelineEngine, PipelineResult, Run } from '../../src/index.ts'
import { StagegraphError, ThreadError } from '../../src/index.ts'
import type { Job, Said, ToChild } from './child-messages.ts'
import { compiled, engineOn, open } from './engine.ts'
import { createPoints, numbered } from './points.ts'
import { switchedOff } from './switched-off.ts'

const say = (said: Said): Promise<void> => new Promise((resolve) => process.send?.(said, () => resolve()))

let gate = Promise.withResolvers<void>()
process.on('message', (message: ToChild) => {
  if ('open' in message) gate.resolve()
  else work(message.job).catch(fail)
})
process.on('disconnect', () => process.exit()) // the harness is gone
void say({ said: 'ready' })

async function work(job: Job): Promise<void> {
  gate = Promise.withResolvers()
  const points = createPoints(job)
  const opened = open(job.store)
  points.pass('the store is open')
  const store = numbered(switchedOff(opened, job.without), points)
  const effects = { file: job.effects, points, gate: job.gated ? gate.promise : Promise.resolve() }
  const engine = engineOn(store, { lowering: job.lowering, effects, leaseMs: job.leaseMs })
  const begin = () => engine.start(compiled(job.pipeline, effects), {}, { threadId: job.thread })
  const refused = (error: unknown): ThreadError => {
    if (error instanceof StagegraphError) return error as ThreadError
    throw error
  }
  const run = await take(job, engine, begin).catch(refused)
  if (!(run instanceof Error)) void say({ said: 'taken' })
  const end = run instanceof Error ? run : await toEnd(engine, run).catch(refused)
  await engine.close()
  await store.close()
  if (end instanceof Error) await say({ said: 'refused', code: end.code, message: end.message })
  else await say({ said: 'ended', status: end.status, code: end.error?.code ?? null, points: points.passed })
}

/** Answers whatever the run waits for, one question at a time. */
async function toEnd(engine: PipelineEngine, run: Run): Promise<PipelineResult> {
  const result = await run.result
  if (result.status !== 'waiting') return result
  const [open] = ((await engine.get(run.id))?.waits ?? []).toReversed() // another order than they were asked in
  const answers = open ? { [open.id]: `yes to ${open.value}` } : {}
  return toEnd(engine, await engine.resume(run.id, { answers }))
}

async function take({ action, thread }: Job, engine: PipelineEngine, begin: () => Promise<Run>): Promise<Run> {
  if (action === 'start') return begin()
  for (;;) {
    try {
      return await engine.resume(thread)
    } catch (error) {
      if (!(error instanceof ThreadError)) throw error
      if (error.code === 'thread_unknown') return begin()
      if (error.code !== 'thread_busy' || action !== 'take over') throw error
    }
    await sleep(takeOverEveryMs)
  }
}

/** How often it is tried whether the lease of another has expired. Milliseconds. */
const takeOverEveryMs = 25

function fail(error: unknown): never {
  console.error(error)
  process.exit(1)
}

/**
 * A process with an engine of its own, to be killed: does one job that it is sent.
 *
 * It says `ready` when everything is loaded, so that two of them can be sent off at the same moment.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PipelineEngine, Run } from '../../src/index.ts'
import { StagegraphError, ThreadError } from '../../src/index.ts'
import type { Job, Said, ToChild } from './child-messages.ts'
import { effectsInto } from './effects.ts'
import { compiled, engineOn, open } from './engine.ts'
import { createPoints, numbered } from './points.ts'
import { switchedOff } from './switched-off.ts'

const say = (said: Said): Promise<void> => new Promise((resolve) => process.send?.(said, () => resolve()))

const gate = Promise.withResolvers<void>()
process.on('message', (message: ToChild) => {
  if ('open' in message) gate.resolve()
  else work(message.job).catch(fail)
})
process.on('disconnect', () => process.exit()) // the harness is gone, or all is said
void say({ said: 'ready' })

async function work(job: Job): Promise<void> {
  const points = createPoints(job)
  const opened = open(job.store)
  points.pass('the store is open')
  const store = numbered(switchedOff(opened, job.without), points)
  const functions = effectsInto({ file: job.effects, points, gate: job.gated ? gate.promise : Promise.resolve() })
  const engine = engineOn(store, { lowering: job.lowering, functions, leaseMs: job.leaseMs })
  const begin = () => engine.start(compiled(job.pipeline, functions), {}, { threadId: job.thread })
  try {
    const run = await take(job, engine, begin)
    void say({ said: 'taken' })
    const { status, error } = await run.result
    await engine.close()
    await store.close()
    await say({ said: 'ended', status, code: error?.code ?? null, points: points.passed })
  } catch (error) {
    if (!(error instanceof StagegraphError)) throw error
    await say({ said: 'refused', code: error.code, message: error.message })
  }
  process.disconnect()
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

/**
 * A process that ticks. Told a time by its parent, it moves its clock there, ticks until nothing is due, and says how
 * long that took and what it holds. `child.ts <folder>`, forked.
 */
import { createEngine, createManualClock, openStore } from '../../src/index.ts'
import { startMs, type Ticked, tellingTo } from './fleet.ts'

const [folder = ''] = process.argv.slice(2)
const clock = createManualClock(startMs)
const store = openStore(`${folder}/runs.db`, { clock })
const engine = createEngine({ store, clock, background: false, stages: [tellingTo(`${folder}/effects`)] })

async function tickAt(timeMs: number): Promise<Ticked> {
  await clock.advance(timeMs - clock.now())
  const startedMs = performance.now()
  const due = await engine.tick()
  const tickMs = performance.now() - startedMs
  const results = await Promise.all(due.map((each) => ('run' in each ? each.run.result : each.error.code)))
  const ended = results.filter((each) => typeof each !== 'string' && each.status === 'succeeded').length
  return {
    ended,
    other: due.length - ended,
    tickMs,
    allMs: performance.now() - startedMs,
    rss: process.memoryUsage.rss(),
  }
}

process.on('message', (timeMs: number | 'end') => {
  if (timeMs !== 'end') return void tickAt(timeMs).then((ticked) => process.send?.(ticked))
  void engine
    .close()
    .then(() => store.close())
    .then(() => process.disconnect())
})
process.send?.('ready')

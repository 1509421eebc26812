/** A run to which nothing happens: what all others have to end like. */
import { createMemoryStore } from '../../src/execution/stores/memory.ts'
import { seeded } from '../fuzz/random.ts'
import { someAnswers } from './answers.ts'
import { attempt, isOver } from './attempts.ts'
import { type End, endOf } from './ends.ts'
import { simEngine } from './engine.ts'
import { noFaults } from './faults.ts'
import type { Ledger } from './ledger.ts'
import type { RandomPipeline } from './pipelines.ts'
import { createProcess } from './process.ts'
import { createScene } from './scene.ts'
import type { Time } from './time.ts'
import { dueIn } from './waits.ts'

/** A run that has not ended after so many steps never will. */
const maxQuietSteps = 40_000

/** Nothing goes wrong, and nobody looks after it. Throws when it does not end. */
export async function uninterrupted(pipeline: RandomPipeline, seed: number): Promise<End> {
  const random = seeded(seed)
  const { simulation } = createScene(pipeline, random, () => noFaults, {})
  const { time, ledger, violations } = simulation
  const process = createProcess('p1', 'a', simulation)
  simulation.join(process)
  const engine = simEngine(process, createMemoryStore(), 'flow')
  let made = attempt({ process, engine }, pipeline.plan, { accepted: false })
  for (let step = 0; step < maxQuietSteps; step++) {
    if (made.result?.status === 'waiting') {
      const answers = someAnswers(simulation, random, true)
      if (Object.keys(answers).length === 0) await untilDue(time, ledger)
      made = attempt({ process, engine }, pipeline.plan, { accepted: true, answers })
    }
    await time.settle()
    if (isOver(made) ? made.result?.status !== 'waiting' : !(await time.step())) break
  }
  process.kill()
  if (violations.length > 0) throw new Error(`Without a fault: ${violations.join('; ')}`)
  if (!made.result) throw new Error('The run without a fault did not end.', { cause: made.error })
  return endOf(ledger.events)
}

/** What waits for time gets it. */
async function untilDue(time: Time, ledger: Ledger): Promise<void> {
  const dues = ledger.waits().flatMap((wait) => dueIn(wait, time.now()) ?? [])
  let over = false
  time.after(Math.min(...dues), undefined, () => {
    over = true
  })
  while (!over && (await time.step()));
}

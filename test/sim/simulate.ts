import type { Lowering } from '../../src/foundation/outcome.ts'
import { pick, type Random, seeded, upTo } from '../fuzz/random.ts'

import { type End, endOf } from './ends.ts'
import { leaseMs } from './engine.ts'
import { createFaults, faultKinds } from './faults.ts'
import { lookAtEnd } from './look-at-end.ts'
import { operate } from './operator.ts'
import { type RandomPipeline, randomPipeline, withoutCrashes } from './pipelines.ts'
import { simulateTimers } from './process.ts'
import { runGraph } from './run-graph.ts'
import type { Sabotage } from './sabotage.ts'
import { createScene } from './scene.ts'
import { memoryStores, sqliteStores } from './stores.ts'
import type { Time } from './time.ts'
import { uninterrupted } from './uninterrupted.ts'

export interface Report {
  readonly seed: number
  readonly lowering: Lowering
  /** `LangGraph`: its MemorySaver. */
  readonly store: 'memory' | 'sqlite' | 'LangGraph'
  readonly stages: number
  readonly faults: number
  readonly processes: number
  readonly attempts: number
  readonly executions: number
  /** Effects that took place more often than once: nobody knew that they had. */
  readonly ambiguous: number
  /** Executions that were begun by a process which had lost its run and could not know. */
  readonly late: number
  readonly status: string
  readonly violations: readonly string[]
  readonly trace: readonly string[]
}

export interface SimulateOptions {
  readonly sabotage?: Sabotage
  readonly traced?: boolean
}

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Report> {
  const giveBack = simulateTimers()
  try {
    return await tell(seed, options)
  } finally {
    giveBack()
  }
}

async function tell(seed: number, options: SimulateOptions): Promise<Report> {
  const random = seeded(seed)
  const pipeline = randomPipeline(seeded(upTo(random, 2 ** 31)), seeded(seed ^ 0x9e3779b9))
  const quiet = await uninterrupted(withoutCrashes(pipeline), upTo(random, 2 ** 31))
  const run = random() < 0.15 ? runGraph : runEngine
  return { seed, ...(await run(pipeline, quiet, random, options)) }
}

/** By engines. */
async function runEngine(
  pipeline: RandomPipeline,
  quiet: End,
  random: Random,
  options: SimulateOptions,
): Promise<Omit<Report, 'seed'>> {
  const faults = random() < 0.05 ? 0 : 1 + upTo(random, 6)
  const lowering = pick<Lowering>(random, ['stages', 'flow', 'flow'])
  const kind = random() < 0.04 ? 'sqlite' : 'memory'
  const kinds = faultKinds.filter((each) => each !== 'stop' || !pipeline.isTimed)
  const faultsFrom = (time: Time) =>
    createFaults({ random: seeded(upTo(random, 2 ** 31)), time, count: faults, leaseMs, kinds })
  const { simulation, lines } = createScene(pipeline, random, faultsFrom, options)
  const { time, ledger, world, processes, violations } = simulation
  const stores = kind === 'sqlite' ? sqliteStores(time) : memoryStores(time)
  try {
    const attempts = await operate({ simulation, random, pipeline, lowering, openStore: stores.open })
    for (const process of processes.values()) process.kill()
    time.end()
    simulation.faults.end()
    if (violations.length === 0) await lookAtEnd(simulation, pipeline.plan, stores.open(), quiet)
    return {
      lowering,
      store: kind,
      stages: pipeline.plan.stages.length,
      faults: simulation.faults.struck,
      processes: processes.size,
      attempts,
      executions: world.executions.length,
      ambiguous: [...world.done.values()].reduce((sum, times) => sum + times - 1, 0),
      late: ledger.late,
      status: endOf(ledger.events).status,
      violations,
      trace: lines,
    }
  } finally {
    await stores.close()
  }
}

/**
 * One seed: a random pipeline, run by processes that die, stop and lose their store, until it ends; everything that must
 * be true is looked at on the way, and the end is compared with that of a run to which nothing happened.
 */
import { createMemoryStore } from '../../src/execution/stores/memory.ts'
import type { Lowering } from '../../src/foundation/outcome.ts'
import { pick, type Random, seeded, upTo } from '../fuzz/random.ts'
import { someAnswers } from './answers.ts'
import { attempt, isOver } from './attempts.ts'
import { type End, endOf } from './ends.ts'
import { leaseMs, simEngine } from './engine.ts'
import { createFaults, type Faults, faultKinds, noFaults } from './faults.ts'
import { createLedger } from './ledger.ts'
import { lookAtEnd } from './look-at-end.ts'
import { operate } from './operator.ts'
import { type RandomPipeline, randomPipeline, withoutCrashes } from './pipelines.ts'
import { createProcess, type SimProcess, simulateTimers } from './process.ts'
import type { Sabotage } from './sabotage.ts'
import type { Simulation } from './simulation.ts'
import { memoryStores, sqliteStores } from './stores.ts'
import { createTime, type Time } from './time.ts'
import { createWorld } from './world.ts'

export interface Report {
  readonly seed: number
  readonly lowering: Lowering
  readonly store: 'memory' | 'sqlite'
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

/** A run that has not ended after so many steps never will. */
const maxQuietSteps = 40_000

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
  const pipeline = randomPipeline(seeded(upTo(random, 2 ** 31)))
  const quiet = await uninterrupted(withoutCrashes(pipeline), upTo(random, 2 ** 31))
  return { seed, ...(await interrupted(pipeline, quiet, random, options)) }
}

/** Nothing goes wrong, and nobody looks after it. Throws when it does not end. */
async function uninterrupted(pipeline: RandomPipeline, seed: number): Promise<End> {
  const random = seeded(seed)
  const { simulation } = createScene(pipeline, random, () => noFaults, {})
  const { time, ledger, violations } = simulation
  const process = createProcess('p1', 'a', simulation)
  simulation.join(process)
  const engine = simEngine(process, createMemoryStore(), 'flow', random)
  let made = attempt({ process, engine }, pipeline.plan, { accepted: false, until: undefined, follow: false })
  for (let step = 0; step < maxQuietSteps; step++) {
    if (made.result?.status === 'waiting') {
      const answers = someAnswers(simulation, random, true)
      made = attempt({ process, engine }, pipeline.plan, { accepted: true, until: undefined, follow: false, answers })
    }
    await time.settle()
    if (isOver(made) ? made.result?.status !== 'waiting' : !(await time.step())) break
  }
  process.kill()
  if (violations.length > 0) throw new Error(`Without a fault: ${violations.join('; ')}`)
  if (!made.result) throw new Error('The run without a fault did not end.', { cause: made.error })
  return endOf(ledger.events)
}

async function interrupted(
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

function createScene(
  { plan, behaviours }: RandomPipeline,
  random: Random,
  faultsFrom: (time: Time) => Faults,
  { sabotage, traced = false }: SimulateOptions,
): { readonly simulation: Simulation; readonly lines: readonly string[] } {
  const violations: string[] = []
  const lines: string[] = []
  const processes = new Map<string, SimProcess>()
  const time = createTime(seeded(upTo(random, 2 ** 31)))
  const startMs = time.now()
  const trace = (line: () => string) => {
    if (traced) lines.push(`${String(time.now() - startMs).padStart(8)} ${line()}`)
  }
  const wrong = (what: string) => {
    trace(() => `!!! ${what}`)
    violations.push(what)
  }
  const ledger = createLedger(plan, wrong)
  const world = createWorld({ behaviours, begun: (execution) => ledger.begun(execution), wrong })
  const join = (process: SimProcess) => void processes.set(process.name, process)
  const faults = faultsFrom(time)
  return { simulation: { time, faults, ledger, world, processes, sabotage, violations, join, trace, wrong }, lines }
}

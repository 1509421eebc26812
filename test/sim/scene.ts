/** A simulation before anything has happened in it. */
import { type Random, seeded, upTo } from '../fuzz/random.ts'
import type { Faults } from './faults.ts'
import { createLedger } from './ledger.ts'
import type { RandomPipeline } from './pipelines.ts'
import type { SimProcess } from './process.ts'
import type { Sabotage } from './sabotage.ts'
import type { Simulation, Watcher } from './simulation.ts'
import { createTime, type Time } from './time.ts'
import { createWorld } from './world.ts'

export interface SceneOptions {
  readonly sabotage?: Sabotage
  readonly traced?: boolean
  /** Who watches instead of the ledger. */
  readonly watcherFrom?: (wrong: (what: string) => void) => Watcher
}

export function createScene(
  { plan, behaviours }: RandomPipeline,
  random: Random,
  faultsFrom: (time: Time) => Faults,
  { sabotage, traced = false, watcherFrom }: SceneOptions,
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
  const watcher = watcherFrom?.(wrong) ?? ledger
  const world = createWorld({ behaviours, begun: (execution) => watcher.begun(execution), wrong })
  const join = (process: SimProcess) => void processes.set(process.name, process)
  const faults = faultsFrom(time)
  return {
    simulation: { time, faults, watcher, ledger, world, processes, sabotage, violations, join, trace, wrong },
    lines,
  }
}

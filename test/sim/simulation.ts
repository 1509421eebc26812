/** What the parts of one simulation share. */
import type { Faults } from './faults.ts'
import type { Ledger } from './ledger.ts'
import type { SimProcess } from './process.ts'
import type { Sabotage } from './sabotage.ts'
import type { Time } from './time.ts'
import type { World } from './world.ts'

export interface Simulation {
  readonly time: Time
  readonly faults: Faults
  readonly ledger: Ledger
  readonly world: World
  readonly processes: ReadonlyMap<string, SimProcess>
  /** In the order in which they were found. */
  readonly violations: readonly string[]
  readonly sabotage: Sabotage | undefined
  join(process: SimProcess): void
  /** What happens, for whoever reads the trace of a seed. */
  trace(line: () => string): void
  /** Something is not as it must be. */
  wrong(what: string): void
}

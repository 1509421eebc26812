/** What the parts of one simulation share. */
import type { Faults } from './faults.ts'
import type { Ledger } from './ledger.ts'
import type { SimProcess } from './process.ts'
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
  readonly sabotage: Sabotage
  join(process: SimProcess): void
  /** What happens, for whoever reads the trace of a seed. */
  trace(line: () => string): void
  /** Something is not as it must be. */
  wrong(what: string): void
}

/** Faults that a right engine cannot survive: with one of them the simulation has to find something. */
export type Sabotage =
  | 'none'
  /** Ends of stages are not there any more when the log is read. */
  | 'journal_forgotten'
  /** Writes land whoever holds the run. */
  | 'fence_off'
  /** A stage whose end is recorded has its effect once more. */
  | 'rerun'
  /** Events reach subscribers before they are stored. */
  | 'early_events'
  /** An outcome read from a checkpoint or the log is another than the one that was recorded. */
  | 'changed_outcome'
  /** Attempts are counted anew in every process. */
  | 'attempts_forgotten'

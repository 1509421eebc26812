/** What the parts of one simulation share. */
import type { Outcomes } from '../../src/foundation/outcome.ts'
import type { DatedEvent } from '../../src/foundation/past.ts'
import type { Faults } from './faults.ts'
import type { Ledger } from './ledger.ts'
import type { SimProcess } from './process.ts'
import type { Sabotage } from './sabotage.ts'
import type { Time } from './time.ts'
import type { Execution, World } from './world.ts'

/** Who is told what takes place, and says what is wrong with it. */
export interface Watcher {
  /** A checkpoint, or writes towards one, were stored. */
  saved(process: SimProcess, epoch: number | undefined, outcomes: Outcomes): void
  /** Rows of a journal were stored in a checkpointer. */
  journaled(events: readonly DatedEvent[]): void
  /** A stage is let have its effect. */
  beginning(process: SimProcess, stage: string, nowMs: number): void
  /** It has. */
  begun(execution: Execution): void
}

export interface Simulation {
  readonly time: Time
  readonly faults: Faults
  readonly watcher: Watcher
  /** The watcher of runs that an engine runs. */
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

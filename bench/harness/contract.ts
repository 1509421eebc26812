/** The words of the benchmark: a job that every rival can do, a rival, a workload made of cases, and what is measured. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type Lowering = 'stages' | 'flow'
export type Mode = 'quick' | 'full'

export type RivalName =
  | 'function'
  | 'function-commits'
  | 'graph'
  | 'graph-memory'
  | 'graph-sqlite'
  | 'graph-our-saver'
  | 'mastra'
  | 'stagegraph-memory'
  | 'stagegraph-sqlite'

/** Work of one stage. What it returns is kept in its slot of the final state. */
export interface Step {
  readonly id: string
  readonly needs: readonly string[]
  readonly slot: string
  work(): Json | Promise<Json>
}

/** How the steps hang together, for rivals that cannot take any graph. */
export type Shape =
  | { readonly is: 'chain' }
  | { readonly is: 'fan' }
  | {
      readonly is: 'branches'
      readonly start: Step
      readonly branches: readonly (readonly Step[])[]
      readonly join: Step
    }

export interface Job {
  readonly name: string
  readonly shape: Shape
  readonly steps: readonly Step[]
  /** What becomes of the values of a slot: the last one stays, or a list grows. */
  readonly slots: Readonly<Record<string, 'replace' | 'append'>>
  /** Slots that our pipeline declares as outputs. Others are read from the run's stages, outside the clock. */
  readonly exposed: readonly string[]
  /** State that comes in with the run and that no step touches. */
  readonly carried: Readonly<Record<string, string>>
}

/** The slots and what was carried, when the job is done. */
export type Final = Readonly<Record<string, Json>>

/** Where a rival may keep what it stores. */
export interface Place {
  /** The database; absent until the rival makes it. */
  readonly file: string
  readonly lowering: Lowering
}

export interface Prepared {
  /** One whole run on a new thread. What it returns reads the final state, outside the clock. */
  run(): Promise<() => Final | Promise<Final>>
  close(): Promise<void> | void
}

/** A way to do a job. Compiling, opening files and importing happen in `prepare`, outside the clock. */
export interface Rival {
  prepare(job: Job, place: Place): Prepared | Promise<Prepared>
  /** Runs the job until `count` steps are recorded, then stops. Only rivals that can resume have it. */
  stopAfter?(job: Job, place: Place, count: number): Promise<void>
  /** Opens the file and goes on with what `stopAfter` left. Need not settle: the harness stops at the first step. */
  resume?(job: Job, place: Place): Promise<void>
}

/** One measured repetition. Times in microseconds, whole repetition. */
export interface Sample {
  readonly cpuUs: number
  readonly wallUs: number
  /** Size of the database after it was closed. */
  readonly bytes?: number
  /** How far the peak of the process's memory rose. */
  readonly memoryBytes?: number
  /** The most memory in use above what was before, of a repetition that was not timed. */
  readonly heapBytes?: number
}

/** What one child process found. `digest` is of the final state: rows whose digests differ show no time. */
export interface Finding {
  readonly samples: readonly Sample[]
  readonly digest: string
}

export interface Case {
  /** Unique over all workloads. */
  readonly id: string
  readonly title: string
  /** What times are divided by, and its name. */
  readonly units: number
  readonly unit: string
  readonly rivals: readonly string[]
  readonly size: number
  readonly modes: readonly Mode[]
  /** Rivals measured once, in one child, with a single sample; they take too long for more. */
  readonly once?: readonly string[]
  /** Rivals that only the full benchmark measures. */
  readonly fullOnly?: readonly string[]
  /** The same, but only while our engine lowers to `stages`. */
  readonly fullOnlyOnStages?: readonly string[]
  /** At least so many child processes for each rival, also in the quick benchmark. */
  readonly rounds?: number
  /** Samples a child takes, after as many warm-up repetitions as the workload thinks right. */
  readonly samples: number
  /** Something the reader must know. */
  readonly note?: string
}

export interface Workload {
  readonly name: string
  readonly cases: readonly Case[]
  /** Runs in a child process, and may use all of it. */
  measure(one: Case, rival: string, child: ChildSettings): Promise<Finding>
}

export interface ChildSettings {
  readonly lowering: Lowering
  readonly samples: number
  /** An empty folder of this child's own. */
  readonly directory: string
}

/** A case for one rival, with the work it gets. */
export interface Cell {
  /** Unique: the case's id and the rival's name. */
  readonly key: string
  readonly one: Case
  readonly rival: string
  /** Child processes; interleaved with those of the case's other rivals. */
  readonly rounds: number
  /** Repetitions in each. */
  readonly samples: number
}

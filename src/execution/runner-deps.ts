/**
 * What the stage runner is lent: every port it uses, named one by one, so that tests and hosts can replace them.
 *
 * `createStageRunner(plan, deps)` keeps no state of its own between stages; whatever is shared is in here.
 */
import type { Clock } from '../foundation/clock.ts'
import type { Evaluator } from '../foundation/expression/evaluate.ts'
import type { Recorded } from '../foundation/journal.ts'
import type { Json } from '../foundation/json.ts'
import type { Logger } from '../foundation/logger.ts'
import type { Validators } from '../foundation/schema.ts'
import type { StageKinds, StageServices } from '../foundation/stage-kind.ts'
import type { RunControl } from './control.ts'
import type { Lists } from './lists.ts'
import type { Semaphore } from './semaphore.ts'

/** Where `cache:` keeps results; the store's two functions. */
export interface CachePort {
  getCached(key: string, nowMs: number): Promise<{ readonly value: Json } | undefined>
  putCached(key: string, value: Json, expiresAtMs: number): Promise<void>
}

export interface RunnerDeps {
  readonly kinds: StageKinds
  /** What is worked out once of each list of stages in the plan. */
  readonly lists: Lists
  readonly evaluator: Evaluator
  readonly validators: Validators
  readonly clock: Clock
  /** 0 ≤ x < 1; spreads the delays of retries. */
  readonly random: () => number
  readonly services: StageServices
  /** Where `env:` and `secrets:` are looked up when a run starts; secrets again whenever they are used. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where secrets are looked up instead of `env`. */
  readonly secret?: (name: string) => string | undefined
  readonly control: RunControl
  /** Bounds how many stages with effects run at once (`limits.concurrency`). */
  readonly semaphore: Semaphore
  /** Absent: `cache:` has no effect. */
  readonly cache?: CachePort
  /** The journal of the run. Absent: the lowering brings one, or there is none. */
  readonly recorded?: Recorded
  /** Id of the engine that runs the run. */
  readonly engine?: string
  /** When the run has to be over (`limits.deadline`). ISO 8601, UTC. */
  readonly deadline?: string
  readonly logger: Logger
}

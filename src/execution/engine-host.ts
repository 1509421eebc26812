/** What an engine holds and lends to each of its runs. */

import type { Lowered } from '../compiler/lower/fallback.ts'
import type { SelfTest } from '../compiler/lower/self-test.ts'
import type { Clock } from '../foundation/clock.ts'
import type { NewId } from '../foundation/ids.ts'
import type { Logger } from '../foundation/logger.ts'
import type { Plan } from '../foundation/plan.ts'
import type { StageKinds } from '../foundation/stage-kind.ts'
import { storedEvents } from './follow.ts'
import { readHistory } from './run-history.ts'
import type { RunnerDeps } from './runner-deps.ts'
import type { RunStore } from './store.ts'

/** What the runner needs and does not depend on the stretch. */
export type StageHost = Omit<RunnerDeps, 'control' | 'recorded' | 'engine'>

export interface EngineHost {
  readonly store: RunStore
  readonly kinds: StageKinds
  readonly clock: Clock
  readonly logger: Logger
  readonly newId: NewId
  /** Of runs that start here. */
  readonly lowering: () => Promise<Lowered>
  /** What LangGraph lacks of what `flow` relies on. */
  readonly selfTest: SelfTest
  /** What is due of waits is seen to without being asked for, while runs are under way. */
  readonly background?: boolean
  /** Those whose `triggers:` start runs here. */
  readonly pipelines?: readonly Plan[]
  /** How long a thread is an engine's that does not say that it lives. Milliseconds. */
  readonly leaseMs: number
  stageHost(plan: Plan): StageHost
  /** Fills `into` with how long each stage took in the last run of this pipeline that succeeded. Milliseconds. */
  knownDurations(plan: Plan, into: Map<string, number>): Promise<void>
}

export function durationsFrom(store: RunStore): EngineHost['knownDurations'] {
  return async (plan, into) => {
    const [last] = await store.listRuns({ pipeline: plan.name, status: ['succeeded'], limit: 1 })
    if (!last) return
    const { stages } = await readHistory(plan.stages, storedEvents(store, last.id, 0))
    for (const { id, duration_ms } of stages.values()) if (duration_ms !== null) into.set(id, duration_ms)
  }
}

/** An engine in a process of a simulation: the real one, with every port simulated. */

import { createPipelineEngine } from '../../src/execution/engine.ts'
import type { StageHost } from '../../src/execution/engine-host.ts'
import { createLists } from '../../src/execution/lists.ts'
import type { PipelineEngine } from '../../src/execution/pipeline-engine.ts'
import { createSemaphore } from '../../src/execution/semaphore.ts'
import type { RunStore } from '../../src/execution/store.ts'
import { createEvaluator } from '../../src/foundation/expression/evaluate.ts'
import { silentLogger } from '../../src/foundation/logger.ts'
import type { Lowering } from '../../src/foundation/outcome.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import { createValidators } from '../../src/foundation/schema.ts'
import type { StageKinds } from '../../src/foundation/stage-kind.ts'
import { seeded } from '../fuzz/random.ts'
import { inside, type SimProcess } from './process.ts'
import { simStore } from './sim-store.ts'
import { clockOf } from './time.ts'
import { simKinds } from './world.ts'

export const leaseMs = 30_000

/** What holds no state of a run, and is dear to make. */
const kinds: StageKinds = new Map(simKinds.map((kind) => [kind.name, kind]))
const evaluator = createEvaluator()
const validators = createValidators()
const services = { functions: new Map(), models: new Map(), fetch: globalThis.fetch }

/** What the stages of a process are lent. */
export function stageHostOf(process: SimProcess): (plan: Plan) => StageHost {
  const clock = clockOf(process.simulation.time, process)
  const random = seeded(process.name.length)
  return (plan) => ({
    kinds,
    lists: createLists(),
    evaluator,
    validators,
    clock,
    random,
    env: {},
    logger: silentLogger,
    semaphore: createSemaphore(plan.limits.concurrency),
    services,
  })
}

export function simEngine(process: SimProcess, base: RunStore, lowering: Lowering): PipelineEngine {
  const store = simStore(process, base)
  const stageHost = stageHostOf(process)
  let ids = 0
  return inside(process, () =>
    createPipelineEngine({
      store,
      kinds,
      clock: clockOf(process.simulation.time, process),
      logger: silentLogger,
      newId: (prefix) => `${process.name}_${prefix}${++ids}`,
      lowering: () => Promise.resolve({ lowering }),
      selfTest: () => Promise.resolve([]),
      leaseMs,
      stageHost: (plan) => ({ ...stageHost(plan), cache: store }),
      knownDurations: () => Promise.resolve(),
    }),
  )
}

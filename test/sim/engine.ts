/** An engine in a process of a simulation: the real one, with every port simulated. */
import { createPipelineEngine } from '../../src/execution/engine.ts'
import type { PipelineEngine } from '../../src/execution/pipeline-engine.ts'
import { createSemaphore } from '../../src/execution/semaphore.ts'
import type { RunStore } from '../../src/execution/store.ts'
import { createEvaluator } from '../../src/foundation/expression/evaluate.ts'
import { silentLogger } from '../../src/foundation/logger.ts'
import type { Lowering } from '../../src/foundation/outcome.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import { createValidators } from '../../src/foundation/schema.ts'
import type { StageKinds } from '../../src/foundation/stage-kind.ts'
import { type Random, seeded } from '../fuzz/random.ts'
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

export function simEngine(process: SimProcess, base: RunStore, lowering: Lowering, random: Random): PipelineEngine {
  const store = simStore(process, base)
  const clock = clockOf(process.simulation.time, process)
  const jitter = seeded(Math.floor(random() * 2 ** 31))
  let ids = 0
  const stageHost = (plan: Plan) => ({
    kinds,
    evaluator,
    validators,
    clock,
    random: jitter,
    env: {},
    logger: silentLogger,
    semaphore: createSemaphore(plan.limits.concurrency),
    services,
    cache: store,
  })
  return inside(process, () =>
    createPipelineEngine({
      store,
      kinds,
      clock,
      logger: silentLogger,
      newId: (prefix) => `${process.name}_${prefix}${++ids}`,
      lowering: () => Promise.resolve({ lowering }),
      selfTest: () => Promise.resolve([]),
      leaseMs,
      stageHost,
      knownDurations: () => Promise.resolve(),
    }),
  )
}

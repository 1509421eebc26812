/** One chain of stages through the stage runner, with the ports of an engine but for the store and the events. */
import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { compilePipeline } from '../../src/compiler/compile.ts'
import { createControl } from '../../src/execution/control.ts'
import { createLists } from '../../src/execution/lists.ts'
import type { RunnerDeps } from '../../src/execution/runner-deps.ts'
import { createSemaphore } from '../../src/execution/semaphore.ts'
import { createStageRunner } from '../../src/execution/stage-runner.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { createEvaluator } from '../../src/foundation/expression/evaluate.ts'
import type { Journal } from '../../src/foundation/journal.ts'
import { deepFreeze } from '../../src/foundation/json.ts'
import { silentLogger } from '../../src/foundation/logger.ts'
import type { Outcome } from '../../src/foundation/outcome.ts'
import { noPast } from '../../src/foundation/past.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import { createValidators } from '../../src/foundation/schema.ts'
import { defineFunction, type RegisteredFunction } from '../../src/foundation/stage-kind.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'
import type { Row } from './rows.ts'

type Functions = ReadonlyMap<string, RegisteredFunction>

/** A function that runs the chain once, on a plan of its own, and gives microseconds of CPU per stage. */
export function createChain(row: Row, size: number): () => Promise<number> {
  const names = ['bench/noop', ...Array.from({ length: size }, (_, index) => `bench/s${index}`)]
  const functions: Functions = new Map(names.map((name) => [name, defineFunction({ run: () => 1 })]))
  const plan = planOf(row, size, functions)
  const [evaluator, validators, lists] = [createEvaluator(), createValidators(), createLists()]
  return () => {
    let said = 0
    const deps: RunnerDeps = {
      kinds: builtinKinds,
      lists,
      evaluator,
      validators,
      clock: systemClock,
      random: Math.random,
      services: { functions, models: new Map(), fetch: globalThis.fetch },
      env: {},
      control: createControl(),
      semaphore: createSemaphore(plan.limits.concurrency),
      logger: silentLogger,
    }
    const journal: Journal = {
      say() {
        said++
      },
      commit: () => Promise.resolve(),
    }
    return runChain(
      deepFreeze(structuredClone(plan)),
      { ...deps, recorded: { journal, past: noPast, reread: async () => noPast } },
      () => said,
    )
  }
}

function planOf(row: Row, size: number, functions: Functions): Plan {
  const stages = Array.from({ length: size }, (_, index) => `  - id: s${index}\n    ${row(index)}`)
  const { plan, diagnostics } = compilePipeline(`name: bench\nstages:\n${stages.join('\n')}\n`, {
    path: join(import.meta.dirname, 'bench.yaml'),
    kinds: builtinKinds,
    functions: new Map([...builtinFunctions, ...functions]),
    models: new Set(),
  })
  if (!plan) throw new Error(`the benchmark's pipeline does not compile: ${diagnostics[0]?.message}`)
  return plan
}

async function runChain(plan: Plan, deps: RunnerDeps, said: () => number): Promise<number> {
  const runner = createStageRunner(plan, deps)
  const outcomes: Record<string, Outcome> = {}
  const view = { ...runner.start({}, 'thread'), outcomes, patches: [] }
  const { signal } = new AbortController()
  setMaxListeners(0, signal)
  const line = { signal, ...(deps.recorded && { recorded: deps.recorded }) }
  const cpu = process.cpuUsage()
  for (const stage of plan.stages) outcomes[stage.id] = await runner.runStage(stage, view, line)
  const { user, system } = process.cpuUsage(cpu)
  const wrong = Object.values(outcomes).find(({ status }) => status !== 'succeeded')
  if (wrong || said() < 2 * plan.stages.length) throw new Error(`${said()} events, ${JSON.stringify(wrong)}`)
  return (user + system) / plan.stages.length
}

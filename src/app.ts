/**
 * The one place where everything is put together: the compiler with the built-in stage kinds, the engine with its ports.
 *
 *   const pipeline = compile(text, { path: 'report.yaml' })
 *   const graph = pipeline.graph({ checkpointer: new MemorySaver() })     // a compiled LangGraph StateGraph
 *   const engine = createEngine({ store: openStore('.stagegraph/runs.db') })
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { compilePipeline } from './compiler/compile.ts'
import { lowerAs } from './compiler/lower/fallback.ts'
import { lowerToFlow } from './compiler/lower/flow.ts'
import type { LowerOptions } from './compiler/lower/nodes.ts'
import type { PipelineGraph } from './compiler/lower/pipeline-graph.ts'
import { createSelfTest, type SelfTest } from './compiler/lower/self-test.ts'
import { lowerToStages } from './compiler/lower/stages.ts'
import { createControl } from './execution/control.ts'
import { createPipelineEngine } from './execution/engine.ts'
import { durationsFrom, type StageHost } from './execution/engine-host.ts'
import type { Runnable } from './execution/engine-options.ts'
import { createFlow } from './execution/flow.ts'
import { createLists } from './execution/lists.ts'
import { perPlan } from './execution/per-plan.ts'
import type { PipelineEngine } from './execution/pipeline-engine.ts'
import { createSemaphore } from './execution/semaphore.ts'
import { createStageRunner } from './execution/stage-runner.ts'
import type { RunStore } from './execution/store.ts'
import { type Clock, systemClock } from './foundation/clock.ts'
import { type Diagnostic, formatDiagnostic, hasErrors } from './foundation/diagnostic.ts'
import { CompileError, InputError } from './foundation/errors.ts'
import { createEvaluator } from './foundation/expression/evaluate.ts'
import { randomId } from './foundation/ids.ts'
import { type Logger, silentLogger } from './foundation/logger.ts'
import type { Lowering } from './foundation/outcome.ts'
import type { Plan } from './foundation/plan.ts'
import { createValidators } from './foundation/schema.ts'
import type { AnyStageKind, RegisteredFunction, StageKinds } from './foundation/stage-kind.ts'
import { builtinFunctions, builtinKinds } from './stages/index.ts'

/** Functions by the name that `uses:` gives them. */
export type Functions = Readonly<Record<string, RegisteredFunction>>
/** LangChain chat models by the name that `model:` gives them. */
export type Models = Readonly<Record<string, unknown>>

export interface CompileOptions {
  /** Path of the file the text is from: shown in diagnostics, and its folder is where relative paths start. */
  readonly path?: string
  /** Stage kinds of your own, made by `defineStage`. */
  readonly stages?: readonly AnyStageKind[]
  readonly functions?: Functions
  readonly models?: Models
  /** Warn about reads that nothing declares, too. */
  readonly strict?: boolean
}

export interface GraphOptions {
  /**
   * `stages` by default. Where the LangGraph that is installed does not do what `flow` relies on, `stages` is taken, and
   * the `custom` stream says so (`run.warned`); `await graph.lowering()` tells.
   */
  readonly lowering?: Lowering
  /** Any LangGraph checkpointer. Without one nothing can be resumed. */
  readonly checkpointer?: BaseCheckpointSaver
  /** `throw` (default): a failed pipeline rejects with PipelineFailedError. `return`: it is left in the `run` channel. */
  readonly on_failure?: 'throw' | 'return'
  /** Where env and secrets are looked up; `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly logger?: Logger
}

export interface CompiledPipeline {
  readonly plan: Plan
  /** Warnings: errors are thrown. */
  readonly diagnostics: readonly Diagnostic[]
  /** A compiled StateGraph that LangGraph's own tools can run, with no engine around it. */
  graph(options?: GraphOptions): PipelineGraph
}

/** Compiles YAML text. Synchronous, and imports nothing of the pipeline's. Throws CompileError with every diagnostic. */
export function compile(text: string, options: CompileOptions = {}): CompiledPipeline {
  const kinds = kindsWith(options.stages)
  const { plan, diagnostics, sources } = compilePipeline(text, {
    ...(options.path !== undefined && { path: options.path }),
    kinds,
    functions: functionsWith(options.functions),
    models: new Set(Object.keys(options.models ?? {})),
    strict: options.strict ?? false,
  })
  if (!plan || hasErrors(diagnostics)) {
    throw new CompileError(diagnostics.map((each) => formatDiagnostic(each, sources)).join('\n\n'), diagnostics)
  }
  const selfTest = createSelfTest()
  return {
    plan,
    diagnostics,
    graph: (graphOptions = {}) => graphOf(plan, kinds, options, graphOptions, selfTest),
  }
}

/** Compiles a file. Throws InputError when it cannot be read. */
export function compileFile(path: string, options: Omit<CompileOptions, 'path'> = {}): CompiledPipeline {
  return compile(readPipeline(path), { ...options, path: resolve(path) })
}

function readPipeline(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'does not exist' : message
    throw new InputError(`The pipeline file "${path}" cannot be read: it ${why}.`, [{ name: path, message: why }])
  }
}

function graphOf(
  plan: Plan,
  kinds: StageKinds,
  compiled: CompileOptions,
  options: GraphOptions,
  selfTest: SelfTest,
): PipelineGraph {
  const runner = createStageRunner(plan, {
    ...createStageHost({
      kinds,
      functions: compiled.functions,
      models: compiled.models,
      env: options.env ?? process.env,
      clock: systemClock,
      logger: options.logger ?? silentLogger,
    })(plan),
    control: createControl(),
  })
  const lowered: LowerOptions = {
    ...(options.checkpointer && { checkpointer: options.checkpointer }),
    onFailure: options.on_failure ?? 'throw',
    selfTest,
  }
  return options.lowering === 'flow'
    ? lowerToFlow(plan, runner, createFlow, lowered)
    : lowerToStages(plan, runner, lowered)
}

export interface EngineOptions {
  readonly store: RunStore
  /** Stage kinds of your own, as given to `compile`. */
  readonly stages?: readonly AnyStageKind[]
  readonly functions?: Functions
  readonly models?: Models
  readonly logger?: Logger
  readonly clock?: Clock
  /** The graph that new runs are run by; `flow` by default. A run goes on with the one it was started by. */
  readonly lowering?: Lowering
  /**
   * After how long without a sign of life another engine may take a run over. A dead process on this machine is found out
   * at once. Milliseconds; 60,000 by default.
   */
  readonly leaseMs?: number
  /** Pipelines whose `triggers:` start runs here, on events and when runs of others end. */
  readonly pipelines?: readonly Runnable[]
  /**
   * Whether it sees by itself to what is due of the waits of any run in the store, while runs of its own are under way, and
   * to `triggers` always; true by default. `tick()` does so at any time.
   */
  readonly background?: boolean
  /** Where env and secrets are looked up; `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export function createEngine(options: EngineOptions): PipelineEngine {
  if (!options?.store)
    throw new InputError('createEngine needs a store.', [
      { name: 'store', message: 'Pass openStore(path) or createMemoryStore().' },
    ])
  const { store, clock = systemClock, logger = silentLogger, env = process.env } = options
  const kinds = kindsWith(options.stages)
  const selfTest = createSelfTest()
  const host = createStageHost({ kinds, functions: options.functions, models: options.models, env, clock, logger })
  return createPipelineEngine({
    store,
    kinds,
    clock,
    logger,
    newId: randomId,
    lowering: () => lowerAs(options.lowering ?? 'flow', selfTest),
    selfTest,
    background: options.background ?? true,
    pipelines: (options.pipelines ?? []).map((each) => ('plan' in each ? each.plan : each)),
    leaseMs: options.leaseMs ?? 60_000,
    stageHost: (plan) => ({ ...host(plan), cache: store }),
    knownDurations: durationsFrom(store),
  })
}

interface HostParts {
  readonly kinds: StageKinds
  readonly functions: Functions | undefined
  readonly models: Models | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly logger: Logger
}

/** What is compiled of a plan's expressions and schemas is kept with its shape. */
function createStageHost({ functions, models, ...ports }: HostParts): (plan: Plan) => StageHost {
  const services = {
    functions: functionsWith(functions),
    models: new Map(Object.entries(models ?? {})),
    fetch: globalThis.fetch,
  }
  const compiled = perPlan(() => ({
    evaluator: createEvaluator(),
    validators: createValidators(),
    lists: createLists(),
  }))
  return (plan) => {
    const semaphore = createSemaphore(plan.limits.concurrency)
    return { ...ports, ...compiled(plan), services, random: Math.random, semaphore }
  }
}

function kindsWith(own: readonly AnyStageKind[] = []): StageKinds {
  return own.length === 0 ? builtinKinds : new Map([...builtinKinds, ...own.map((kind) => [kind.name, kind] as const)])
}

const functionsWith = (own: Functions = {}): ReadonlyMap<string, RegisteredFunction> =>
  new Map([...builtinFunctions, ...Object.entries(own)])

/**
 * One seed of a graph without an engine: `pipeline.graph({ checkpointer })`, invoked by one process after the other, each
 * of which dies when something goes wrong.
 */
import { Command, MemorySaver } from '@langchain/langgraph'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { lowerToFlow } from '../../src/compiler/lower/flow.ts'
import type { Hold } from '../../src/compiler/lower/hold.ts'
import type { PipelineGraph } from '../../src/compiler/lower/pipeline-graph.ts'
import { lowerToStages } from '../../src/compiler/lower/stages.ts'
import { createControl } from '../../src/execution/control.ts'
import { createFlow } from '../../src/execution/flow.ts'
import { createStageRunner } from '../../src/execution/stage-runner.ts'
import { ThreadError } from '../../src/foundation/errors.ts'
import type { Json, JsonObject } from '../../src/foundation/json.ts'
import type { Lowering, Outcomes, RunState } from '../../src/foundation/outcome.ts'
import { pick, type Random, seeded, upTo } from '../fuzz/random.ts'
import { answerTo } from './answers.ts'
import { createDoubt } from './doubt.ts'
import { compareEnds, type End } from './ends.ts'
import { stageHostOf } from './engine.ts'
import { createFaults, faultKinds, isInjected } from './faults.ts'
import { createGraphWatcher } from './graph-watcher.ts'
import type { RandomPipeline } from './pipelines.ts'
import { createProcess, inside, type SimProcess } from './process.ts'
import { createScene } from './scene.ts'
import { simSaver } from './sim-store.ts'
import type { Report, SimulateOptions } from './simulate.ts'
import type { Simulation } from './simulation.ts'
import { memoryStores, type Stores, sqliteStores } from './stores.ts'
import type { Time } from './time.ts'
import { timeless } from './waits.ts'

const config = { configurable: { thread_id: 'run' } }
/** Steps after which an invocation that has not ended never will. */
const maxSteps = 40_000
/** Invocations that a thread may need. */
const maxInvocations = 120

/** What an invocation gives. */
interface State {
  readonly stages: Outcomes
  readonly run: RunState
  readonly outputs?: JsonObject | null
  readonly __interrupt__?: readonly { readonly id?: string; readonly value?: Json }[]
}

export async function runGraph(
  pipeline: RandomPipeline,
  quiet: End,
  random: Random,
  options: SimulateOptions,
): Promise<Omit<Report, 'seed'>> {
  const lowering = pick<Lowering>(random, ['stages', 'flow'])
  const count = 1 + upTo(random, 6)
  const kinds = faultKinds.filter((kind) => kind !== 'stop' && kind !== 'hang')
  const faultsFrom = (time: Time) =>
    createFaults({ random: seeded(upTo(random, 2 ** 31)), time, count, leaseMs: 0, kinds })
  const watcherFrom = (wrong: (what: string) => void) => createGraphWatcher(pipeline.plan, lowering, wrong)
  const { simulation, lines } = createScene(pipeline, random, faultsFrom, { ...options, watcherFrom })
  const { time, faults, processes, world, violations } = simulation
  const stores = storesOf(random, time)
  try {
    const end = await toEnd(simulation, pipeline, lowering, stores, random)
    for (const process of processes.values()) process.kill()
    time.end()
    const doubt = createDoubt(pipeline.plan)
    if (end) for (const each of compareEnds(quiet, { ...end, undone: quiet.undone }, doubt)) simulation.wrong(each)
    return {
      lowering,
      store: stores.kind,
      stages: pipeline.plan.stages.length,
      faults: faults.struck,
      processes: processes.size,
      attempts: processes.size,
      executions: world.executions.length,
      ambiguous: [...world.done.values()].reduce((sum, times) => sum + times - 1, 0),
      late: 0,
      status: `graph ${end?.status ?? 'none'}`,
      violations,
      trace: lines,
    }
  } finally {
    await stores.close()
  }
}

interface Savers extends Pick<Stores, 'close'> {
  readonly kind: Report['store']
  saver(): BaseCheckpointSaver
}

function storesOf(random: Random, time: Time): Savers {
  const kind = pick<Report['store']>(random, ['memory', 'memory', 'LangGraph'])
  if (kind === 'LangGraph') {
    const saver = new MemorySaver()
    return { kind, saver: () => saver, close: () => Promise.resolve() }
  }
  const isFile = random() < 0.1
  const stores = isFile ? sqliteStores(time) : memoryStores(time)
  return { kind: isFile ? 'sqlite' : kind, saver: () => stores.open().saver, close: () => stores.close() }
}

/** Undefined: it never ends, which is said. */
async function toEnd(
  simulation: Simulation,
  pipeline: RandomPipeline,
  lowering: Lowering,
  stores: Savers,
  random: Random,
): Promise<End | undefined> {
  const { time, trace, wrong, violations } = simulation
  const asked = new Map<string, Json>()
  const given = new Map<string, Json>()
  let hold: Hold | undefined
  for (let invocation = 0; invocation < maxInvocations && violations.length === 0; invocation++) {
    const process = createProcess(`p${invocation + 1}`, 'a', simulation)
    simulation.join(process)
    const base = stores.saver()
    const input = await inputFor(base, simulation, random, { asked, given })
    trace(
      () => `${process.name} invokes the graph with ${input instanceof Command ? 'answers' : JSON.stringify(input)}`,
    )
    await hold?.release() // its process is dead, which others see at once
    hold = undefined
    const checkpointer = simSaver(process, base, undefined, (given) => {
      hold = given
    })
    const graph = graphOf(process, pipeline, lowering, checkpointer)
    const state = await invoke(process, () => graph.invoke(input as never, config) as Promise<State>, simulation)
    process.kill()
    if (!state) {
      await rest(time, upTo(random, 10_000))
      continue
    }
    asked.clear()
    for (const { id, value } of state.__interrupt__ ?? []) if (id !== undefined) asked.set(id, value ?? null)
    if (asked.size === 0) return endOfState(state)
    if (pipeline.hasTimers) await rest(time, upTo(random, 10_000))
  }
  if (violations.length === 0) wrong(`the graph has not ended after ${maxInvocations} invocations`)
  return undefined
}

async function inputFor(
  saver: BaseCheckpointSaver,
  simulation: Simulation,
  random: Random,
  { asked, given }: { readonly asked: ReadonlyMap<string, Json>; readonly given: Map<string, Json> },
): Promise<unknown> {
  const tuple = await saver.getTuple(config)
  if (tuple?.checkpoint.channel_values.run === undefined) return { inputs: {} }
  const chosen: [string, Json][] = []
  for (const [id, value] of asked) {
    if (random() < 0.3) continue
    const answer = given.get(id) ?? answerTo(simulation, random, waitOf(id, value))
    if (answer === undefined) continue
    given.set(id, answer)
    chosen.push([id, answer])
  }
  if (chosen.length === 0) return random() < 0.9 ? null : { inputs: {} } // the same inputs mean: go on
  return new Command({ resume: Object.fromEntries(chosen) })
}

async function rest(time: Time, ms: number): Promise<void> {
  let over = false
  time.after(ms, undefined, () => {
    over = true
  })
  while (!over && (await time.step()));
}

/** Of an interrupt: what is asked after a crash names the stage. */
function waitOf(id: string, value: Json) {
  const { reason, stage = '' } = (typeof value === 'object' && value !== null ? value : {}) as {
    reason?: string
    stage?: string
  }
  return { id, value, stage, ...(reason !== undefined && { ambiguous: true as const }) }
}

function graphOf(
  process: SimProcess,
  { plan }: RandomPipeline,
  lowering: Lowering,
  checkpointer: BaseCheckpointSaver,
): PipelineGraph {
  const runner = createStageRunner(plan, { ...stageHostOf(process)(plan), control: createControl() })
  const options = { checkpointer, onFailure: 'return' } as const
  return lowering === 'flow' ? lowerToFlow(plan, runner, createFlow, options) : lowerToStages(plan, runner, options)
}

/** Undefined: the process died, or something went wrong that lets it die. */
async function invoke(
  process: SimProcess,
  work: () => Promise<State>,
  { time, wrong, trace }: Simulation,
): Promise<State | undefined> {
  let state: State | undefined
  let settled = false
  inside(process, work).then(
    (given) => {
      state = given
      settled = true
    },
    (error: unknown) => {
      trace(() => `${process.name} gets ${error}`)
      if (!isExpected(error)) wrong(`the graph was left with ${describe(error)}`)
      settled = true
    },
  )
  await time.settle()
  for (let step = 0; step < maxSteps && !settled && process.state === 'up'; step++) {
    if (await time.step()) continue
    wrong('a graph stands still: nothing is due, and it has not ended')
    break
  }
  return process.state === 'up' ? state : undefined
}

const describe = (error: unknown): string =>
  error instanceof AggregateError ? error.errors.map(describe).join(', and ') : String((error as Error)?.stack ?? error)

/** The inputs of a thread that is finished are refused, whatever they are. */
const isExpected = (error: unknown): boolean =>
  isInjected(error) ||
  (error instanceof ThreadError && error.code === 'thread_finished') ||
  (error instanceof Error && error.cause !== undefined && isExpected(error.cause))

function endOfState({ stages, run, outputs = null }: State): End {
  const ends = Object.entries(stages).map(([id, { status, output, error, reason, tolerated }]) => {
    return [id, { status, output: timeless(output), code: error?.code ?? null, reason, tolerated }] as const
  })
  const { status = 'none', error = null, tolerated = [] } = run
  return {
    status,
    outputs: timeless(outputs),
    code: error?.code ?? null,
    failed: error?.stage ?? null,
    tolerated,
    stages: new Map(ends),
    undone: [],
  }
}

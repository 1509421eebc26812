/**
 * The scheduler of the flow lowering: a stage starts as soon as what it needs is done, whatever its neighbours do.
 *
 * Data in, data out: outcomes in, new outcomes out. What is durable when is the runner's: a stage with effects starts
 * when all that was recorded before it is. It counts, per stage, the needs that are still open, over the
 * transitive reduction of the plan; so a completion costs what its dependants are, and a chain of `all_above` is a chain.
 *
 * A stage whose outcome is there already (adopted, or given by an edit) passes on when everything above it is done, not
 * before: a dependant may start only when *all* it needs is terminal, also what the reduction left out.
 */
import { setMaxListeners } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createTopology } from '../compiler/lower/topology.ts'
import type { CreateFlow, Flown, FlowWork } from '../foundation/flow.ts'
import { copyOutcomes, isEmpty } from '../foundation/join-outcomes.ts'
import { JournalError } from '../foundation/journal.ts'
import type { Outcome } from '../foundation/outcome.ts'
import type { Plan, StagePlan } from '../foundation/plan.ts'
import { PauseRequested, type StageRunner, StageWaits } from '../foundation/stage-runner.ts'
import type { OpenWait } from '../foundation/wait.ts'

/** Who waits for whom, by position in the plan. */
interface Shape {
  readonly stages: readonly StagePlan[]
  /** How many edges lead to each stage. */
  readonly waits: Int32Array
  /** Ascending. */
  readonly dependants: readonly (readonly number[])[]
}

/** After so many stages the event loop gets a turn: signals, timers and whoever else is there. */
const turnEvery = 64

export const createFlow: CreateFlow = (plan) => {
  const shape = shapeOf(plan)
  return (runner) => (work) => runFlow(shape, runner, work)
}

function shapeOf(plan: Plan): Shape {
  const topology = createTopology(plan)
  const dependants: number[][] = plan.stages.map(() => [])
  const waits = new Int32Array(plan.stages.length)
  for (const index of plan.stages.keys()) {
    const edges = topology.edges(index)
    waits[index] = edges.length
    for (const edge of edges) dependants[edge]?.push(index)
  }
  return { stages: plan.stages, waits, dependants }
}

function runFlow({ stages, waits, dependants }: Shape, runner: StageRunner, work: FlowWork): Promise<Flown> {
  const { promise, resolve } = Promise.withResolvers<Flown>()
  const { line } = work
  // Stages see it grow: what is upstream of a stage is complete when it starts, and it reads nothing else.
  const outcomes = copyOutcomes(work.view.outcomes)
  const view = { ...work.view, outcomes }
  const fresh: Record<string, Outcome> = isEmpty(work.view.outcomes) ? outcomes : {}
  const open = waits.slice()
  const ready = [...open.keys()].filter((index) => open[index] === 0)
  let inFlight = 0
  let done = 0
  const asked: (readonly OpenWait[] | undefined)[] = []
  let stopListening: (() => void) | undefined
  let paused = false
  let returns = false // a checkpoint is wanted
  let broken: { readonly error: unknown } | undefined
  if (line.signal) setMaxListeners(0, line.signal) // a listener per running stage, taken away when it ends

  function startReady(): void {
    for (let at = 0; at < ready.length && !paused && !returns && !broken; at++) {
      const index = ready[at] as number
      const stage = stages[index] as StagePlan
      if (Object.hasOwn(outcomes, stage.id)) pass(index)
      else void run(index, stage)
    }
    ready.length = 0
    if (inFlight > 0) return
    stopListening?.()
    resolve(close())
  }

  /** Something came for those that wait, while others run. */
  function askAgain(): void {
    if (paused || returns || broken) return
    for (const [index, waits] of asked.entries()) {
      if (!waits) continue
      asked[index] = undefined
      void run(index, stages[index] as StagePlan)
    }
  }

  function pass(index: number): void {
    for (const dependant of dependants[index] ?? []) {
      open[dependant] = (open[dependant] as number) - 1
      if (open[dependant] === 0) ready.push(dependant)
    }
  }

  async function run(index: number, stage: StagePlan): Promise<void> {
    inFlight++
    try {
      const outcome = await runner.runStage(stage, view, line)
      outcomes[stage.id] = outcome
      fresh[stage.id] = outcome
      if (stage.checkpoint) returns = true
      pass(index)
    } catch (error) {
      if (error instanceof PauseRequested) paused = true
      else if (error instanceof StageWaits) {
        asked[index] = error.waits
        stopListening ??= line.recorded?.onNews?.(askAgain)
      } else broken ??= { error }
    }
    if (++done % turnEvery === 0) await nextTurn()
    inFlight--
    startReady()
  }

  /** Whoever gets the outcomes gets only what the journal has. */
  async function close(): Promise<Flown> {
    try {
      if (broken) throw broken.error
      await line.recorded?.journal.commit()
      return { fresh, paused, waits: asked.flatMap((waits) => waits ?? []) }
    } catch (error) {
      throw error instanceof JournalError ? error.cause : error
    }
  }

  startReady()
  return promise
}

/**
 * The scheduler: a stage starts as soon as what it needs is done, whatever its neighbours do. The pipeline's own list and
 * the lists inside stages are run by it alike.
 *
 * Data in, data out: outcomes in, new outcomes out. What is durable when is the runner's: a stage with effects starts
 * when all that was recorded before it is. It counts, per stage, the needs that are still open, over the
 * transitive reduction of the list; so a completion costs what its dependants are, and a chain of `all_above` is a chain.
 *
 * A stage whose outcome is there already (adopted, or given by an edit) passes on when everything above it is done, not
 * before: a dependant may start only when *all* it needs is terminal, also what the reduction left out.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Topology } from '../compiler/lower/topology.ts'
import { isEmpty } from '../foundation/join-outcomes.ts'
import type { Recorded } from '../foundation/journal.ts'
import type { Outcome, Outcomes } from '../foundation/outcome.ts'
import type { StagePlan } from '../foundation/plan.ts'
import { PauseRequested, StageWaits } from '../foundation/stage-runner.ts'
import type { OpenWait } from '../foundation/wait.ts'

/** Who waits for whom, by position in the list. */
export interface Schedule {
  readonly stages: readonly StagePlan[]
  /** How many edges lead to each stage. */
  readonly waits: Int32Array
  /** Ascending. */
  readonly dependants: readonly (readonly number[])[]
}

/** Made once per list. */
export function scheduleOf(stages: readonly StagePlan[], topology: Topology): Schedule {
  const dependants: number[][] = stages.map(() => [])
  const waits = new Int32Array(stages.length)
  for (const index of stages.keys()) {
    const edges = topology.edges(index)
    waits[index] = edges.length
    for (const edge of edges) dependants[edge]?.push(index)
  }
  return { stages, waits, dependants }
}

/** What a list is run with. */
export interface ListWork {
  /** What is known already; what ends is added, so that stages that start later see it. */
  readonly outcomes: Record<string, Outcome>
  run(stage: StagePlan): Promise<Outcome>
  /** Told of each end; returns whether nothing more is to be started. */
  onEnd?(stage: StagePlan, outcome: Outcome): boolean
  /** Calls back when something has come for a stage that waits, until it is told to stop. */
  readonly onNews: Recorded['onNews'] | undefined
}

/** What running a list brought. */
export interface ListRun {
  /** Outcomes that were not there before. */
  readonly fresh: Outcomes
  /** Stages were ready and not started, because the run is being paused. */
  readonly paused: boolean
  /** What stages wait for, in the order of the list. */
  readonly waits: readonly OpenWait[]
}

/** After so many stages the event loop gets a turn: signals, timers and whoever else is there. */
const turnEvery = 64

/**
 * Runs until nothing runs and nothing is ready. Rejects when a stage did, with other than a pause or a wait, after
 * everything in flight has ended: nobody's effect goes unrecorded.
 */
export function runList({ stages, waits, dependants }: Schedule, work: ListWork): Promise<ListRun> {
  const { promise, resolve, reject } = Promise.withResolvers<ListRun>()
  const { outcomes } = work
  const fresh: Record<string, Outcome> = isEmpty(outcomes) ? outcomes : {}
  const open = waits.slice()
  const ready = [...open.keys()].filter((index) => open[index] === 0)
  let inFlight = 0
  let done = 0
  const asked: (readonly OpenWait[] | undefined)[] = []
  let paused = false
  let returns = false
  let broken: { readonly error: unknown } | undefined
  let stopListening: (() => void) | undefined

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
    if (broken) reject(broken.error)
    else resolve({ fresh, paused, waits: asked.flatMap((waits) => waits ?? []) })
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
      const outcome = await work.run(stage)
      outcomes[stage.id] = outcome
      fresh[stage.id] = outcome
      if (work.onEnd?.(stage, outcome)) returns = true
      pass(index)
    } catch (error) {
      if (error instanceof PauseRequested) paused = true
      else if (error instanceof StageWaits) {
        asked[index] = error.waits
        stopListening ??= work.onNews?.(askAgain)
      } else broken ??= { error }
    }
    if (++done % turnEvery === 0) await nextTurn()
    inFlight--
    startReady()
  }

  startReady()
  return promise
}

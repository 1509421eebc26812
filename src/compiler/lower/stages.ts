/**
 * The `stages` lowering: a node per stage of the plan, named like it, with static barriers between them.
 *
 *   START → … stages … → settle → finish
 *
 * A stage that is skipped is a node that runs and records it, because LangGraph's joins wait for ever for a node that
 * was routed around. Nodes never throw because a stage failed, for the same reason: failure is an outcome. `settle` runs
 * when nothing else is left (deferred) and returns how the run ended; `finish` then throws if it failed, since a node
 * cannot both save and throw.
 *
 * The other lowering, `flow`, stands beside this file.
 */
import { Annotation, END, type LangGraphRunnableConfig, START, StateGraph } from '@langchain/langgraph'
import type { RunEventBody } from '../../foundation/events.ts'
import type { Recorded } from '../../foundation/journal.ts'
import { topOf } from '../../foundation/paths.ts'
import { allStages, type Plan, type StagePlan } from '../../foundation/plan.ts'
import type { StageRunner } from '../../foundation/stage-runner.ts'
import { createState } from './channels.ts'
import { entryOf } from './entry.ts'
import { haltFor } from './halt.ts'
import {
  type Builder,
  compileOptions,
  finish,
  finishNode,
  type LowerOptions,
  lineOf,
  updateFor,
  viewOf,
} from './nodes.ts'
import { PipelineGraph } from './pipeline-graph.ts'
import type { Node, PipelineState, PipelineUpdate } from './pipeline-state.ts'
import { type Kept, keptByNode, recordedIn } from './saver-journal.ts'
import type { Internal } from './self-test.ts'
import { takeAnswers } from './take-answers.ts'
import { createTopology, type Topology } from './topology.ts'

/** The name of the node that ends the run once every stage has ended. */
export const settleNode = 'settle'

/**
 * The plan as a compiled LangGraph graph. What a stage does is the runner's. `insteadBecause`: it stands in for `flow`,
 * which cannot be used here.
 */
export function lowerToStages(
  plan: Plan,
  runner: StageRunner,
  options: LowerOptions = {},
  insteadBecause?: readonly Internal[],
): PipelineGraph {
  const state = createState(plan, (variable, contributions, base) => runner.fold(variable, contributions, base))
  const builder = new StateGraph(state) as unknown as Builder
  const { inputs, stages, open, run, outputs } = state.spec
  // A node that read every variable would fold them all; the runner folds those that an expression reads.
  const input = Annotation.Root({ inputs, stages, open, run })

  for (const stage of plan.stages) builder.addNode(stage.id, stageNode(plan, stage, runner), { input })
  builder.addNode(settleNode, settle(plan, runner), { input, defer: true })
  builder.addNode(finishNode, finish(plan, options.onFailure), {
    input: Annotation.Root({ run, outputs, stages }),
  })
  connect(builder, plan, createTopology(plan))

  const compiled = builder.compile(compileOptions(plan, options))
  const nodes = [...plan.stages.map(({ id }) => id), settleNode, finishNode]
  const { recursionLimit } = plan
  return new PipelineGraph({
    ...compiled,
    pipeline: {
      plan,
      runner,
      lowering: 'stages',
      nodes,
      recursionLimit,
      ...(insteadBecause && { insteadBecause }),
    },
  })
}

function connect(builder: Builder, { stages }: Plan, topology: Topology): void {
  const idOf = (index: number): string => (stages[index] as StagePlan).id
  for (const [index, { id }] of stages.entries()) {
    const from = topology.edges(index).map(idOf)
    if (from.length > 1) builder.addEdge(from, id)
    else builder.addEdge(from[0] ?? START, id)
  }
  for (const from of [START, ...topology.sinks.map(idOf)]) builder.addEdge(from, settleNode)
  builder.addEdge(settleNode, finishNode)
  builder.addEdge(finishNode, END)
}

function stageNode(plan: Plan, stage: StagePlan, runner: StageRunner): Node {
  return async (state, config) => {
    if (Object.hasOwn(state.stages, stage.id)) return {} // recorded already, by an edit
    const line = lineOf(config)
    const kept = runner.recorded ? undefined : await keptOf(plan, stage, runner, state, config)
    const recorded = runner.recorded ?? (kept && recordedIn(kept))
    try {
      const outcome = await runner.runStage(stage, viewOf(state), { ...line, ...(recorded && { recorded }) })
      await recorded?.journal.commit() // LangGraph gets only what the journal has
      return { ...updateFor({ [stage.id]: outcome }), ...(kept && openOf(stage.id, kept, state)) }
    } catch (error) {
      throw await haltFor(error, recorded)
    }
  }
}

/**
 * The stage's own rows. Outcomes are LangGraph's to keep here, so only waits are written down, what happens inside the
 * stage, and whatever is needed to know that an attempt was started which must not be repeated.
 */
async function keptOf(
  plan: Plan,
  stage: StagePlan,
  runner: StageRunner,
  state: PipelineState,
  config: LangGraphRunnableConfig,
): Promise<Kept | undefined> {
  const keepsAll = stage.once === true || stage.body !== undefined || isActedOn(stage)
  const keeps = (event: RunEventBody): boolean => keepsAll || 'wait' in event
  const kept = await keptByNode(config, entryOf(config), state.open.stages ?? {}, { scope: stage.id, keeps })
  if (kept) await takeAnswers(kept, { plan, runner, known: state.stages, of: stage.id }, config, lineOf(config).tell)
  return kept
}

/** More than one step is done about its failure, which must not be forgotten in between. */
const isActedOn = ({ onError }: StagePlan): boolean => onError.do === 'handle' || onError.do === 'pause'

/** The stage is terminal; those that another branch ran, too, are begun anew here. */
function openOf(id: string, { past, begunAnew }: Kept, { open, stages }: PipelineState): PipelineUpdate {
  const known = open.stages ?? {}
  const anew = begunAnew.filter(
    (path) => topOf(path) !== id && !Object.hasOwn(stages, topOf(path)) && !Object.hasOwn(known, path),
  )
  const over = Object.keys(known).filter((path) => topOf(path) === id)
  const update = {
    ...Object.fromEntries(anew.map((path) => [path, past.of(path)])),
    ...Object.fromEntries(over.map((path) => [path, null])),
  }
  return Object.keys(update).length > 0 ? { open: { stages: update } } : {}
}

const settle =
  (plan: Plan, runner: StageRunner): Node =>
  async (state, config) => {
    const recorded = runner.recorded ?? (hasLast(plan) ? await keptLast(state, config) : undefined)
    try {
      const { run, outputs } = await runner.settle(viewOf(state), { ...lineOf(config), ...(recorded && { recorded }) })
      return { run, outputs }
    } catch (error) {
      throw await haltFor(error, recorded)
    }
  }

/** Something of its own runs when all stages have ended. */
const hasLast = ({ finally: last = [], onError, stages }: Plan): boolean =>
  last.length > 0 || onError !== undefined || allStages(stages).some(({ rollback }) => rollback)

/** The rows of what runs last. */
async function keptLast(state: PipelineState, config: LangGraphRunnableConfig): Promise<Recorded | undefined> {
  const kept = await keptByNode(config, entryOf(config), state.open.stages ?? {}, { scope: settleNode })
  return kept && recordedIn(kept)
}

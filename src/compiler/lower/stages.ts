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
import { Annotation, END, GraphInterrupt, START, StateGraph } from '@langchain/langgraph'
import { JournalError } from '../../foundation/journal.ts'
import type { Plan, StagePlan } from '../../foundation/plan.ts'
import { PauseRequested, type StageRunner } from '../../foundation/stage-runner.ts'
import { createState } from './channels.ts'
import {
  type Builder,
  compileOptions,
  finish,
  finishNode,
  type LowerOptions,
  lineOf,
  type Node,
  updateFor,
  viewOf,
} from './nodes.ts'
import { PipelineGraph } from './pipeline-graph.ts'
import { createTopology, type Topology } from './topology.ts'

/** The name of the node that ends the run once every stage has ended. */
export const settleNode = 'settle'

/** The plan as a compiled LangGraph graph. What a stage does is the runner's. */
export function lowerToStages(plan: Plan, runner: StageRunner, options: LowerOptions = {}): PipelineGraph {
  const state = createState(plan, (variable, contributions, base) => runner.fold(variable, contributions, base))
  const builder = new StateGraph(state) as unknown as Builder
  const { inputs, stages, open, run, outputs } = state.spec
  // A node that read every variable would fold them all; the runner folds those that an expression reads.
  const input = Annotation.Root({ inputs, stages, open, run })

  for (const stage of plan.stages) builder.addNode(stage.id, stageNode(stage, runner), { input })
  builder.addNode(settleNode, settle(runner), { input, defer: true })
  builder.addNode(finishNode, finish(plan, options.onFailure), {
    input: Annotation.Root({ run, outputs, stages }),
  })
  connect(builder, plan, createTopology(plan))

  const compiled = builder.compile(compileOptions(plan, options))
  const nodes = [...plan.stages.map(({ id }) => id), settleNode, finishNode]
  const { recursionLimit } = plan
  return new PipelineGraph({ ...compiled, pipeline: { plan, runner, lowering: 'stages', nodes, recursionLimit } })
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

function stageNode(stage: StagePlan, runner: StageRunner): Node {
  return async (state, config) => {
    if (Object.hasOwn(state.stages, stage.id)) return {} // recorded already, by an edit
    try {
      const outcome = await runner.runStage(stage, viewOf(state), lineOf(config))
      await runner.recorded?.journal.commit() // LangGraph gets only what the journal has
      return updateFor({ [stage.id]: outcome })
    } catch (error) {
      // An interrupt without a question: siblings end and are kept, and `invoke(null)` comes back here.
      if (error instanceof PauseRequested) throw new GraphInterrupt([])
      throw error instanceof JournalError ? error.cause : error
    }
  }
}

const settle =
  (runner: StageRunner): Node =>
  async (state) => {
    const { run, outputs } = await runner.settle(viewOf(state))
    return { run, outputs }
  }

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
 * The other lowering, `flow`, will stand beside this file and take the same arguments.
 */
import {
  Annotation,
  type BaseStore,
  END,
  GraphInterrupt,
  type LangGraphRunnableConfig,
  START,
  StateGraph,
} from '@langchain/langgraph'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { RunEventBody } from '../../foundation/events.ts'
import type { Outcome } from '../../foundation/outcome.ts'
import type { Plan, StagePlan } from '../../foundation/plan.ts'
import { PauseRequested, type RunView, type StageLine, type StageRunner } from '../../foundation/stage-runner.ts'
import { channelOf, createState } from './channels.ts'
import { refuseUnlessSucceeded } from './finish.ts'
import { PipelineGraph, type PipelineGraphFields } from './pipeline-graph.ts'
import type { PipelineState, PipelineUpdate } from './pipeline-state.ts'
import { createTopology, type Topology } from './topology.ts'

export interface LowerOptions {
  /** Any LangGraph checkpointer. Without one nothing can be resumed. */
  readonly checkpointer?: BaseCheckpointSaver
  readonly store?: BaseStore
  /** `throw` (default): `finish` throws when the pipeline failed. `return`: it is left in the `run` channel. */
  readonly onFailure?: 'throw' | 'return'
}

/** Names of the nodes that are not stages. */
export const settleNode = 'settle'
export const finishNode = 'finish'

/** The plan as a compiled LangGraph graph. What a stage does is the runner's. */
export function lowerToStages(plan: Plan, runner: StageRunner, options: LowerOptions = {}): PipelineGraph {
  const state = createState(plan, (variable, contributions, base) => runner.fold(variable, contributions, base))
  const builder = new StateGraph(state) as unknown as Builder
  const { inputs, stages, open, run, outputs } = state.spec
  // A node that read every variable would fold them all; the runner folds those that an expression reads.
  const input = Annotation.Root({ inputs, stages, open, run })

  for (const stage of plan.stages) builder.addNode(stage.id, stageNode(stage, runner), { input })
  builder.addNode(settleNode, settle(runner), { input, defer: true })
  builder.addNode(finishNode, finish(plan, options.onFailure ?? 'throw'), {
    input: Annotation.Root({ run, outputs, stages }),
  })
  connect(builder, plan, createTopology(plan))

  const { checkpointer, store } = options
  const compiled = builder.compile({ name: plan.name, ...(checkpointer && { checkpointer }), ...(store && { store }) })
  return new PipelineGraph({ ...compiled, pipeline: { plan, runner } })
}

/** The builder with nodes named by text, as far as the lowering uses it. */
interface Builder {
  addNode(name: string, run: Node, options: object): unknown
  addEdge(from: string | string[], to: string): unknown
  compile(options: object): Omit<PipelineGraphFields, 'pipeline'>
}

type Node = (state: PipelineState, config: LangGraphRunnableConfig) => Promise<PipelineUpdate> | PipelineUpdate

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
      return updateFor(stage.id, await runner.runStage(stage, viewOf(state), lineOf(config)))
    } catch (error) {
      // An interrupt without a question: siblings end and are kept, and `invoke(null)` comes back here.
      if (error instanceof PauseRequested) throw new GraphInterrupt([])
      throw error
    }
  }
}

function lineOf({ writer, signal }: LangGraphRunnableConfig): StageLine {
  const tell = (event: RunEventBody): void => {
    try {
      writer?.(event)
    } catch {
      // The stream was closed: nobody listens any more, and that is nothing a stage should fail for.
    }
  }
  return { tell, ...(signal && { signal }) }
}

function updateFor(path: string, outcome: Outcome): PipelineUpdate {
  const variables = Object.entries(outcome.set).map(([name, value]) => [channelOf(name), { [path]: { value } }])
  return { stages: { [path]: outcome }, ...Object.fromEntries(variables) }
}

const viewOf = ({ inputs, stages, run, open }: PipelineState): RunView => ({
  inputs,
  outcomes: stages,
  run,
  patches: open.patches,
})

const settle =
  (runner: StageRunner): Node =>
  async (state) => {
    const { run, outputs } = await runner.settle(viewOf(state))
    return { run, outputs }
  }

const finish =
  (plan: Plan, onFailure: 'throw' | 'return'): Node =>
  (state) => {
    if (onFailure === 'throw') refuseUnlessSucceeded(plan, state)
    return {}
  }

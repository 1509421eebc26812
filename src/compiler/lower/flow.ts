/**
 * The `flow` lowering: one node, `flow`, in which every stage starts as soon as its own needs are done.
 *
 *   START → flow ⟲ → finish
 *
 * It works until nothing runs and nothing is ready, and returns the new outcomes, which makes a checkpoint; it is
 * entered again; and when it has nothing new, it settles the run and returns that last, or throws an interrupt when the
 * run is being paused. (A node that throws an interrupt loses what it has to return.) Between checkpoints the journal
 * keeps every outcome; outcomes it holds and the state does not are adopted on entry.
 *
 * The scheduler is the engine's and is handed in: the compiler does not know the engine.
 */
import { Annotation, END, GraphInterrupt, START, StateGraph } from '@langchain/langgraph'
import type { CreateFlow, Flow, Journal } from '../../foundation/flow.ts'
import type { Outcomes } from '../../foundation/outcome.ts'
import type { Plan } from '../../foundation/plan.ts'
import type { StageRunner } from '../../foundation/stage-runner.ts'
import { createState } from './channels.ts'
import { entryOf } from './entry.ts'
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
import { journalOfNode, readRowsOfHead } from './saver-journal.ts'

/** The name of the node that runs the stages. */
export const flowNode = 'flow'

/** Entries are not counted: a caller's own lower limit wins, and `invoke(null)` goes on. */
const recursionLimit = 2 ** 31 - 1

/** The plan as a compiled LangGraph graph. What a stage does is the runner's, when it starts is the flow's. */
export function lowerToFlow(
  plan: Plan,
  runner: StageRunner,
  createFlow: CreateFlow,
  options: LowerOptions = {},
): PipelineGraph {
  const state = createState(plan, (variable, contributions, base) => runner.fold(variable, contributions, base))
  const builder = new StateGraph(state) as unknown as Builder
  const { inputs, stages, open, run, outputs } = state.spec
  const input = Annotation.Root({ inputs, stages, open, run })

  builder.addNode(flowNode, enter(runner, createFlow(plan, runner)), { input })
  builder.addNode(finishNode, finish(plan, options.onFailure), { input: Annotation.Root({ run, outputs, stages }) })
  builder.addEdge(START, flowNode)
  const next = ({ run: { status } }: { readonly run: { readonly status?: string } }) =>
    status === undefined ? flowNode : finishNode
  builder.addConditionalEdges(flowNode, next, [flowNode, finishNode])
  builder.addEdge(finishNode, END)

  const compiled = builder.compile(compileOptions(plan, options))
  const nodes = [flowNode, finishNode]
  return new PipelineGraph({
    ...compiled,
    pipeline: { plan, runner, lowering: 'flow', nodes, recursionLimit, readRows: readRowsOfHead },
  })
}

const enter =
  (runner: StageRunner, flow: Flow): Node =>
  async (state, config) => {
    const journal = journalOfNode(config)
    const view = viewOf(state)
    const adopted = journal && entryOf(config).first() ? await rowsWithout(journal, view.outcomes) : {}
    const { fresh, paused } = await flow({
      view: { ...view, outcomes: { ...view.outcomes, ...adopted } },
      line: lineOf(config),
      ...(journal && { journal }),
    })
    const outcomes = { ...adopted, ...fresh }
    if (Object.keys(outcomes).length > 0) return updateFor(outcomes)
    if (paused) throw new GraphInterrupt([])
    const { run, outputs } = await runner.settle(view)
    return { run, outputs }
  }

async function rowsWithout(journal: Journal, known: Outcomes): Promise<Outcomes> {
  const rows = await journal.read()
  return Object.fromEntries(Object.entries(rows).filter(([path]) => !Object.hasOwn(known, path)))
}

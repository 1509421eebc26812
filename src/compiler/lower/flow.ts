/**
 * The `flow` lowering: one node, `flow`, in which every stage starts as soon as its own needs are done.
 *
 *   START → flow ⟲ → finish
 *
 * It works until nothing runs and nothing is ready. When every stage is terminal it settles the run and returns outcomes
 * and verdict at once; otherwise it returns the new outcomes, which makes a checkpoint, and is entered again; and when it
 * has nothing new to return, it throws an interrupt. (A node that throws an interrupt loses what it has to return.)
 * Between checkpoints the journal keeps every outcome; outcomes it holds and the state does not are adopted on entry.
 *
 * The scheduler is the engine's and is handed in: the compiler does not know the engine.
 */
import { Annotation, END, GraphInterrupt, START, StateGraph } from '@langchain/langgraph'
import type { CreateFlow, Flow } from '../../foundation/flow.ts'
import type { Recorded } from '../../foundation/journal.ts'
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
import { readRowsOfHead, recordedOfNode } from './saver-journal.ts'

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

  builder.addNode(flowNode, enter(plan, runner, createFlow(plan, runner)), { input })
  builder.addNode(finishNode, finish(plan, options.onFailure), { input: Annotation.Root({ run, outputs, stages }) })
  builder.addEdge(START, flowNode)
  const last = options.onFailure === 'return' ? END : finishNode // there is nothing it would do
  const next = ({ run: { status } }: { readonly run: { readonly status?: string } }) =>
    status === undefined ? flowNode : last
  builder.addConditionalEdges(flowNode, next, [...new Set([flowNode, finishNode, last])])
  builder.addEdge(finishNode, END)

  const compiled = builder.compile(compileOptions(plan, options))
  const nodes = [flowNode, finishNode]
  return new PipelineGraph({
    ...compiled,
    pipeline: { plan, runner, lowering: 'flow', nodes, recursionLimit, readRows: readRowsOfHead },
  })
}

const enter =
  (plan: Plan, runner: StageRunner, flow: Flow): Node =>
  async (state, config) => {
    const first = entryOf(config).first()
    const recorded = runner.recorded ?? (await recordedOfNode(config, first))
    const view = viewOf(state)
    const adopted = first && recorded ? outcomesWithout(recorded, view.outcomes) : {}
    const { fresh, paused } = await flow({
      view: { ...view, outcomes: { ...view.outcomes, ...adopted } },
      line: { ...lineOf(config), ...(recorded && { recorded }) },
    })
    const outcomes = { ...adopted, ...fresh }
    const all = { ...view.outcomes, ...outcomes }
    const hasNews = Object.keys(outcomes).length > 0
    if (plan.stages.some(({ id }) => !Object.hasOwn(all, id))) {
      if (hasNews) return updateFor(outcomes)
      if (paused) throw new GraphInterrupt([])
    }
    const { run, outputs } = await runner.settle({ ...view, outcomes: all })
    return { ...(hasNews && updateFor(outcomes)), run, outputs }
  }

const outcomesWithout = ({ past }: Recorded, known: Outcomes): Outcomes =>
  Object.fromEntries(Object.entries(past.outcomes).filter(([path]) => !Object.hasOwn(known, path)))

/**
 * The `flow` lowering: one node, `flow`, in which every stage starts as soon as its own needs are done.
 *
 *   START → flow ⟲ → finish
 *
 * It works until nothing runs and nothing is ready. When every stage is terminal it settles the run and returns outcomes
 * and verdict at once; otherwise it returns the new outcomes, which makes a checkpoint, and is entered again; and when it
 * has nothing new to return, it throws an interrupt with everything that stages wait for. (A node that throws an
 * interrupt loses what it has to return.) An answer is new, too.
 * Between checkpoints the journal keeps every outcome; outcomes it holds and the state does not are adopted on entry.
 *
 * The scheduler is the engine's and is handed in: the compiler does not know the engine.
 */
import { Annotation, END, GraphInterrupt, type LangGraphRunnableConfig, START, StateGraph } from '@langchain/langgraph'
import type { CreateFlow, Flow } from '../../foundation/flow.ts'
import { isEmpty, joinOutcomes } from '../../foundation/join-outcomes.ts'
import type { Recorded } from '../../foundation/journal.ts'
import type { Outcome, Outcomes } from '../../foundation/outcome.ts'
import type { Plan } from '../../foundation/plan.ts'
import type { StageLine, StageRunner } from '../../foundation/stage-runner.ts'
import { createState, variableChannels } from './channels.ts'
import { entryOf } from './entry.ts'
import { haltFor, isHalt } from './halt.ts'
import { type Builder, finish, finishNode, type LowerOptions, lineOf, updateFor, viewOf } from './nodes.ts'
import { openUpdate } from './open-stages.ts'
import { type Fallback, PipelineGraph } from './pipeline-graph.ts'
import type { Node, PipelineState, PipelineUpdate } from './pipeline-state.ts'
import { type Kept, keptByNode, placeOf, readRowsOfHead, recordedIn } from './saver-journal.ts'
import type { Internal, SelfTest } from './self-test.ts'
import { lowerToStages } from './stages.ts'
import { takeAnswers } from './take-answers.ts'
import { interruptFor } from './waits.ts'
import { WritingNode, withoutWriters } from './writing-node.ts'

/** The name of the node that runs the stages. */
export const flowNode = 'flow'

/** Entries are not counted: a caller's own lower limit wins, and `invoke(null)` goes on. */
const recursionLimit = 2 ** 31 - 1

/** The plan as a compiled LangGraph graph. What a stage does is the runner's, when it starts is the flow's. */
export function lowerToFlow(
  plan: Plan,
  runner: StageRunner,
  createFlow: CreateFlow,
  { onFailure, ...ports }: LowerOptions = {},
): PipelineGraph {
  return flowOf(plan, createFlow, onFailure)(runner, ports)
}

/** A graph for a runner: its nodes and channels are those of every graph of the plan. */
export type FlowGraphs = (runner: StageRunner, ports: Omit<LowerOptions, 'onFailure'>) => PipelineGraph

/** What `lowerToFlow` makes of a plan, up to the runner. */
export function flowOf(plan: Plan, createFlow: CreateFlow, onFailure: LowerOptions['onFailure']): FlowGraphs {
  const compiled = compileFlow(plan, onFailure)
  const flow = createFlow(plan)
  return (runner, { selfTest, ...ports }) => {
    const variables = variableChannels(plan, (...fold) => runner.fold(...fold))
    return new PipelineGraph({
      ...compiled,
      ...ports,
      channels: { ...compiled.channels, ...variables },
      pipeline: {
        plan,
        runner,
        enter: enter(plan, runner, flow(runner)),
        lowering: 'flow',
        nodes: [flowNode, finishNode],
        recursionLimit,
        readRows: readRowsOfHead,
      },
      fallback: selfTest && fallbackTo(plan, runner, { ...ports, ...(onFailure && { onFailure }) }, selfTest),
    })
  }
}

function compileFlow(plan: Plan, onFailure: LowerOptions['onFailure']): ReturnType<Builder['compile']> {
  const state = createState(plan)
  const builder = new StateGraph(state) as unknown as Builder
  const { inputs, stages, open, run, outputs } = state.spec
  const input = Annotation.Root({ inputs, stages, open, run })
  const last = onFailure === 'return' ? END : finishNode // there is nothing it would do
  const next = ({ run: { status } }: Pick<PipelineState, 'run'>): string => (status === undefined ? flowNode : last)

  const flow = new WritingNode<PipelineState, PipelineUpdate>(flowNode, enterRun, (state, { run = state.run }) =>
    next({ run }),
  )
  builder.addNode(flowNode, flow, { input })
  builder.addNode(finishNode, finish(plan, onFailure), { input: Annotation.Root({ run, outputs, stages }) })
  builder.addEdge(START, flowNode)
  builder.addConditionalEdges(flowNode, next, [...new Set([flowNode, finishNode, last])])
  builder.addEdge(finishNode, END)
  return withoutWriters(builder.compile({ name: plan.name }), flowNode)
}

/** The runner is the call's: the node is every run's. */
const enterRun: Node = (state, config) => {
  const run = entryOf(config).enter
  if (!run) throw new TypeError('A node of a pipeline is run by its graph only.')
  return run(state, config)
}

function fallbackTo(plan: Plan, runner: StageRunner, options: LowerOptions, selfTest: SelfTest): Fallback {
  let made: PipelineGraph | undefined
  const graph = (insteadBecause: readonly Internal[]): PipelineGraph => {
    made ??= lowerToStages(plan, runner, options, insteadBecause)
    return made
  }
  return { selfTest, graph }
}

const enter =
  (plan: Plan, runner: StageRunner, flow: Flow): Node =>
  async (state, config) => {
    const view = viewOf(state)
    const line = lineOf(config)
    const entered = await open({ plan, runner }, state, config, line.tell)
    const adopted = entered.isFirst && entered.recorded ? outcomesWithout(entered.recorded, view.outcomes) : {}
    const recording = { ...line, ...(entered.recorded && { recorded: entered.recorded }) }
    const { fresh, paused, waits } = await flow({
      view: { ...view, outcomes: joinOutcomes(view.outcomes, adopted) },
      line: recording,
    })
    const outcomes = joinOutcomes(adopted, fresh)
    const all = joinOutcomes(view.outcomes, outcomes)
    const left = entered.kept && openUpdate(entered.kept, all, state.open)
    const hasNews = !isEmpty(outcomes)
    const update = { ...(hasNews && updateFor(outcomes)), ...(left?.update && { open: left.update }) }
    if (plan.stages.some(({ id }) => !Object.hasOwn(all, id))) {
      if (hasNews || left?.hasAnswers) return update
      if (paused) throw new GraphInterrupt([])
      if (waits.length > 0) throw interruptFor(waits)
    }
    try {
      const { run, outputs } = await runner.settle({ ...view, outcomes: all }, recording)
      return { ...update, run, outputs }
    } catch (error) {
      if (isHalt(error) && hasNews) return update // kept, before it is said that the run stands still
      throw await haltFor(error, entered.recorded)
    }
  }

interface Entered {
  readonly recorded: Recorded | undefined
  /** The journal, where it is the graph's own. */
  readonly kept: Kept | undefined
  /** The journal may hold outcomes that the state has not. */
  readonly isFirst: boolean
}

/** The journal as this entry finds it, with the answers that LangGraph brings in it. */
async function open(
  { plan, runner }: { readonly plan: Plan; readonly runner: StageRunner },
  state: PipelineState,
  config: LangGraphRunnableConfig,
  tell: StageLine['tell'],
): Promise<Entered> {
  const entry = entryOf(config)
  if (runner.recorded) {
    const isFirst = entry.isFirst(placeOf(config)?.config.configurable.checkpoint_id)
    return { recorded: runner.recorded, kept: undefined, isFirst }
  }
  const kept = await keptByNode(config, entry, state.open.stages ?? {}, { scope: '' })
  if (!kept) return { recorded: undefined, kept, isFirst: false }
  await takeAnswers(kept, { plan, runner, known: state.stages }, config, tell)
  return { recorded: recordedIn(kept), kept, isFirst: kept.lineage !== undefined }
}

function outcomesWithout({ past: { outcomes } }: Recorded, known: Outcomes): Outcomes {
  const without: Record<string, Outcome> = {}
  for (const path of Object.keys(outcomes)) {
    if (!Object.hasOwn(known, path)) without[path] = outcomes[path] as Outcome
  }
  return without
}

/** What the nodes of both lowerings are made of. */
import type { Runnable } from '@langchain/core/runnables'
import type { BaseStore, LangGraphRunnableConfig } from '@langchain/langgraph'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { RunEventBody } from '../../foundation/events.ts'
import type { Outcome, Outcomes } from '../../foundation/outcome.ts'
import type { Plan } from '../../foundation/plan.ts'
import type { RunView, StageLine } from '../../foundation/stage-runner.ts'
import { channelOf } from './channels.ts'
import { type Warning, warningKey } from './fallback.ts'
import { refuseUnlessSucceeded } from './finish.ts'
import type { PipelineGraphFields } from './pipeline-graph.ts'
import type { Node, PipelineState, PipelineUpdate } from './pipeline-state.ts'
import type { SelfTest } from './self-test.ts'
import { type Contribution, contributionsIn } from './variable-channel.ts'

export interface LowerOptions {
  /** Any LangGraph checkpointer. Without one nothing can be resumed. */
  readonly checkpointer?: BaseCheckpointSaver
  readonly store?: BaseStore
  /** `throw` (default): `finish` throws when the pipeline failed. `return`: it is left in the `run` channel. */
  readonly onFailure?: 'throw' | 'return'
  /** Whether `flow` can be relied on here; absent: it can. */
  readonly selfTest?: SelfTest
}

/** The builder with nodes named by text, as far as the lowerings use it. */
export interface Builder {
  addNode(name: string, run: Node | Runnable<PipelineState, PipelineUpdate>, options: object): unknown
  addEdge(from: string | string[], to: string): unknown
  addConditionalEdges(from: string, choose: (state: PipelineState) => string, to: readonly string[]): unknown
  compile(options: object): Omit<PipelineGraphFields, 'pipeline'>
}

/** The name of the last node. */
export const finishNode = 'finish'

export const finish =
  (plan: Plan, onFailure: LowerOptions['onFailure'] = 'throw'): Node =>
  (state) => {
    if (onFailure === 'throw') refuseUnlessSucceeded(plan, state)
    return {}
  }

export function compileOptions({ name }: Plan, { checkpointer, store }: LowerOptions): object {
  return { name, ...(checkpointer && { checkpointer }), ...(store && { store }) }
}

export function lineOf({ writer, signal, configurable }: LangGraphRunnableConfig): StageLine {
  const tell = (event: RunEventBody): void => {
    try {
      writer?.(event)
    } catch {
      // The stream was closed: nobody listens any more, and that is nothing a stage should fail for.
    }
  }
  const warning = (configurable?.[warningKey] as Warning | undefined)?.take()
  if (warning) tell(warning)
  return { tell, ...(signal && { signal }) }
}

export const viewOf = ({ inputs, stages, run, open }: PipelineState): RunView => ({
  inputs,
  outcomes: stages,
  run,
  patches: open.patches,
})

/** Outcomes as writes to `stages`, and to the variable that each of them set. */
export function updateFor(outcomes: Outcomes): PipelineUpdate {
  const variables: Record<`vars.${string}`, Record<string, Contribution>> = {}
  for (const path of Object.keys(outcomes)) {
    for (const [name, contribution] of Object.entries(contributionsIn(outcomes[path] as Outcome))) {
      const channel = channelOf(name)
      variables[channel] ??= {}
      variables[channel][path] = contribution
    }
  }
  return { stages: outcomes, ...variables }
}

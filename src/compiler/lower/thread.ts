/** A lowered pipeline and a thread of it, as the parts of the graph hand them to each other. */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { Lowering, Outcomes } from '../../foundation/outcome.ts'
import type { Plan } from '../../foundation/plan.ts'
import type { StageRunner } from '../../foundation/stage-runner.ts'
import type { Node, PipelineState } from './pipeline-state.ts'
import type { Internal } from './self-test.ts'

export interface PipelineParts {
  readonly plan: Plan
  readonly runner: StageRunner
  readonly lowering: Lowering
  /** What the node of `flow` does; it gets it with each call. */
  readonly enter?: Node
  /** Names of the graph's nodes. */
  readonly nodes: readonly string[]
  /** Supersteps at most, unless the caller says otherwise. */
  readonly recursionLimit: number
  /** Outcomes recorded at a checkpoint that its state has not; absent when there can be none. */
  readonly readRows?: (saver: BaseCheckpointSaver, config: RunnableConfig) => Promise<Outcomes>
  /** This graph stands in for one of the other lowering, because of these. */
  readonly insteadBecause?: readonly Internal[]
}

/** A thread that was started. */
export interface Thread {
  readonly id: string
  readonly state: PipelineState
  /** Its checkpoint. */
  readonly config: RunnableConfig
  /** Nodes that run next. */
  readonly next: readonly string[]
}

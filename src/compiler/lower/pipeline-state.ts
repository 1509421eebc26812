/** The state of a pipeline's thread: what LangGraph shows of the channels, and what nodes write into them. */
import type { LangGraphRunnableConfig } from '@langchain/langgraph'
import type { Json, JsonObject } from '../../foundation/json.ts'
import type { Outcomes, RunState } from '../../foundation/outcome.ts'
import type { createState, OpenState, OpenUpdate } from './channels.ts'
import type { VariableChannel, VariableUpdate } from './variable-channel.ts'

/** As `getState().values` and `values` streams have it. */
export type PipelineState = {
  readonly inputs: JsonObject
  readonly stages: Outcomes
  readonly open: OpenState
  readonly run: RunState
  /** Absent until the run is settled; null unless it succeeded. */
  readonly outputs?: JsonObject | null
} & { readonly [variable: `vars.${string}`]: Json }

/** As nodes return it and `updates` streams have it. */
export type PipelineUpdate = {
  readonly inputs?: JsonObject
  readonly stages?: Outcomes
  readonly open?: OpenUpdate
  readonly run?: RunState
  readonly outputs?: JsonObject | null
} & { readonly [variable: `vars.${string}`]: VariableUpdate }

/** What a node does. */
export type Node = (state: PipelineState, config: LangGraphRunnableConfig) => Promise<PipelineUpdate> | PipelineUpdate

/** The channels behind it. */
export type PipelineSpec = ReturnType<typeof createState>['spec'] & {
  readonly [variable: `vars.${string}`]: () => VariableChannel
}

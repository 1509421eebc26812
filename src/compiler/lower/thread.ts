/** A lowered pipeline and a thread of it, as the parts of the graph hand them to each other. */
import type { Plan } from '../../foundation/plan.ts'
import type { StageRunner } from '../../foundation/stage-runner.ts'
import type { PipelineState } from './pipeline-state.ts'

export interface PipelineParts {
  readonly plan: Plan
  readonly runner: StageRunner
}

/** A thread that was started. */
export interface Thread {
  readonly id: string
  readonly state: PipelineState
  /** Nodes that run next. */
  readonly next: readonly string[]
}

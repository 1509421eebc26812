/** Handlers of failures, of a stage or of the pipeline, as the plan has them. */
import { canonicalExpression } from '../../foundation/expression/canonical.ts'
import { compileTemplate } from '../../foundation/expression/template.ts'
import type { FailureActionPlan, HandlerPlan, PipelineOnErrorPlan, StagePlan } from '../../foundation/plan.ts'
import type { HandlerSpec, PipelineSpec } from '../spec.ts'
import { handlersOf, type ListedStage, type StageList } from '../stage-tree.ts'

type Plan = (stage: ListedStage) => StagePlan

export const planHandlers = (written: unknown, lists: readonly StageList[], plan: Plan): readonly HandlerPlan[] =>
  handlersOf(written).map(({ when, do: action }, at) => ({
    ...(when !== undefined && { when: canonicalExpression(when) }),
    stages: (lists[at]?.all ?? []).map(plan),
    then: planAction(action),
  }))

export const planAction = (action: HandlerSpec['do']): FailureActionPlan =>
  typeof action === 'object' ? { do: 'continue', value: compileTemplate(action.continue) } : { do: action }

/** Undefined where nothing is done. */
export function planPipelineOnError(
  written: PipelineSpec['on_error'],
  lists: readonly StageList[],
  plan: Plan,
): PipelineOnErrorPlan | undefined {
  if (written === undefined || written === 'fail') return undefined
  return Array.isArray(written) ? { do: 'handle', handlers: planHandlers(written, lists, plan) } : { do: 'rollback' }
}

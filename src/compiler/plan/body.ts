/** What a stage does with the stages inside it, as the plan has it. */
import { canonicalExpression } from '../../foundation/expression/canonical.ts'
import { compileTemplate } from '../../foundation/expression/template.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import type { BodyPlan, ForeachPlan, LoopPlan, ParallelPlan, StagePlan, SwitchPlan } from '../../foundation/plan.ts'
import type { StageDeclaration } from '../declarations.ts'
import { itemName, type ListedStage } from '../stage-tree.ts'
import { planChild } from './child.ts'
import type { PlannedPipeline, PlanStage } from './pipeline.ts'
import { durationTemplate } from './templates.ts'

/** Undefined for a stage without a body. */
export function planBody(
  { stage, kind, child }: StageDeclaration,
  pipeline: PlannedPipeline,
  plan: PlanStage,
): BodyPlan | undefined {
  const lists = stage.lists.map(({ all }) => all.map((each) => plan(each, pipeline)))
  const [stages = []] = lists
  switch (kind.body?.kind) {
    case undefined:
      return undefined
    case 'foreach':
      return { ...planForeach(stage), stages }
    case 'loop':
      return { ...planLoop(stage), stages }
    case 'switch':
      return planSwitch(stage, lists)
    case 'parallel':
      return planParallel(stage, lists)
    case 'pipeline': {
      if (!child) throw new Error(`the pipeline of "${stage.id}" was checked to be there`)
      const given = compileTemplate((stage.spec.with ?? {}) as Json)
      return { kind: 'pipeline', with: given, child: planChild(child, pipeline.home, plan) }
    }
  }
}

function planForeach({ spec, ...stage }: ListedStage): Omit<ForeachPlan, 'stages'> {
  return {
    kind: 'foreach',
    list: compileTemplate(spec.foreach as Json),
    as: itemName({ spec, ...stage }),
    ...(typeof spec.concurrency === 'number' && { concurrency: spec.concurrency }),
    onItemError: spec.on_item_error === 'continue' ? 'continue' : 'fail',
    ...planResult(spec.result),
  }
}

interface LoopSpec {
  readonly while?: string
  readonly until?: string
  readonly max: number
  readonly on_exhausted?: 'fail' | 'continue'
  readonly delay?: string
  readonly keep?: number
}

function planLoop({ spec }: ListedStage): Omit<LoopPlan, 'stages'> {
  const { max, on_exhausted = 'fail', delay, keep = 1, ...conditions } = spec.loop as LoopSpec
  return {
    kind: 'loop',
    ...(conditions.while !== undefined && { while: canonicalExpression(conditions.while) }),
    ...(conditions.until !== undefined && { until: canonicalExpression(conditions.until) }),
    max,
    onExhausted: on_exhausted,
    ...(delay !== undefined && { delay: durationTemplate(delay) }),
    keep,
    ...planResult(spec.result),
  }
}

const planResult = (written: unknown): Pick<LoopPlan, 'result'> =>
  written === undefined ? {} : { result: compileTemplate(written as Json) }

function planSwitch({ spec }: ListedStage, lists: readonly (readonly StagePlan[])[]): SwitchPlan {
  const cases = (spec.switch as readonly { readonly when?: string }[]).map(({ when }, at) => ({
    ...(when !== undefined && { when: canonicalExpression(when) }),
    stages: lists[at] ?? [],
  }))
  return { kind: 'switch', cases }
}

function planParallel({ spec }: ListedStage, lists: readonly (readonly StagePlan[])[]): ParallelPlan {
  const names = isJsonObject(spec.parallel as Json) ? Object.keys(spec.parallel as object) : []
  const branches = names.map((name, at) => ({ name, stages: lists[at] ?? [] }))
  return { kind: 'parallel', failFast: spec.fail_fast !== false, branches }
}

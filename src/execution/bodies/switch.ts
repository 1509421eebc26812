/** `switch`: the stages of the first case whose condition holds. */
import type { Begun } from '../../foundation/past.ts'
import type { SwitchPlan } from '../../foundation/plan.ts'
import type { StageAtWork } from '../stage-work.ts'
import { noNames } from '../view.ts'
import { rootOf, type Workshop } from '../workshop.ts'
import type { BodyGuard } from './body-guard.ts'
import { createBodyProgress } from './body-progress.ts'
import type { BodyWork, Ran } from './body-work.ts'
import { runToEnd } from './inner-list.ts'
import { combined, listValue, partsOf } from './list-end.ts'

/** The position of the case that is taken; undefined when none is. Throws ExpressionError. */
export function decideCase({ deps }: Workshop, { scope }: StageAtWork, { cases }: SwitchPlan): number | undefined {
  const at = cases.findIndex(({ when }) => when === undefined || deps.evaluator.condition(when, scope([when])))
  return at === -1 ? undefined : at
}

export async function runSwitch(work: BodyWork, { cases }: SwitchPlan, begun: Begun, guard: BodyGuard): Promise<Ran> {
  const { shop, at } = work
  const branch = begun.fixed as number
  const stages = cases[branch]?.stages ?? []
  const { view, end } = await runToEnd(work, {
    stages,
    prefix: `${at.path}.`,
    names: at.view.inside?.names ?? noNames,
    since: begun.at,
    stop: guard.stop,
    report: createBodyProgress(work),
  })
  const body = { branch }
  if (end.is !== 'done') return { end, body }
  const parts = combined(rootOf(shop, at.view), partsOf(stages, view.outcomes))
  return { end, value: listValue(shop, view, stages, undefined), body, ...(parts && { parts }) }
}

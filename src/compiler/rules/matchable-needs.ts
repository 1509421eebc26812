/** A stage whose needs name statuses can run: for one of them, nothing else that it needs keeps it from running. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { ListedStage, Need } from '../stage-tree.ts'
import type { Presence } from './facts/presence.ts'
import type { Rule } from './rule.ts'

export const matchableNeeds: Rule = ({ tree, factsOf, parsed: { spanOf } }, report) => {
  for (const stage of tree.all) {
    const { order, presence } = factsOf(stage.list)
    if (stage.needs === 'all_above' || order.isUncertain(stage.index)) continue
    const hopeless = stage.needs.findLast((need) => need.statuses !== undefined && !canMatch(need, stage, presence))
    if (!hopeless) continue
    report(diagnostics.unmatched_need(spanOf(hopeless.path), stage.id, hopeless.name, hopeless.statuses ?? []))
  }
}

function canMatch(need: Need, { index, list }: ListedStage, presence: Presence): boolean {
  if (need.stage === -1) return true
  const { fails, continuesWithValue, continuesWithoutValue } = (list.all[need.stage] as ListedStage).onFailure
  const failures = [
    ...(fails ? ['failed' as const] : []),
    ...(continuesWithValue || continuesWithoutValue ? ['tolerated' as const] : []),
  ]
  const endings = (need.statuses ?? []).flatMap((status) => (status === 'failed' ? failures : ['succeeded' as const]))
  return endings.some((ending) => presence.canRunWhen(need.stage, ending, index))
}

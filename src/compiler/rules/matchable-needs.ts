/** A stage whose needs name statuses can run: for one of them, nothing else that it needs keeps it from running. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Presence } from './facts/presence.ts'
import type { ListedStage, Need } from './facts/stage-list.ts'
import type { Rule } from './rule.ts'

export const matchableNeeds: Rule = ({ stages, order, presence, parsed: { spanOf } }, report) => {
  for (const stage of stages.all) {
    if (stage.needs === 'all_above' || order.isUncertain(stage.index)) continue
    const hopeless = stage.needs.findLast(
      (need) => need.statuses !== undefined && !canMatch(need, stage, presence, stages.all),
    )
    if (!hopeless) continue
    report(diagnostics.unmatched_need(spanOf(hopeless.path), stage.id, hopeless.name, hopeless.statuses ?? []))
  }
}

function canMatch(need: Need, { index }: ListedStage, presence: Presence, all: readonly ListedStage[]): boolean {
  if (need.stage === -1) return true
  const failure = all[need.stage]?.onFailure === 'fail' ? 'failed' : 'tolerated'
  return (need.statuses ?? []).some((status) =>
    presence.canRunWhen(need.stage, status === 'failed' ? failure : 'succeeded', index),
  )
}

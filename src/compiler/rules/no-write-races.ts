/** No two stages that can run side by side set a variable of which only one value can win. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { createExclusive } from './facts/exclusive.ts'
import { chainOf, settersOf } from './facts/setters.ts'
import type { ListedStage } from './facts/stage-list.ts'
import type { Facts, Rule } from './rule.ts'

export const noWriteRaces: Rule = (facts, report) => {
  const { parsed, declared, order } = facts
  const races = createRaces(facts)
  for (const [variable, all] of settersOf(parsed)) {
    const merge = declared.vars.get(variable)?.merge
    if (merge !== 'last' && merge !== 'first') continue
    const setters = all.filter((stage) => !order.isUncertain(stage))
    if (chainOf(setters, order)) continue
    for (const index of setters) {
      const pair = races(index, setters)
      if (!pair) continue
      const [stage, other] = pair
      const [own, first] = [stage, other].map((each) => parsed.keySpanOf(['stages', each.index, 'set', variable]))
      if (own && first) report(diagnostics.write_race(own, variable, stage.id, other.id, merge, first))
    }
  }
}

/** Of the setters before this one the first that can run side by side with it. */
function createRaces({ stages, order }: Facts) {
  const areExclusive = createExclusive()
  return (index: number, setters: readonly number[]): readonly [ListedStage, ListedStage] | undefined => {
    const stage = stages.all[index] as ListedStage
    for (const before of setters) {
      if (before === index) return undefined
      const other = stages.all[before] as ListedStage
      if (order.sideBySide(before, index) && !areExclusive(other, stage)) return [stage, other]
    }
    return undefined
  }
}

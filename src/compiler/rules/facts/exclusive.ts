/** Which stages never run both, as far as what is written shows it. */

import type { ListedStage } from '../../stage-tree.ts'
import { createConditions } from './conditions.ts'

/** Their conditions contradict each other, or they wait for different statuses of the same stage. */
export function createExclusive(): (a: ListedStage, b: ListedStage) => boolean {
  const conditions = createConditions()
  return (a, b) => haveOtherStatuses(a, b) || conditions.excludes(a.condition, b.condition)
}

function haveOtherStatuses(a: ListedStage, b: ListedStage): boolean {
  if (a.needs === 'all_above' || b.needs === 'all_above') return false
  const others = b.needs
  return a.needs.some(({ stage, statuses }) =>
    others.some(
      (other) =>
        other.stage === stage && statuses && other.statuses && !statuses.some((one) => other.statuses?.includes(one)),
    ),
  )
}

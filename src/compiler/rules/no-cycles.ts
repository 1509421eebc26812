/** No stages wait for each other. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { ListedStage } from '../stage-tree.ts'
import type { Rule } from './rule.ts'

export const noCycles: Rule = ({ tree, factsOf, parsed: { spanOf } }, report) => {
  const cycles = tree.lists.flatMap((list) => factsOf(list).order.cycles.map((cycle) => ({ list, cycle })))
  for (const { list, cycle } of cycles) {
    const path = fromTheTop(cycle).map((index) => list.all[index] as ListedStage)
    const [first, second] = path as [ListedStage, ListedStage]
    // The topmost stage cannot wait for one below it by list order, so it says so in its needs.
    const need = first.needs === 'all_above' ? undefined : first.needs.find(({ stage }) => stage === second.index)
    const implicit = path.find(({ needs }) => needs === 'all_above')
    const span = spanOf(need?.namePath ?? [...first.path, 'id'])
    report(
      diagnostics.need_cycle(
        span,
        path.map(({ id }) => id),
        implicit?.id,
      ),
    )
  }
}

/** The same ring, begun at the stage that stands first in the list, and closed again. */
function fromTheTop(cycle: readonly number[]): number[] {
  const ring = cycle.slice(0, -1)
  const top = ring.indexOf(Math.min(...ring))
  const turned = [...ring.slice(top), ...ring.slice(0, top)]
  return [...turned, turned[0] as number]
}

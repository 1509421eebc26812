/** What can be seen of a stage from where an expression looks. */
import type { WhyAbsent } from '../../../foundation/diagnostics/order.ts'
import { type ListedStage, listsAround, outwards, type StageList } from '../../stage-tree.ts'
import type { FactsOf } from './lists.ts'
import type { View } from './sites.ts'
import { mayLackValue } from './values.ts'

/** It is done and has an output; it is done but may have none; it cannot be read; or nobody can say. */
export type Sight = 'present' | WhyAbsent | 'out_of_sight' | 'uncertain'

export function lookAt(stage: ListedStage, { reader, end, names }: View, factsOf: FactsOf): Sight {
  if (ended(names) === stage.list) return 'ended'
  const { order, presence } = factsOf(stage.list)
  if (end === stage.list) {
    const why = end.holder ? presence.whyAbsentInBody(stage.index) : presence.whyAbsentAtEnd(stage.index)
    return why ?? whenDone(stage, factsOf)
  }
  const at = levelOf(stage, reader)
  if (!at) return 'out_of_sight'
  if (order.isUncertain(at.index)) return 'uncertain'
  if (!order.waitsFor(at.index, stage.index)) return 'out_of_sight'
  return presence.whyAbsent(stage.index, at.index, conditionsBelow(at, reader)) ?? whenDone(stage, factsOf)
}

/** The list of the pipeline whose stages have all ended, however, before anything of this one is evaluated. */
export function ended(list: StageList): StageList | undefined {
  for (const at of listsAround(list)) if (at.after) return at.after
  return undefined
}

/** The stage that is taken back where the expression stands. */
export const undoneBy = ({ names }: View): ListedStage | undefined =>
  names.role === 'rollback' ? names.holder : undefined

const whenDone = (stage: ListedStage, factsOf: FactsOf): Sight =>
  mayLackValue(stage, factsOf) ? 'valueless' : 'present'

/** The stage of the same list that reads, or that holds what reads. */
export function levelOf(stage: ListedStage, reader: ListedStage | undefined): ListedStage | undefined {
  for (const at of outwards(reader)) if (at.list === stage.list) return at
  return undefined
}

/** What holds where a stage inside another reads, besides that the outer one runs. */
function conditionsBelow(outer: ListedStage, reader: ListedStage | undefined): string[] {
  const found: (string | undefined)[] = []
  for (const at of outwards(reader)) {
    if (at === outer) break
    found.push(at.condition, at.list.condition)
  }
  return found.filter((condition) => condition !== undefined).filter((condition) => !isLocal.test(condition))
}

/** These words mean something else in each body, so equal texts need not mean the same. */
const isLocal = /\b(index|iteration)\b/

/** Ids of the stages that can be read, for suggestions. */
export function* readable({ reader, end, names }: View, factsOf: FactsOf): Generator<string> {
  for (const { id } of ended(names)?.all ?? []) if (isNamed(id)) yield id
  for (const { id } of end?.all ?? []) if (isNamed(id)) yield id
  for (const at of outwards(reader)) {
    const { order } = factsOf(at.list)
    for (const { id, index } of at.list.all) if (isNamed(id) && order.waitsFor(at.index, index)) yield id
  }
}

const isNamed = (id: string): boolean => !id.startsWith('#')

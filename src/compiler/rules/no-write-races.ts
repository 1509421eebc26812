/** No two stages that can run side by side set a variable of which only one value can win. */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { ListedStage, StageList } from '../stage-tree.ts'
import { createExclusive } from './facts/exclusive.ts'
import { chainOf, type Setter, settersOf } from './facts/setters.ts'
import type { Facts, Report, Rule } from './rule.ts'

export const noWriteRaces: Rule = (facts, report) => {
  for (const list of facts.tree.lists) checkList(list, facts, report)
  for (const stage of facts.tree.all) {
    if (stage.kind?.body?.kind === 'parallel') checkBranches(stage, facts, report)
  }
}

/** Of some of which only one can win, the rule by which it does. */
function winnerOf(variable: string, { declared }: Facts): 'last' | 'first' | undefined {
  const merge = declared.vars.get(variable)?.merge
  return merge === 'last' || merge === 'first' ? merge : undefined
}

function checkList(list: StageList, facts: Facts, report: Report): void {
  const { order } = facts.factsOf(list)
  const races = createRaces(list, facts)
  for (const [variable, all] of settersOf(list)) {
    const merge = winnerOf(variable, facts)
    if (!merge) continue
    const setters = all.filter(({ index }) => !order.isUncertain(index))
    if (chainOf(setters, order)) continue
    for (const setter of setters) {
      const other = races(setter, setters)
      if (!other) continue
      const [stage, before] = [setter, other].map(({ index }) => list.all[index]?.id) as [string, string]
      report(raceOf(variable, merge, setter.stage, other.stage, facts, { before, stage }))
    }
  }
}

/** Branches run side by side, whatever stands in them. */
function checkBranches({ lists }: ListedStage, facts: Facts, report: Report): void {
  const first = new Map<string, ListedStage>()
  for (const list of lists) {
    for (const [variable, [setter]] of settersOf(list)) {
      const merge = winnerOf(variable, facts)
      const other = first.get(variable)
      if (!merge || !setter) continue
      if (other) report(raceOf(variable, merge, setter.stage, other, facts, undefined))
      else first.set(variable, setter.stage)
    }
  }
}

function raceOf(
  variable: string,
  merge: string,
  stage: ListedStage,
  other: ListedStage,
  { parsed }: Facts,
  fix: { readonly before: string; readonly stage: string } | undefined,
): Diagnostic {
  const [own, first] = [stage, other].map(({ path }) => parsed.keySpanOf([...path, 'set', variable]))
  return diagnostics.write_race(own as never, variable, stage.id, other.id, merge, first as never, fix)
}

/** Of the setters before this one the first that can run side by side with it. */
function createRaces({ all }: StageList, { factsOf }: Facts) {
  const areExclusive = createExclusive()
  return ({ index }: Setter, setters: readonly Setter[]): Setter | undefined => {
    const stage = all[index] as ListedStage
    const { order } = factsOf(stage.list)
    for (const before of setters) {
      if (before.index === index) return undefined
      const other = all[before.index] as ListedStage
      if (order.sideBySide(before.index, index) && !areExclusive(other, stage)) return before
    }
    return undefined
  }
}

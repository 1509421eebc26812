/** A stage that reads a variable waits for the stages that set it, or else never sees what they set. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { type ListedStage, outwards, type StageList } from '../stage-tree.ts'
import { createExclusive } from './facts/exclusive.ts'
import { besideChain, chainOf, type Setter, settersOf } from './facts/setters.ts'
import type { Facts, Rule } from './rule.ts'

export const noRacingReads: Rule = (facts, report) => {
  const { parsed, expressions } = facts
  const besides = createBesides(facts)
  const told = new Set<string>()
  for (const { site, checked, spanIn } of expressions.all) {
    const { reader } = site.view
    if (!reader || site.live) continue
    for (const { name, start, end } of checked.reads.vars) {
      const key = `${reader.path.join()} ${name}`
      if (told.has(key)) continue
      const found = besides(reader, name)
      if (!found) continue
      told.add(key)
      const setterSpan = parsed.keySpanOf([...found.setter.path, 'set', name])
      report(diagnostics.racing_read(spanIn(start, end), name, reader.id, found.setter.id, setterSpan, found.fix))
    }
  }
}

interface Beside {
  readonly setter: ListedStage
  /** The stages of the same list of which one should wait for the other; none between branches. */
  readonly fix: { readonly before: string; readonly stage: string } | undefined
}

/** Finds a stage that sets a variable beside a reader, or beside a stage that the reader stands in. */
function createBesides({ factsOf }: Facts): (reader: ListedStage, name: string) => Beside | undefined {
  const areExclusive = createExclusive()
  const finders = new Map<StageList, Map<string, (reader: number) => Setter | undefined>>()

  function finderOf(list: StageList, name: string): ((reader: number) => Setter | undefined) | undefined {
    const own = finders.get(list) ?? new Map<string, (reader: number) => Setter | undefined>()
    finders.set(list, own)
    const setters = settersOf(list).get(name)
    const found = own.get(name) ?? (setters && besideOf(list, setters))
    if (found) own.set(name, found)
    return found
  }

  /** Most setters stand in a row, which is searched quickly. */
  function besideOf(list: StageList, setters: readonly Setter[]): (reader: number) => Setter | undefined {
    const { order } = factsOf(list)
    const never = (a: number, b: number) => areExclusive(list.all[a] as ListedStage, list.all[b] as ListedStage)
    const certain = setters.filter(({ index }) => !order.isUncertain(index))
    const chain = chainOf(certain, order)
    return (reader) => {
      const first = chain && besideChain(chain, reader, order)
      if (chain && (first === undefined || !never(first.index, reader))) return first
      return certain.find(({ index }) => order.sideBySide(index, reader) && !never(index, reader))
    }
  }

  /** In a branch beside the one that the stage stands in. */
  function inBranches({ list }: ListedStage, name: string): ListedStage | undefined {
    if (list.holder?.kind?.body?.kind !== 'parallel') return undefined
    const others = list.holder.lists.filter((other) => other !== list)
    return others.flatMap((other) => settersOf(other).get(name) ?? [])[0]?.stage
  }

  return (reader, name) => {
    for (const at of outwards(reader)) {
      if (factsOf(at.list).order.isUncertain(at.index)) return undefined
      const found = finderOf(at.list, name)?.(at.index)
      if (found) return { setter: found.stage, fix: { before: at.list.all[found.index]?.id ?? '', stage: at.id } }
      const branch = inBranches(at, name)
      if (branch) return { setter: branch, fix: undefined }
    }
    return undefined
  }
}

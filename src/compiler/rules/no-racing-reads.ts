/** A stage that reads a variable waits for the stages that set it, or else never sees what they set. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { createExclusive } from './facts/exclusive.ts'
import { besideChain, chainOf, settersOf } from './facts/setters.ts'
import type { ListedStage } from './facts/stage-list.ts'
import type { StageOrder } from './facts/stage-order.ts'
import type { Rule } from './rule.ts'

export const noRacingReads: Rule = ({ parsed, expressions, stages, order }, report) => {
  const areExclusive = createExclusive()
  const never = (a: number, b: number) => areExclusive(stages.all[a] as ListedStage, stages.all[b] as ListedStage)
  const besides = new Map([...settersOf(parsed)].map(([name, setters]) => [name, besideOf(setters, order, never)]))
  const told = new Set<string>()
  for (const { site, checked, spanIn } of expressions.all) {
    const { reader } = site
    if (reader === undefined || site.live || order.isUncertain(reader)) continue
    for (const { name, start, end } of checked.reads.vars) {
      if (told.has(`${reader} ${name}`)) continue
      const setter = besides.get(name)?.(reader)
      if (setter === undefined) continue
      told.add(`${reader} ${name}`)
      const [readerId = '', setterId = ''] = [reader, setter].map((index) => stages.all[index]?.id)
      const setterSpan = parsed.keySpanOf(['stages', setter, 'set', name])
      report(diagnostics.racing_read(spanIn(start, end), name, readerId, setterId, setterSpan))
    }
  }
}

/**
 * Finds a stage among the setters that can run beside a reader; `never` says that two stages never run both. Most setters
 * stand in a row, which is searched quickly.
 */
function besideOf(
  setters: readonly number[],
  order: StageOrder,
  never: (setter: number, reader: number) => boolean,
): (reader: number) => number | undefined {
  const certain = setters.filter((stage) => !order.isUncertain(stage))
  const chain = chainOf(certain, order)
  return (reader) => {
    const first = chain && besideChain(chain, reader, order)
    if (chain && (first === undefined || !never(first, reader))) return first
    return certain.find((stage) => order.sideBySide(stage, reader) && !never(stage, reader))
  }
}

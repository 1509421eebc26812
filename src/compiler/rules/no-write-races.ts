/** No two stages that can run side by side set a variable of which only one value can win. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { settersOf } from './facts/setters.ts'
import type { StageOrder } from './facts/stage-order.ts'
import type { Rule } from './rule.ts'

export const noWriteRaces: Rule = ({ parsed, declared, stages, order }, report) => {
  for (const [variable, setters] of settersOf(parsed)) {
    const merge = declared.vars.get(variable)?.merge
    if (merge !== 'last' && merge !== 'first') continue
    if (isChain(setters, order)) continue
    for (const [at, stage] of setters.entries()) {
      const other = setters.slice(0, at).find((each) => order.sideBySide(each, stage))
      if (other === undefined || order.isUncertain(stage) || order.isUncertain(other)) continue
      const [own, otherSpan] = [stage, other].map((index) => parsed.keySpanOf(['stages', index, 'set', variable]))
      if (!own || !otherSpan) continue
      const [id = '', otherId = ''] = [stage, other].map((index) => stages.all[index]?.id)
      report(diagnostics.write_race(own, variable, id, otherId, merge, otherSpan))
    }
  }
}

/** Each waits for the one before it, in the order of the whole: so any two of them are in order. */
function isChain(setters: readonly number[], { sequence, waitsFor }: StageOrder): boolean {
  if (setters.length < 2) return true
  const wanted = new Set(setters)
  const inOrder = sequence.filter((stage) => wanted.has(stage))
  return inOrder.every((stage, at) => at === 0 || waitsFor(stage, inOrder[at - 1] as number))
}

/** A stage that reads a variable waits for the stages that set it, or else never sees what they set. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { settersOf } from './facts/setters.ts'
import type { Rule } from './rule.ts'

export const noRacingReads: Rule = ({ parsed, expressions, stages, order }, report) => {
  const setters = settersOf(parsed)
  const told = new Set<string>()
  for (const { site, checked, spanIn } of expressions.all) {
    const { reader } = site
    if (reader === undefined || order.isUncertain(reader)) continue
    for (const { name, start, end } of checked.reads.vars) {
      const setter = setters.get(name)?.find((stage) => !order.isUncertain(stage) && order.sideBySide(stage, reader))
      if (setter === undefined || told.has(`${reader} ${name}`)) continue
      told.add(`${reader} ${name}`)
      const [readerId = '', setterId = ''] = [reader, setter].map((index) => stages.all[index]?.id)
      const setterSpan = parsed.keySpanOf(['stages', setter, 'set', name])
      report(diagnostics.racing_read(spanIn(start, end), name, readerId, setterId, setterSpan))
    }
  }
}

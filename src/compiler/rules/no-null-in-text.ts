/** What is put into a text is not always null. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { kindsOf } from './facts/type-words.ts'
import type { Rule } from './rule.ts'

export const noNullInText: Rule = ({ expressions }, report) => {
  for (const { site, checked, whole, source, spanIn } of expressions.all) {
    if (whole || site.is === 'expression' || checked.faults.length > 0) continue
    const kinds = kindsOf(checked.type)
    if (kinds.length === 1 && kinds[0] === 'null') report(diagnostics.null_in_text(spanIn(0, source.length)))
  }
}

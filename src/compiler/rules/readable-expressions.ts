/** Every `${{` is closed and holds an expression. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Rule } from './rule.ts'

export const readableExpressions: Rule = ({ expressions }, report) => {
  for (const { site, fault } of expressions.unread) {
    const span = site.spanIn(fault.start, fault.end)
    if (fault.code === 'unclosed_expression') report(diagnostics.unclosed_expression(span, fault.message))
    else report(diagnostics.expression_syntax(span, fault.message, undefined))
  }
}

/** Environment variables that are read are declared. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { Rule } from './rule.ts'

export const declaredEnv: Rule = ({ expressions, declared }, report) => {
  for (const { checked, spanIn } of expressions.all) {
    for (const { name, start, end } of checked.reads.env) {
      if (declared.env.has(name)) continue
      report(diagnostics.undeclared_env(spanIn(start, end), name, suggest(name, declared.env.keys())))
    }
  }
}

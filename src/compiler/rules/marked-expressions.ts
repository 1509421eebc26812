/** What looks like an expression is one: `{{ inputs.x }}` and `${ inputs.x }` are plain text. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Rule } from './rule.ts'

/** Only with a name of ours in it: other templates may well stand in a text. Nothing to try twice, so that it is linear. */
const unmarked =
  /\{\{\s*((?:inputs|vars|stages|env|secrets|run)\.[^{}]*)\}\}|\$\{\s*((?:inputs|vars|stages|env|secrets|run)\.[^{}]*)\}/g

export const markedExpressions: Rule = ({ sites }, report) => {
  for (const site of sites) {
    if (site.is !== 'text') continue
    for (const match of site.text.matchAll(unmarked)) {
      if (site.text[match.index - 1] === '$') continue // `${{ … }}`, or its escaped form
      const span = site.spanIn(match.index, match.index + match[0].length)
      report(diagnostics.unmarked_expression(span, match[0], `\${{ ${(match[1] ?? match[2])?.trimEnd()} }}`))
    }
  }
}

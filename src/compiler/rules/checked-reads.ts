/** With `--strict`: fields are read only of values whose type is declared. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Rule } from './rule.ts'

const nouns = { inputs: 'the input', vars: 'the variable' }

export const checkedReads: Rule = ({ context, declared, tree, results, expressions }, report) => {
  if (!context.strict) return
  for (const { checked, source, spanIn } of expressions.all) {
    for (const { id, start, end } of checked.reads.stages) {
      const stage = tree.find(id)
      const belowOutput = /^\s*\.\??\s*output\s*(\.|\[)/.test(source.slice(end))
      if (!belowOutput || !stage || results.of(stage) !== true) continue
      report(diagnostics.unchecked_read(spanIn(start, end), `the output of "${id}"`, `Declare its output: on "${id}".`))
    }
    for (const root of ['inputs', 'vars'] as const) {
      for (const { name, start, end } of checked.reads[root]) {
        const isBelow = /^\s*(\.|\[)/.test(source.slice(end))
        if (!isBelow || declared[root].get(name)?.schema !== true) continue
        report(
          diagnostics.unchecked_read(spanIn(start, end), `${nouns[root]} "${name}"`, `Declare its type under ${root}.`),
        )
      }
    }
  }
}

/** A foreach goes through a list. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { canBe } from '../../foundation/expression/schema-types.ts'
import { typeWords } from './facts/type-words.ts'
import type { Rule } from './rule.ts'

export const listedItems: Rule = ({ tree, expressions, parsed: { spanOf } }, report) => {
  for (const { kind, path } of tree.all) {
    const whole = kind?.body?.kind === 'foreach' ? expressions.wholeAt([...path, 'foreach']) : undefined
    if (!whole || whole.checked.faults.length > 0 || canBe(whole.checked.type, 'list')) continue
    const message = `A foreach goes through a list, but this is ${typeWords(whole.checked.type)}.`
    const isMap = canBe(whole.checked.type, 'map')
    const hint = isMap ? 'Take its keys or values: keys(…), values(…).' : undefined
    report(diagnostics.expression_type(spanOf([...path, 'foreach']), message, hint))
  }
}

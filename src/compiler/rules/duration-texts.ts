/** A duration that is computed is a text, such as `30s`. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { canBe } from '../../foundation/expression/schema-types.ts'
import { typeWords } from './facts/type-words.ts'
import type { Rule } from './rule.ts'

export const durationTexts: Rule = ({ expressions }, report) => {
  for (const { site, checked, whole, source, spanIn } of expressions.all) {
    if (!whole || !site.duration || checked.faults.length > 0 || canBe(checked.type, 'text')) continue
    const message = `A duration is a text such as "30s", but this is ${typeWords(checked.type)}.`
    const hint = 'Join it with a unit, as in string(inputs.seconds) + "s".'
    report(diagnostics.expression_type(spanIn(0, source.length), message, hint))
  }
}

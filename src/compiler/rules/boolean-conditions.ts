/** Conditions are true or false. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { canBe } from '../../foundation/expression/schema-types.ts'
import { typeWords } from './facts/type-words.ts'
import type { Rule } from './rule.ts'

export const booleanConditions: Rule = ({ expressions }, report) => {
  for (const { site, checked, source, spanIn } of expressions.all) {
    if (site.is !== 'condition' || checked.faults.length > 0 || canBe(checked.type, 'boolean')) continue
    const start = source.length - source.trimStart().length
    const key = site.label.split('.').at(-1) ?? site.label
    report(diagnostics.condition_not_boolean(spanIn(start, source.trimEnd().length), key, typeWords(checked.type)))
  }
}

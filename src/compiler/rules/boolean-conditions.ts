/** Conditions are true or false: what stands at the keys that language.md §4 names. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { canBe } from '../../foundation/expression/schema-types.ts'
import { typeWords } from './facts/type-words.ts'
import type { Rule } from './rule.ts'

const conditionKeys: ReadonlySet<string> = new Set('if when while until condition match that'.split(' '))

export const booleanConditions: Rule = ({ expressions }, report) => {
  for (const { site, checked, source, spanIn } of expressions.all) {
    if (site.is !== 'expression' || checked.faults.length > 0 || canBe(checked.type, 'boolean')) continue
    const start = source.length - source.trimStart().length
    const key = site.label.split('.').at(-1) ?? site.label
    if (!conditionKeys.has(key)) continue // a kind of one's own may want any value
    report(diagnostics.condition_not_boolean(spanIn(start, source.trimEnd().length), key, typeWords(checked.type)))
  }
}

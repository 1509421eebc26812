/** Defaults fit their schemas, and rules for merging fit the types of their variables. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { canBe } from '../../foundation/expression/schema-types.ts'
import type { Json } from '../../foundation/json.ts'
import type { JsonSchema } from '../../foundation/plan.ts'
import { mergeNames } from '../../foundation/plan.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { Path } from '../parsed.ts'
import { problemWords } from './facts/fits.ts'
import { type KindOfValue, typeWords, wordsOf } from './facts/type-words.ts'
import type { Facts, Report, Rule } from './rule.ts'

export const soundDeclarations: Rule = (facts, report) => {
  const { declared } = facts
  for (const [name, { schema, path, ...rest }] of declared.inputs)
    checkDefault(name, schema, path, rest.default, facts, report)
  for (const [name, { schema, path, merge, ...rest }] of declared.vars) {
    checkDefault(name, schema, path, rest.default, facts, report)
    checkMerge(name, merge, schema, path, facts, report)
  }
}

function checkDefault(
  name: string,
  schema: JsonSchema,
  path: Path,
  preset: Json | undefined,
  { parsed, validators }: Facts,
  report: Report,
): void {
  if (preset === undefined) return
  const [problem] = validators.validate(schema, preset)
  if (!problem) return
  report(diagnostics.bad_default(parsed.spanOf([...path, 'default']), name, problemWords(problem)))
}

/** What each rule can put together. */
const mergeable: Readonly<Record<string, readonly KindOfValue[]>> = {
  append: ['list'],
  union: ['list'],
  sum: ['number'],
  min: ['number', 'text'],
  max: ['number', 'text'],
  merge: ['map'],
}

function checkMerge(
  name: string,
  merge: string,
  schema: JsonSchema,
  path: Path,
  { parsed }: Facts,
  report: Report,
): void {
  const wanted = mergeable[merge]
  const span = parsed.spanOf([...path, 'merge'])
  if (!wanted) {
    const known = merge.startsWith('.') || (mergeNames as readonly string[]).includes(merge)
    if (known) return
    const near = suggest(merge, mergeNames)
    report(
      diagnostics.wrong_value(
        span,
        `"${merge}" is no rule for merging.`,
        near === undefined ? `Rules are: ${mergeNames.join(', ')}.` : `Did you mean "${near}"?`,
      ),
    )
    return
  }
  if (wanted.some((kind) => canBe(schema, kind))) return
  const fix = `Use "merge: last", or declare ${wordsOf(wanted)} as the type of "${name}".`
  report(diagnostics.merge_mismatch(span, name, merge, wordsOf(wanted), typeWords(schema), fix))
}

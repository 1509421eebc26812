/**
 * Check: what is parsed and declared is looked at by every rule, in order. The second phase of the compiler.
 *
 * Facts that several rules need (order, presence, checked expressions) are worked out once.
 */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import type { Json } from '../../foundation/json.ts'
import type { JsonSchema } from '../../foundation/plan.ts'
import { createValidators } from '../../foundation/schema.ts'
import type { CompileContext } from '../context.ts'
import type { Declarations } from '../declarations.ts'
import type { ParsedPipeline } from '../parsed.ts'
import { checkExpressions } from '../rules/facts/expressions.ts'
import { typeOf } from '../rules/facts/fits.ts'
import { createListFacts } from '../rules/facts/lists.ts'
import { createResults } from '../rules/facts/results.ts'
import { createScopes } from '../rules/facts/scopes.ts'
import { findSites } from '../rules/facts/sites.ts'
import { rules } from '../rules/index.ts'
import type { Facts } from '../rules/rule.ts'

export function check(facts: Facts): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>()
  for (const rule of rules) {
    rule(facts, (diagnostic) => {
      const key = placeOf(diagnostic)
      if (!found.has(key)) found.set(key, diagnostic)
    })
  }
  return [...found.values()]
}

/** What an alias or a default brings to many stages is written once, so it is told once. */
const placeOf = ({ code, span: { file, start, end } }: Diagnostic): string =>
  `${code} ${start.offset} ${end.offset} ${file}`

export function gatherFacts(parsed: ParsedPipeline, declared: Declarations, context: CompileContext): Facts {
  const { tree } = declared
  const factsOf = createListFacts(tree.isAmbiguous)
  const sites = findSites(parsed, declared)
  const results = createResults(declared, factsOf, (value, path) => typeOf(value, path, expressions))
  const expressions = checkExpressions(sites, createScopes(declared, factsOf, results))
  return { parsed, declared, context, tree, factsOf, results, sites, expressions, validators: createValidators() }
}

/** The type of what the pipeline gives. */
export const outputsOf = ({ parsed: { spec }, expressions }: Facts): JsonSchema =>
  typeOf((spec.outputs ?? {}) as Json, ['outputs'], expressions)

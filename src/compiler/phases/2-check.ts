/**
 * Check: what is parsed and declared is looked at by every rule, in order. The second phase of the compiler.
 *
 * Facts that several rules need (order, presence, checked expressions) are worked out once.
 */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { createValidators } from '../../foundation/schema.ts'
import type { CompileContext } from '../context.ts'
import type { Declarations } from '../declarations.ts'
import type { ParsedPipeline } from '../parsed.ts'
import { checkExpressions } from '../rules/facts/expressions.ts'
import { createPresence } from '../rules/facts/presence.ts'
import { createResults } from '../rules/facts/results.ts'
import { createScopes } from '../rules/facts/scopes.ts'
import { findSites } from '../rules/facts/sites.ts'
import { type ListedStage, listStages, type StageList } from '../rules/facts/stage-list.ts'
import { type Awaited, createStageOrder } from '../rules/facts/stage-order.ts'
import { rules } from '../rules/index.ts'
import type { Facts } from '../rules/rule.ts'

export function check(parsed: ParsedPipeline, declared: Declarations, context: CompileContext): readonly Diagnostic[] {
  const facts = gatherFacts(parsed, declared, context)
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

function gatherFacts(parsed: ParsedPipeline, declared: Declarations, context: CompileContext): Facts {
  const stages = listStages(parsed)
  const order = createStageOrder(stages.all.map(awaited), (index) => hasFaultyNeed(index, stages))
  const presence = createPresence(stages.all, order)
  const resultOf = createResults(new Map(declared.stages.map((stage) => [stage.index, stage])), stages)
  const scopeOf = createScopes(declared, stages, order, presence, resultOf)
  const sites = findSites(parsed, declared)
  const expressions = checkExpressions(sites, scopeOf)
  const validators = createValidators()
  return { parsed, declared, context, stages, order, presence, resultOf, sites, expressions, validators }
}

const awaited = ({ needs }: ListedStage): Awaited =>
  needs === 'all_above' ? needs : needs.flatMap(({ stage }) => (stage === -1 ? [] : [stage]))

/** It needs what does not exist, or what several stages are called. */
function hasFaultyNeed(index: number, { all, isAmbiguous }: StageList): boolean {
  const needs = all[index]?.needs ?? []
  return needs !== 'all_above' && needs.some(({ stage, name }) => stage === -1 || isAmbiguous(name))
}

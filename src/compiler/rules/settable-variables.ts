/** What `set:` and `on_error: { continue: … }` give can be what is declared for it. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import { suggest } from '../../foundation/suggest.ts'
import { givenOnError, type ListedStage } from '../stage-tree.ts'
import { misfit, partOf } from './facts/fits.ts'
import { wholeOutput } from './facts/results.ts'
import type { Facts, Report, Rule } from './rule.ts'

export const settableVariables: Rule = (facts, report) => {
  const { declared, parsed } = facts
  for (const { stage, output } of declared.stages) {
    const { set } = stage.spec
    for (const [name, value] of Object.entries(
      isJsonObject((set ?? null) as Json) ? (set as { [name: string]: Json }) : {},
    )) {
      checkSet(name, value, stage, facts, report)
    }
    if (output === undefined) continue
    const what = `The value that "${stage.id}" goes on with`
    for (const { value, path } of givenOnError(stage)) {
      const problem = misfit(value, path, wholeOutput(stage, output), facts.expressions, facts.validators)
      if (problem) report(diagnostics.value_mismatch(parsed.spanOf(path), what, problem, undefined))
    }
  }
}

function checkSet(name: string, value: Json, { path: stage }: ListedStage, facts: Facts, report: Report): void {
  const { declared, parsed, expressions, validators } = facts
  const path = [...stage, 'set', name]
  const variable = declared.vars.get(name)
  if (!variable) {
    report(diagnostics.unknown_variable(parsed.keySpanOf(path), name, suggest(name, declared.vars.keys())))
    return
  }
  if (variable.merge.startsWith('.')) return // a reducer takes what it takes
  const schema = variable.merge === 'merge' ? partOf(variable.schema) : variable.schema
  const problem = misfit(value, path, schema, expressions, validators)
  const puts = variable.merge === 'append' || variable.merge === 'union'
  const hint = puts ? `"merge: ${variable.merge}" puts lists together; give a list, also for one item.` : undefined
  if (problem) report(diagnostics.value_mismatch(parsed.spanOf(path), `What is set for "${name}"`, problem, hint))
}

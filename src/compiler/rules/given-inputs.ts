/** A pipeline that is a stage is given the inputs that it requires, no others, and such as can fit. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { closedMap } from '../../foundation/expression/body-types.ts'
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json.ts'
import type { JsonSchema } from '../../foundation/plan.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { ChildDeclaration, StageDeclaration } from '../declarations.ts'
import { misfit, misfitByType } from './facts/fits.ts'
import type { Facts, Report, Rule } from './rule.ts'

export const givenInputs: Rule = (facts, report) => {
  for (const stage of facts.declared.stages) if (stage.child) checkInputs(stage, stage.child, facts, report)
}

function checkInputs(stage: StageDeclaration, child: ChildDeclaration, facts: Facts, report: Report): void {
  const { parsed, expressions } = facts
  const given = (isJsonObject(stage.config) ? stage.config.with : undefined) as Json | undefined
  const path = stage.configPath(['with'])
  if (given === undefined || isJsonObject(given)) {
    checkEach(given ?? {}, stage, child, facts, report)
    return
  }
  const problem = misfitByType(given, path, inputsSchema(child), expressions)
  if (problem) report(diagnostics.value_mismatch(parsed.spanOf(path), '"with"', problem, undefined))
}

function inputsSchema({ declarations: { inputs } }: ChildDeclaration): JsonSchema {
  const all = closedMap([...inputs].map(([name, { schema }]) => [name, schema]))
  const required = [...inputs].flatMap(([name, input]) => (input.required ? [name] : []))
  return { ...(all as JsonObject), required }
}

function checkEach(given: JsonObject, stage: StageDeclaration, child: ChildDeclaration, facts: Facts, report: Report) {
  const { parsed, expressions, validators } = facts
  const { inputs } = child.declarations
  const name = child.parsed.spec.name
  for (const [input, { required, path }] of inputs) {
    if (!required || Object.hasOwn(given, input)) continue
    const place = parsed.keySpanOf(stage.configPath([Object.keys(given).length > 0 ? 'with' : 'pipeline']))
    report(diagnostics.missing_input(place, input, name, child.parsed.keySpanOf(path)))
  }
  for (const [input, value] of Object.entries(given)) {
    const path = stage.configPath(['with', input])
    const declared = inputs.get(input)
    if (!declared) {
      const names = [...inputs.keys()]
      report(diagnostics.unknown_input(parsed.keySpanOf(path), input, name, suggest(input, names), names))
      continue
    }
    const problem = misfit(value, path, declared.schema, expressions, validators)
    if (problem) report(diagnostics.value_mismatch(parsed.spanOf(path), `The input "${input}"`, problem, undefined))
  }
}

/** What a stage hands to a registered function can be what the function takes. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import { misfitByType } from './facts/fits.ts'
import { functionSchema } from './facts/function-schema.ts'
import type { Rule } from './rule.ts'

export const fittingArguments: Rule = ({ declared, expressions, parsed }, report) => {
  for (const { registered, config, configPath } of declared.stages) {
    if (!registered?.input) continue
    const given = isJsonObject(config) ? (config.with as Json | undefined) : undefined
    const path = configPath(['with'])
    const problem = misfitByType(given ?? {}, path, functionSchema(registered.input, 'input'), expressions)
    if (!problem) continue
    const place = given === undefined ? configPath(['uses']) : path
    report(diagnostics.value_mismatch(parsed.spanOf(place), '"with"', problem, undefined))
  }
}

/** A trigger gives every input that a run needs, and no other; and no pipeline starts itself for ever. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { Rule } from './rule.ts'

export const completeTriggers: Rule = ({ parsed, declared }, report) => {
  const { spec, keySpanOf, spanOf } = parsed
  const names = [...declared.inputs.keys()]
  for (const [index, { with: given = {}, pipeline }] of (spec.triggers ?? []).entries()) {
    const kind = pipeline === undefined ? 'event' : 'pipeline'
    for (const name of Object.keys(given)) {
      if (declared.inputs.has(name)) continue
      const hint = names.length === 0 ? 'The pipeline has no inputs.' : `Inputs are: ${names.join(', ')}.`
      const span = keySpanOf(['triggers', index, 'with', name])
      report(diagnostics.unknown_key(span, name, 'the inputs of the pipeline', suggest(name, names), hint))
    }
    for (const [name, { required }] of declared.inputs) {
      if (!required || Object.hasOwn(given, name)) continue
      report(diagnostics.missing_key(keySpanOf(['triggers', index, kind]), name, 'the "with" of the trigger'))
    }
    if (pipeline !== undefined && pipeline === spec.name) {
      const message = `"${pipeline}" would start itself again and again.`
      report(diagnostics.wrong_value(spanOf(['triggers', index, 'pipeline']), message, 'Name another pipeline.'))
    }
  }
}

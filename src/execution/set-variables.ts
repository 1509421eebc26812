/** `set:` — what a stage that has an output writes into variables. */
import { StageError } from '../foundation/errors.ts'
import { deepFreeze, type Json } from '../foundation/json.ts'
import { nothingSet } from '../foundation/outcome.ts'
import type { Validators } from '../foundation/schema.ts'
import { sourcesOf, type Template } from '../foundation/template.ts'
import { checkSchema } from './output.ts'
import type { Root } from './roots.ts'
import type { StageAtWork } from './stage-work.ts'
import { rootOf, type Workshop } from './workshop.ts'

/** Throws StageError, ExpressionError. */
export function evaluateSet(
  shop: Workshop,
  { stage, scope, view }: StageAtWork,
  output: Json,
): Readonly<Record<string, Json>> {
  const names = Object.keys(stage.set)
  if (names.length === 0) return nothingSet
  const entries = names.map((name) => {
    const template = stage.set[name] as Template
    const value = shop.deps.evaluator.template(template, scope(sourcesOf(template), { output }))
    checkContribution(rootOf(shop, view), name, value, shop.deps.validators)
    return [name, value] as const
  })
  return deepFreeze(Object.fromEntries(entries))
}

/** What a reducer of the user's takes is its own business; there the result is checked that it would give alone. */
function checkContribution({ vars, variables }: Root, name: string, value: Json, validators: Validators): void {
  const variable = vars[name]
  if (!variable) {
    throw new StageError(`There is no variable "${name}".`, { category: 'validation', code: 'unknown_variable' })
  }
  const reduces = typeof variable.merge !== 'string'
  const schema = variables.contributionSchema(name)
  checkSchema(
    `The value for "${name}"`,
    schema,
    reduces ? variables.fold(name, [value]) : value,
    validators,
    'bad_value',
  )
}

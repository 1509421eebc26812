/** Variables as the command line sets them: `--set name=value`, read as the variable's schema wants it. */
import { InputError, type InputProblem } from '../foundation/errors.ts'
import type { Json, JsonObject } from '../foundation/json.ts'
import type { Plan } from '../foundation/plan.ts'
import { didYouMean } from '../foundation/suggest.ts'
import { BadInput, contentOf, parseValue, splitAssignment } from './inputs.ts'

/** Later ones win. Throws InputError with every problem; whether a value fits its schema is the engine's to say. */
export function readVariables(
  declared: Plan['vars'],
  assignments: readonly string[],
  readFile: (path: string) => string,
): JsonObject {
  const problems: InputProblem[] = []
  const values = new Map<string, Json>()
  for (const assignment of assignments) {
    const [name, text] = splitAssignment(assignment)
    try {
      values.set(name, readValue(declared, name, text, readFile))
    } catch (error) {
      if (!(error instanceof BadInput)) throw error
      problems.push({ name, message: error.message })
    }
  }
  if (problems.length > 0) throw new InputError('A variable cannot be set so; nothing was run.', problems)
  return Object.fromEntries(values)
}

function readValue(
  declared: Plan['vars'],
  name: string,
  text: string | undefined,
  readFile: (path: string) => string,
): Json {
  const variable = Object.hasOwn(declared, name) ? declared[name] : undefined
  if (!variable) {
    const names = Object.keys(declared)
    const known = names.length > 0 ? `It declares: ${names.join(', ')}.` : 'It declares no variables.'
    throw new BadInput(`is not a variable of this pipeline. ${didYouMean(name, names) ?? known}`)
  }
  if (text === undefined) throw new BadInput('has no value: write name=value')
  return parseValue(variable.schema, contentOf(text, readFile))
}

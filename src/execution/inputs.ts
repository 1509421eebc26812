/**
 * What a run needs before anything runs: inputs that fit, environment variables and secrets that are there.
 *
 * Every problem is named at once, and nothing has had an effect by then.
 */
import { InputError, type InputProblem } from '../foundation/errors.ts'
import { assertJson, deepFreeze, type Json, type JsonObject, NotJsonError } from '../foundation/json.ts'
import type { InputPlan, Plan } from '../foundation/plan.ts'
import type { Validators } from '../foundation/schema.ts'
import { didYouMean } from '../foundation/suggest.ts'

/** What a pipeline asks for. */
type Asked = Pick<Plan, 'name' | 'inputs' | 'env' | 'secrets'>

export interface Surroundings {
  readonly validators: Validators
  readonly env: Readonly<Record<string, string | undefined>>
  readonly secret: (name: string) => string | undefined
}

export interface Ready {
  /** With defaults filled in; optional ones that were not given are absent. Frozen. */
  readonly inputs: JsonObject
  /** What the pipeline may read of the environment, as it is now. Frozen. */
  readonly env: Readonly<Record<string, string>>
}

/** Throws InputError with every problem. */
export function prepareInputs(plan: Asked, given: JsonObject, surroundings: Surroundings): Ready {
  const problems: InputProblem[] = []
  const inputs = completed(plan, given, surroundings.validators, problems)
  const env = environment(plan, surroundings.env, problems)
  for (const name of plan.secrets) if (!surroundings.secret(name)) problems.push(missingSecret(name))
  if (problems.length > 0) throw refusal(plan, problems)
  return deepFreeze({ inputs, env })
}

function completed(plan: Asked, given: JsonObject, validators: Validators, problems: InputProblem[]): JsonObject {
  const declared = Object.keys(plan.inputs)
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(plan.inputs, name)) problems.push(undeclared(name, declared))
  }
  const inputs: Record<string, Json> = {}
  for (const [name, input] of Object.entries(plan.inputs)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    const kept = oneInput(name, input, value, validators, problems)
    if (kept !== undefined) inputs[name] = kept
  }
  return inputs
}

function oneInput(
  name: string,
  input: InputPlan,
  value: unknown,
  validators: Validators,
  problems: InputProblem[],
): Json | undefined {
  if (value === undefined || (value === null && !input.required && refuses(input, null, validators))) {
    if (input.default === undefined && input.required) problems.push({ name, message: 'is required' })
    return input.default
  }
  const wrong = problemWith(value)
  if (wrong !== undefined) problems.push({ name, message: wrong })
  else
    for (const { path, message } of validators.validate(input.schema, value as Json)) {
      problems.push({ name, message: path === '$' ? message : `${path.slice(1).replace(/^\./, '')} ${message}` })
    }
  return wrong === undefined ? structuredClone(value as Json) : undefined
}

const refuses = (input: InputPlan, value: Json, validators: Validators): boolean =>
  validators.validate(input.schema, value).length > 0

function problemWith(value: unknown): string | undefined {
  try {
    assertJson(value)
    return undefined
  } catch (error) {
    if (error instanceof NotJsonError) return `is ${error.message}`
    throw error
  }
}

function environment(plan: Asked, env: Surroundings['env'], problems: InputProblem[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { name, default: otherwise } of plan.env) {
    const value = env[name] ?? otherwise
    if (value === undefined) problems.push({ name, message: 'is not set in the environment' })
    else found[name] = value
  }
  return found
}

const missingSecret = (name: string): InputProblem => ({
  name,
  message: 'is a secret that is not set in the environment',
})

function undeclared(name: string, declared: readonly string[]): InputProblem {
  const hint = didYouMean(name, declared)
  return { name, message: `is not an input of this pipeline${hint === undefined ? '' : `. ${hint}`}` }
}

function refusal({ name }: Asked, problems: readonly InputProblem[]): InputError {
  const lines = problems.map((problem) => `  ${problem.name}: ${problem.message}`)
  return new InputError(`Pipeline "${name}" cannot start:\n${lines.join('\n')}`, problems)
}

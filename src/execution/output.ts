/** What a stage returned, checked and made into something that can be kept: JSON, small enough, as declared, frozen. */
import { StageError } from '../foundation/errors.ts'
import { deepFreeze, formatPath, type Json, NotJsonError } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import type { Validators } from '../foundation/schema.ts'
import { createKeeper, type Keeper, type Kept } from './keep.ts'
import type { Redactor } from './redact.ts'

export interface OutputRules {
  readonly schema: JsonSchema | undefined
  readonly maxBytes: number
}

/** A copy, so that whoever returned it can do with it as they please; frozen. Throws StageError. */
export type KeepOutput = (returned: unknown, rules: OutputRules) => Json

export function createOutputs(validators: Validators, redactor: Redactor): KeepOutput {
  const keeper = createKeeper()
  return (returned, { schema, maxBytes }) => {
    const { value, bytes } = keepJson(keeper, returned === undefined ? null : returned, maxBytes)
    if (bytes !== undefined && bytes > maxBytes) throw tooLarge(bytes, maxBytes)
    const output = redactor.json(value)
    checkSchema('The output', schema, output, validators)
    return output === value ? value : deepFreeze(output)
  }
}

/** One output alone. */
export const keepOutput = (returned: unknown, rules: OutputRules, validators: Validators, redactor: Redactor): Json =>
  createOutputs(validators, redactor)(returned, rules)

function keepJson(keeper: Keeper, value: unknown, maxBytes: number): Kept {
  try {
    return keeper.keep(value, maxBytes)
  } catch (cause) {
    if (!(cause instanceof NotJsonError)) throw cause
    const path = formatPath(cause.path)
    throw new StageError(`The output is not JSON at ${path}: ${cause.found}.`, {
      category: 'not_json',
      details: { path, found: cause.found },
      cause,
      retryable: false,
    })
  }
}

const tooLarge = (bytes: number, maxBytes: number): StageError =>
  new StageError(`The output has ${bytes} bytes; the limit is ${maxBytes} (limits.output_bytes).`, {
    category: 'limit',
    code: 'output_too_large',
    details: { bytes, limit: maxBytes },
    retryable: false,
  })

/** At most this many problems are named. */
const maxProblems = 5

/** Throws StageError (`validation`, `bad_output` unless said otherwise) naming what does not fit. */
export function checkSchema(
  what: string,
  schema: JsonSchema | undefined,
  value: Json,
  validators: Validators,
  code = 'bad_output',
): void {
  if (schema === undefined || schema === true) return
  const problems = validators.validate(schema, value)
  if (problems.length === 0) return
  const named = problems.slice(0, maxProblems).map(({ path, message }) => `${path} ${message}`)
  const more = problems.length > maxProblems ? ` and ${problems.length - maxProblems} more` : ''
  throw new StageError(`${what} does not fit its schema: ${named.join('; ')}${more}.`, {
    category: 'validation',
    code,
    details: { problems: problems.slice(0, 50).map(({ path, message }) => ({ path, message })) },
    retryable: false,
  })
}

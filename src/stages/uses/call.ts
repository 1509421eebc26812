/** Calls a function of `uses:`: its input and output are checked where it has schemas for them. */
import type { z } from 'zod'
import { StageError } from '../../foundation/errors.ts'
import { formatPath, type JsonObject } from '../../foundation/json.ts'
import { isPromise } from '../../foundation/promises.ts'
import type { FunctionContext, StageContext } from '../../foundation/stage-kind.ts'
import { userFailure } from './failures.ts'
import type { LoadedFunction } from './load.ts'

/**
 * What it returned, in a promise if it gave one; undefined becomes null. Throws, or rejects with, a StageError, or
 * `signal.reason` once aborted.
 */
export function callFunction(loaded: LoadedFunction, given: unknown, context: StageContext): unknown {
  const { input, output } = loaded.definition
  if (input || output) return callChecked(loaded, given, context)
  const returned = call(loaded, given, context)
  return returned instanceof Promise ? returned.then(orNull) : orNull(returned)
}

const orNull = (value: unknown): unknown => value ?? null

async function callChecked(loaded: LoadedFunction, given: unknown, context: StageContext): Promise<unknown> {
  const { definition } = loaded
  const input = await fit(given, definition.input, { what: 'input', root: 'with' })
  const output = await call(loaded, input, context)
  return orNull(await fit(output, definition.output, { what: 'output', root: 'output' }))
}

function call({ definition, file }: LoadedFunction, input: unknown, context: StageContext): unknown {
  const failed = (thrown: unknown): never => {
    context.signal.throwIfAborted()
    throw userFailure(thrown, file, context.directory)
  }
  try {
    const returned = definition.run(input as never, functionContext(context))
    return isPromise(returned) ? Promise.resolve(returned).catch(failed) : returned
  } catch (thrown) {
    return failed(thrown)
  }
}

/** The smaller face of the context that functions see. */
export function functionContext(context: StageContext): FunctionContext {
  const { signal, idempotencyKey, attempt, run, stage, directory, outputBytes } = context
  return Object.freeze({
    signal,
    idempotencyKey,
    attempt,
    run,
    stage,
    directory,
    outputBytes,
    progress: (fraction: number, message?: string) => context.progress(fraction, message),
    log: (message: string, fields?: JsonObject) => context.log(message, fields),
  })
}

interface Side {
  readonly what: 'input' | 'output'
  readonly root: string
}

/** Throws a StageError (`validation`) that names every place which does not fit. */
export async function fit(value: unknown, schema: z.ZodType | undefined, { what, root }: Side): Promise<unknown> {
  if (!schema) return value
  const result = await schema.safeParseAsync(value)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => ({ path: placeIn(root, path), message }))
  const text = problems.map(({ path, message }) => `${path}: ${message}`).join('; ')
  throw new StageError(`The function's ${what} does not fit its schema. ${text}`, {
    category: 'validation',
    code: `invalid_${what}`,
    details: problems,
    retryable: false,
  })
}

const placeIn = (root: string, path: readonly PropertyKey[]): string =>
  root + formatPath(path.map((key) => (typeof key === 'number' ? key : String(key)))).slice(1)

/** What was thrown while a stage ran, as the StageError its outcome tells. */
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Failure, MissingPackageError, StageError, toFailure, toStageError } from '../foundation/errors.ts'
import { ExpressionError } from '../foundation/expression/types.ts'
import { isJsonObject, type Json } from '../foundation/json.ts'
import type { Plan } from '../foundation/plan.ts'
import type { Redactor } from './redact.ts'

/** Errors of expressions are `validation`, a package that is not installed and anything unknown are `internal`. */
export function asStageError(thrown: unknown): StageError {
  if (thrown instanceof MissingPackageError) return missing(thrown)
  if (!(thrown instanceof ExpressionError)) return toStageError(thrown)
  const { code, source, message } = thrown
  return new StageError(`${message} In: ${shorten(source)}`, {
    category: code === 'expression_limit' ? 'limit' : 'validation',
    code,
    details: { expression: source },
    cause: thrown,
    retryable: false,
  })
}

const missing = (cause: MissingPackageError): StageError =>
  new StageError(`${cause.message} ${cause.hint ?? ''}`.trim(), {
    category: 'internal',
    code: cause.code,
    cause,
    retryable: false,
  })

const shorten = (source: string): string => (source.length > 200 ? `${source.slice(0, 200)}…` : source)

export interface FailureWriter {
  failure(error: StageError, stage: string, attempts: number): Failure
}

/** Writes failures: secrets hidden, and the line of the user's own code where it has one. */
export function createFailureWriter(plan: Plan, redactor: Redactor): FailureWriter {
  const files = new Set(Object.keys(plan.files).map((file) => resolve(plan.origin.directory, file)))
  return {
    failure(error, stage, attempts) {
      const at = placeIn(error, files, plan.origin.directory)
      const failure = toFailure(error, stage, attempts)
      const details = at === undefined ? failure.details : withPlace(failure.details, at)
      const shown = { ...failure, ...(details !== undefined && { details }) }
      return redactor.json(shown as unknown as Json) as unknown as Failure
    },
  }
}

function withPlace(details: Json | undefined, at: string): Json {
  if (details === undefined || details === null) return { at }
  return isJsonObject(details) ? { at, ...details } : { at, details }
}

/** `file:line:column` of the innermost frame in one of the pipeline's own files, relative to the pipeline's folder. */
function placeIn(error: Error, files: ReadonlySet<string>, directory: string): string | undefined {
  if (files.size === 0) return undefined
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    for (const [, url, path, line, column] of (at.stack ?? '').matchAll(
      /(?:(file:\/\/[^\s()]+?)|(\/[^\s():]+|[A-Za-z]:\\[^\n():]+?))(?:\?[^\s():]*)?:(\d+):(\d+)/g,
    )) {
      const file = url === undefined ? (path as string) : toPath(url)
      if (files.has(file)) return `${relative(directory, file)}:${line}:${column}`
    }
  }
  return undefined
}

function toPath(url: string): string {
  try {
    return fileURLToPath(url.replace(/\?.*$/, ''))
  } catch {
    return url
  }
}

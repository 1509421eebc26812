/** What can go wrong with a user's function, with the place in the user's own file. */
import { type FailureCategory, failureCategories, StageError } from '../../foundation/errors.ts'
import { assertJson, type Json, type JsonObject } from '../../foundation/json.ts'
import { placeOf } from './place.ts'

/** The pipeline names something that is not there. */
export const wrongUse = (message: string, hint?: string): StageError =>
  new StageError(hint ? `${message} ${hint}` : message, {
    category: 'validation',
    code: 'bad_function',
    retryable: false,
  })

export interface UserFile {
  readonly uses: string
  readonly file: string
  readonly directory: string
}

/** The file could not be imported: it does not parse, lacks a dependency, or throws while it loads. */
export function loadFailure(cause: unknown, { uses, file, directory }: UserFile): StageError {
  const at = placeOf(cause, file, directory)
  const why = loadReason(cause)
  return new StageError(`"${uses}" could not be loaded${at ? ` (${at})` : ''}: ${why}`, {
    category: 'validation',
    code: 'load_failed',
    cause,
    ...(at !== undefined && { details: { at } }),
    retryable: false,
  })
}

function loadReason(cause: unknown): string {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined
  const message = messageOf(cause)
  switch (code) {
    case 'ERR_MODULE_NOT_FOUND':
      return `it imports something that is not there. ${message}`
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `it uses TypeScript that cannot be stripped, such as enum or parameter properties. ${message}`
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return 'TypeScript inside node_modules is not loaded; the package must ship JavaScript.'
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return `it is neither JavaScript nor TypeScript. ${message}`
    default:
      return message
  }
}

/** Whatever a user's function threw, as a StageError. One of ours passes through, from another copy of us as well. */
export function userFailure(thrown: unknown, file: string | undefined, directory: string): StageError {
  if (thrown instanceof StageError) return thrown
  const at = file === undefined ? undefined : placeOf(thrown, file, directory)
  const details = detailsOf(thrown, at)
  if (isForeignStageError(thrown)) return adopt(thrown, details)
  return new StageError(messageOf(thrown), {
    category: 'internal',
    cause: thrown,
    ...(Object.keys(details).length > 0 && { details }),
  })
}

function detailsOf(thrown: unknown, at: string | undefined): JsonObject {
  const named = thrown instanceof Error && thrown.name !== 'Error' ? { name: thrown.name } : {}
  const because = thrown instanceof Error && thrown.cause !== undefined ? { cause: messageOf(thrown.cause) } : {}
  return { ...(at !== undefined && { at }), ...named, ...because }
}

interface ForeignStageError extends Error {
  readonly category: FailureCategory
  readonly code: string
  readonly details?: unknown
  readonly retryable: boolean
  readonly retryAfterMs?: number
}

/** The user's file may import another copy of this package, whose classes are not ours. */
const isForeignStageError = (thrown: unknown): thrown is ForeignStageError =>
  thrown instanceof Error &&
  thrown.name === 'StageError' &&
  typeof (thrown as Partial<ForeignStageError>).code === 'string' &&
  (failureCategories as readonly unknown[]).includes((thrown as Partial<ForeignStageError>).category)

function adopt(error: ForeignStageError, found: JsonObject): StageError {
  const { category, code, details, retryable, retryAfterMs } = error
  return new StageError(error.message, {
    category,
    code,
    details: asJson(details) ?? found,
    cause: error,
    retryable: retryable !== false,
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
  })
}

function asJson(value: unknown): Json | undefined {
  try {
    assertJson(value)
    return value
  } catch {
    return undefined
  }
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || `${thrown.name} without a message`
  return `Something that is no error was thrown: ${shown(thrown)}`
}

/** Objects without a prototype, and those whose `toString` throws, have no text. */
function shown(value: unknown): string {
  try {
    const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
    return (text ?? typeof value).slice(0, 500)
  } catch {
    return typeof value
  }
}

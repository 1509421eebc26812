/**
 * Errors that are thrown, and their form as data.
 *
 * A class when a caller would act differently, not when a message differs. A failure is an error as JSON: what events,
 * stores and HTTP carry. Nobody past a process boundary uses `instanceof`.
 */
import type { Diagnostic } from './diagnostic.ts'
import { assertJson, type Json, type JsonObject } from './json.ts'

/** Every error of ours; `code` is a stable snake_case word, `hint` says what to do. */
export abstract class StagegraphError extends Error {
  abstract readonly code: string
  readonly hint?: string
  constructor(message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    if (options.hint !== undefined) this.hint = options.hint
  }
}

/** The pipeline does not compile. Carries every diagnostic, warnings too. */
export class CompileError extends StagegraphError {
  readonly code = 'invalid_pipeline'
  readonly diagnostics: readonly Diagnostic[]
  constructor(message: string, diagnostics: readonly Diagnostic[]) {
    super(message)
    this.diagnostics = diagnostics
  }
}

/** One input, environment variable or secret and what is wrong with it. */
export interface InputProblem {
  readonly name: string
  readonly message: string
}

/** Inputs, env or secrets are missing or wrong. Thrown before any effect. */
export class InputError extends StagegraphError {
  readonly code = 'invalid_inputs'
  readonly problems: readonly InputProblem[]
  constructor(message: string, problems: readonly InputProblem[], hint?: string) {
    super(message, hint === undefined ? {} : { hint })
    this.problems = problems
  }
}

/** The caller asks for something that the thread's state does not allow. */
export class ThreadError extends StagegraphError {
  readonly code: ThreadErrorCode
  constructor(code: ThreadErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options)
    this.code = code
  }
}

export type ThreadErrorCode =
  | 'thread_unknown'
  | 'thread_in_use'
  | 'thread_busy'
  | 'fenced'
  | 'thread_finished'
  | 'no_open_wait'
  | 'wait_decided'
  | 'plan_changed'
  | 'source_changed'
  | 'unknown_stage'
  | 'unsupported_option'

/** The store cannot be opened, read or written. */
export class StoreError extends StagegraphError {
  readonly code: 'store_unavailable' | 'store_newer' | 'store_corrupt' | 'store_closed'
  constructor(code: StoreError['code'], message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options)
    this.code = code
  }
}

/** An optional package is not installed. */
export class MissingPackageError extends StagegraphError {
  readonly code = 'missing_package'
  constructor(name: string, purpose: string, cause?: unknown) {
    super(`${purpose} needs the package "${name}", which is not installed.`, {
      cause,
      hint: `Run: npm install ${name}`,
    })
  }
}

export const failureCategories = [
  'validation',
  'policy',
  'limit',
  'timeout',
  'network',
  'rate_limit',
  'http_4xx',
  'http_5xx',
  'exit_code',
  'assertion',
  'not_json',
  'rejected',
  'cancelled',
  'internal',
] as const
export type FailureCategory = (typeof failureCategories)[number]

/** An error as JSON: what a stage's outcome, events and stores carry. */
export interface Failure {
  /** Path of the stage that failed; absent for failures of the run itself. */
  readonly stage?: string
  readonly category: FailureCategory
  readonly code: string
  readonly message: string
  readonly details?: Json
  readonly attempts?: number
}

export interface StageErrorOptions {
  readonly category: FailureCategory
  /** A snake_case word; the category by default. */
  readonly code?: string
  readonly details?: Json
  readonly cause?: unknown
  /** false = never retried, whatever `retry.on` says. */
  readonly retryable?: boolean
  /** The other side said when to come back (`Retry-After`). */
  readonly retryAfterMs?: number
}

/**
 * What a stage throws when it fails. The category is set by whoever throws, never guessed from message text; anything
 * else that is thrown becomes `internal`.
 */
export class StageError extends StagegraphError {
  readonly code: string
  readonly category: FailureCategory
  readonly details?: Json
  readonly retryable: boolean
  readonly retryAfterMs?: number
  constructor(message: string, options: StageErrorOptions) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.category = options.category
    this.code = options.code ?? options.category
    this.retryable = options.retryable ?? true
    if (options.details !== undefined) this.details = options.details
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
  }
}

/** A `StageError` for whatever was thrown, `throw null` and `throw "text"` included. */
export function toStageError(thrown: unknown): StageError {
  if (thrown instanceof StageError) return thrown
  const message = thrown instanceof Error ? thrown.message : `Something that is no error was thrown: ${String(thrown)}`
  return new StageError(message || 'The stage failed without a message.', { category: 'internal', cause: thrown })
}

/** The JSON form of a stage's error. */
export function toFailure(error: StageError, stage: string, attempts: number): Failure {
  const { category, code, message, details } = error
  return { stage, category, code, message, ...(details !== undefined && { details: safeDetails(details) }), attempts }
}

function safeDetails(details: unknown): Json {
  try {
    assertJson(details)
    return details
  } catch {
    return null
  }
}

export const failureToJson = (failure: Failure): JsonObject => ({ ...failure }) as JsonObject

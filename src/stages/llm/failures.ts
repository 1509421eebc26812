/** What providers' errors mean, read from their status fields, codes and names; never from message text. */
import { StageError } from '../../foundation/errors.ts'
import { networkTrouble, statusCategory } from '../network-errors.ts'
import { retryAfterMs } from '../retry-after.ts'
import { field } from './messages.ts'

/** The model did not answer. */
export function modelFailure(error: unknown): StageError {
  if (error instanceof StageError) return error
  return (
    statusFailure(error) ??
    connectionFailure(error) ??
    new StageError(`The model could not be asked: ${messageOf(error)}`, internal(error))
  )
}

function statusFailure(error: unknown): StageError | undefined {
  const status = [error, field(error, 'response'), field(error, 'cause')]
    .flatMap((at) => [field(at, 'status'), field(at, 'statusCode')])
    .find((found) => typeof found === 'number' && found >= 400)
  if (typeof status !== 'number') return undefined
  const category = statusCategory(status)
  const wait = category === 'http_4xx' ? undefined : retryAfterMs(headersOf(error))
  return new StageError(`The model's provider answered ${status}: ${messageOf(error)}`, {
    category,
    cause: error,
    details: { status },
    // Money does not come back by waiting.
    retryable: field(error, 'code') !== 'insufficient_quota',
    ...(wait !== undefined && { retryAfterMs: wait }),
  })
}

function connectionFailure(error: unknown): StageError | undefined {
  const trouble = networkTrouble(error)
  const name = error instanceof Error ? `${error.name} ${error.constructor.name}` : ''
  const timedOut = trouble?.category === 'timeout' || /\b(?:TimeoutError|APIConnectionTimeoutError)\b/.test(name)
  if (!timedOut && !trouble && !/\bAPIConnectionError\b/.test(name)) return undefined
  const why = trouble ? `${trouble.why} (${trouble.code})` : messageOf(error)
  return new StageError(`The model's provider gave no answer: ${why}.`, {
    category: timedOut ? 'timeout' : 'network',
    cause: error,
    retryable: trouble?.retryable ?? true,
  })
}

function headersOf(error: unknown): Headers {
  const headers = field(error, 'headers') ?? field(field(error, 'response'), 'headers')
  if (headers instanceof Headers) return headers
  const get = (name: string): unknown =>
    typeof field(headers, 'get') === 'function' ? (headers as Headers).get(name) : field(headers, name)
  const found = ['retry-after', 'date'].map((name) => [name, get(name)] as const)
  return new Headers(
    found.filter((pair): pair is readonly [string, string] => typeof pair[1] === 'string') as [string, string][],
  )
}

const internal = (cause: unknown) => ({ category: 'internal' as const, code: 'model_failed', cause })

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : `Something that is no error was thrown: ${String(error)}`

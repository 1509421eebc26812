/** How a request can fail, in words; categories come from status and error codes, never from message text. */
import { type FailureCategory, StageError } from '../../foundation/errors.ts'
import type { Json } from '../../foundation/json.ts'
import { addressOf, type Request } from './request.ts'
import { retryAfterMs } from './retry-after.ts'

/** The other side answered with a status that is not expected. */
export function unexpectedStatus(request: Request, response: Response, body: Json): StageError {
  const { status, statusText, headers } = response
  const category = statusCategory(status)
  const wait = category === 'rate_limit' || category === 'http_5xx' ? retryAfterMs(headers) : undefined
  return new StageError(`${request.method} ${addressOf(request.url)} answered ${status} ${statusText}`.trimEnd(), {
    category,
    ...(category === 'validation' && { code: 'unexpected_status', retryable: false }),
    details: { status, method: request.method, url: addressOf(request.url), body },
    ...(wait !== undefined && { retryAfterMs: wait }),
  })
}

/** A status that is a failure by itself has its category; one that was merely not expected is `validation`. */
export function statusCategory(status: number): FailureCategory {
  if (status === 429) return 'rate_limit'
  if (status >= 500) return 'http_5xx'
  return status >= 400 ? 'http_4xx' : 'validation'
}

const timeoutCodes: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_SOCKET: 'the connection broke',
}

/** No answer, or one that broke off: `network`, or `timeout`. */
export function noAnswer(error: unknown, { method, url }: Request): StageError {
  const code = errorCode(error)
  const timedOut = code !== undefined && timeoutCodes.has(code)
  const why = timedOut ? 'it took too long' : (meanings[code ?? ''] ?? innermost(error))
  return new StageError(`${method} ${addressOf(url)} got no answer: ${why}${code ? ` (${code})` : ''}.`, {
    category: timedOut ? 'timeout' : 'network',
    cause: error,
    details: { method, url: addressOf(url), error: code ?? null },
    retryable: !isCertificateError(code),
  })
}

/** The code of an error or of what caused it, `AggregateError`s (one error per address that was tried) included. */
export function errorCode(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; depth++) {
    const { code, errors } = at as Error & { code?: unknown; errors?: unknown }
    if (typeof code === 'string') return code
    at = Array.isArray(errors) && errors.length > 0 ? errors[0] : at.cause
  }
  return undefined
}

/** What is wrong with a certificate does not mend itself. */
const isCertificateError = (code: string | undefined): boolean => /CERT|SELF_SIGNED|ERR_TLS/.test(code ?? '')

function innermost(error: unknown): string {
  let at = error
  while (at instanceof Error && at.cause instanceof Error) at = at.cause
  return at instanceof Error ? at.message : String(at)
}

/** Categories of what went wrong on a network, read from status and error codes, never from message text. */
import type { FailureCategory } from '../foundation/errors.ts'

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
  EPIPE: 'the connection broke',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_SOCKET: 'the connection broke',
}

export interface NetworkTrouble {
  readonly category: 'network' | 'timeout'
  readonly code: string
  /** A clause such as "the connection was refused". */
  readonly why: string
  /** What is wrong with a certificate does not mend itself. */
  readonly retryable: boolean
}

/** What a code says that an error, or what caused it, carries; undefined when none is about the network. */
export function networkTrouble(error: unknown): NetworkTrouble | undefined {
  const { code, message } = innermostWithCode(error) ?? {}
  if (code === undefined) return undefined
  if (timeoutCodes.has(code)) return { category: 'timeout', code, why: 'it took too long', retryable: true }
  const isCertificate = /CERT|SELF_SIGNED|^ERR_TLS/.test(code)
  const why = meanings[code] ?? (isCertificate || code.startsWith('UND_ERR') ? message : undefined)
  return why === undefined ? undefined : { category: 'network', code, why, retryable: !isCertificate }
}

/** `AggregateError`s hold one error per address that was tried; the first speaks for all. */
function innermostWithCode(error: unknown): { code: string; message: string } | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; depth++) {
    const { code, errors, message } = at as Error & { code?: unknown; errors?: unknown }
    if (typeof code === 'string') return { code, message }
    at = Array.isArray(errors) && errors.length > 0 ? errors[0] : at.cause
  }
  return undefined
}

/** How a request can fail, in words; categories come from status and error codes, never from message text. */
import { StageError } from '../../foundation/errors.ts'
import type { Json } from '../../foundation/json.ts'
import { networkTrouble, statusCategory } from '../network-errors.ts'
import { retryAfterMs } from '../retry-after.ts'
import { addressOf, type Request } from './request.ts'

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

/** No answer, or one that broke off: `network`, or `timeout`. */
export function noAnswer(error: unknown, { method, url }: Request): StageError {
  const trouble = networkTrouble(error)
  const why = trouble ? `${trouble.why} (${trouble.code})` : innermost(error)
  return new StageError(`${method} ${addressOf(url)} got no answer: ${why}.`, {
    category: trouble?.category ?? 'network',
    cause: error,
    details: { method, url: addressOf(url), error: trouble?.code ?? null },
    retryable: trouble?.retryable ?? true,
  })
}

function innermost(error: unknown): string {
  let at = error
  while (at instanceof Error && at.cause instanceof Error) at = at.cause
  return at instanceof Error ? at.message : String(at)
}

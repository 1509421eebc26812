/**
 * Sends a request and follows its redirects.
 *
 * We follow them ourselves: `fetch` would carry an API key in a header of its own making to whatever host a redirect
 * names. To another origin go only headers that say nothing about who asks, and no body.
 */
import { StageError } from '../../foundation/errors.ts'
import { noAnswer } from './failures.ts'
import { addressOf, type Request } from './request.ts'

const maxRedirects = 5
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const harmlessHeaders: ReadonlySet<string> = new Set(['accept', 'accept-language', 'content-type', 'user-agent'])

export interface Sender {
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
  /** A redirect with such a status is an answer, not followed. */
  readonly expected: readonly number[] | undefined
}

export interface Answer {
  readonly request: Request
  readonly response: Response
}

/** The last answer, its body unread: read or cancel it. Throws a StageError when there is none. */
export async function send(first: Request, sender: Sender): Promise<Answer> {
  let request = first
  for (let hops = 0; ; hops++) {
    const response = await sendOnce(request, sender)
    const location = response.headers.get('location')
    if (!location || !redirects.has(response.status) || sender.expected?.includes(response.status)) {
      return { request, response }
    }
    await response.body?.cancel()
    if (hops === maxRedirects) throw refuse(`More than ${maxRedirects} redirects, the last to`, request.url)
    request = redirected(request, response.status, location)
  }
}

async function sendOnce(request: Request, { fetch, signal }: Sender): Promise<Response> {
  const { url, method, headers, body } = request
  try {
    return await fetch(url.href, { method, headers, body: body ?? null, redirect: 'manual', signal })
  } catch (error) {
    signal.throwIfAborted()
    throw noAnswer(error, request)
  }
}

function redirected(request: Request, status: number, location: string): Request {
  if (!URL.canParse(location, request.url.href)) throw refuse('A redirect to no address, from', request.url)
  const url = new URL(location, request.url)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refuse('A redirect away from HTTP, from', request.url)
  if (request.url.protocol === 'https:' && url.protocol === 'http:') {
    throw refuse('A redirect from https: to unprotected', url)
  }
  const toGet = (status === 303 && request.method !== 'HEAD') || (status < 303 && request.method === 'POST')
  const next: Request = toGet ? { ...request, url, ...asGet(request.headers) } : { ...request, url }
  if (url.origin === request.url.origin) return next
  if (next.body !== undefined) throw refuse('A redirect would send the body to another host,', url)
  return { ...next, headers: onlyHarmless(next.headers) }
}

function asGet(headers: Headers): Pick<Request, 'method' | 'headers' | 'body'> {
  const kept = new Headers(headers)
  for (const name of ['content-type', 'content-length', 'idempotency-key']) kept.delete(name)
  return { method: 'GET', headers: kept, body: undefined }
}

const onlyHarmless = (headers: Headers): Headers =>
  new Headers([...headers].filter(([name]) => harmlessHeaders.has(name)))

const refuse = (message: string, url: URL): StageError =>
  new StageError(`${message} ${addressOf(url)}.`, {
    category: 'policy',
    code: 'redirect_refused',
    details: { url: addressOf(url) },
    retryable: false,
  })

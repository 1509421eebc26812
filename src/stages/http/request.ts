/** From an `http:` stage's configuration to a request; everything that is wrong with it is a `validation` failure. */
import { StageError } from '../../foundation/errors.ts'
import type { HttpConfig, Method } from './config.ts'

export interface Request {
  readonly url: URL
  readonly method: Method
  readonly headers: Headers
  readonly body: string | undefined
}

export function buildRequest(config: HttpConfig, idempotencyKey: string): Request {
  const method = config.method ?? 'GET'
  const body = bodyOf(config)
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
    throw invalid(`A ${method} request cannot have a body; use \`query\`, or another method.`)
  }
  const headers = headersOf(config)
  if (config.json !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
  if (!headers.has('user-agent')) headers.set('user-agent', 'stagegraph')
  if (changesThings(method) && !headers.has('idempotency-key')) headers.set('idempotency-key', idempotencyKey)
  return { url: urlOf(config), method, headers, body }
}

const changesThings = (method: Method): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method)

function urlOf({ url: text, query = {} }: HttpConfig): URL {
  if (!URL.canParse(text)) throw invalid(`"${shown(text)}" is no address. Write it with its scheme: https://…`)
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid(`Only http: and https: addresses can be asked, not "${url.protocol}".`)
  }
  if (url.username || url.password) throw invalid('Credentials in an address end up in logs; use `auth` for them.')
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null) url.searchParams.append(name, String(item))
    }
  }
  return url
}

function headersOf({ headers: given = {}, auth }: HttpConfig): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    if (value !== null) setHeader(headers, name, String(value))
  }
  if (auth) setHeader(headers, 'authorization', authorization(auth))
  return headers
}

function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value)
  } catch {
    // The reason is not passed on: it would show the value, which may be a secret.
    throw invalid(
      `The header "${shown(name)}" cannot be sent: its name or value holds characters that are not allowed.`,
    )
  }
}

function authorization({ bearer, basic }: NonNullable<HttpConfig['auth']>): string {
  if ((bearer === undefined) === (basic === undefined)) throw invalid('`auth` needs either `bearer` or `basic`.')
  if (!basic) return `Bearer ${bearer}`
  if (basic.user.includes(':')) throw invalid('The user in `auth.basic` cannot hold a colon.')
  return `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString('base64')}`
}

function bodyOf({ json, body }: HttpConfig): string | undefined {
  if (json !== undefined && body !== undefined) throw invalid('`json` and `body` exclude each other.')
  return json === undefined ? body : JSON.stringify(json)
}

/** Without query and fragment, which may hold what should not be in logs. */
export const addressOf = (url: URL): string => `${url.origin}${url.pathname}`

const shown = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text)

const invalid = (message: string): StageError =>
  new StageError(message, { category: 'validation', code: 'bad_request', retryable: false })

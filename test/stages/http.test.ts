import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import type { JsonObject } from '../../src/foundation/json.ts'
import { http } from '../../src/stages/http.ts'
import { failureOf, runKind } from './support.ts'

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const answer = (
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: string | Buffer = '',
) => response.writeHead(status, headers).end(body)

const json = (response: ServerResponse, value: unknown, status = 200) =>
  answer(response, status, { 'content-type': 'application/json' }, JSON.stringify(value))

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

interface Echo {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
}

/** A server that answers with what it was asked. */
const echoServer = () =>
  serve(async (request, response) => {
    const { method, url, headers } = request
    json(response, { method, url, headers, body: await textOf(request) })
  })

const echoOf = async (config: JsonObject): Promise<Echo> => (await runKind(http, config)).output as Echo

test('asks with GET and gives the parsed body', async () => {
  const url = await echoServer()
  const echo = await echoOf({ url: `${url}/a?b=c` })
  expect(echo).toMatchObject({ method: 'GET', url: '/a?b=c', body: '' })
  expect(echo.headers['user-agent']).toBe('stagegraph')
  expect(echo.headers).not.toHaveProperty('idempotency-key')
})

test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('%s carries the idempotency key', async (method) => {
  const echo = await echoOf({ url: await echoServer(), method })
  expect(echo.method).toBe(method)
  expect(echo.headers['idempotency-key']).toBe('key-1')
})

test('an idempotency key of the author is left alone', async () => {
  const echo = await echoOf({ url: await echoServer(), method: 'POST', headers: { 'Idempotency-Key': 'mine' } })
  expect(echo.headers['idempotency-key']).toBe('mine')
})

test('query is encoded and added; lists repeat, null is left out', async () => {
  const query = { q: 'a b&c', n: [1, 2], yes: true, none: null }
  expect((await echoOf({ url: `${await echoServer()}/?x=1`, query })).url).toBe('/?x=1&q=a+b%26c&n=1&n=2&yes=true')
})

test('headers are sent as text, null is left out', async () => {
  const { headers } = await echoOf({ url: await echoServer(), headers: { 'X-A': 'b', 'x-n': 3, 'x-no': null } })
  expect(headers).toMatchObject({ 'x-a': 'b', 'x-n': '3' })
  expect(headers).not.toHaveProperty('x-no')
})

test('json is sent as JSON, null too; body as it is', async () => {
  const url = await echoServer()
  const sent = await echoOf({ url, method: 'POST', json: { a: [1, 'ü'] } })
  expect(sent.body).toBe('{"a":[1,"ü"]}')
  expect(sent.headers['content-type']).toBe('application/json')
  expect((await echoOf({ url, method: 'POST', json: null })).body).toBe('null')
  const typed = await echoOf({ url, method: 'POST', json: 1, headers: { 'content-type': 'application/vnd.x+json' } })
  expect(typed.headers['content-type']).toBe('application/vnd.x+json')
  expect((await echoOf({ url, method: 'POST', body: 'a=1' })).body).toBe('a=1')
})

test('auth is sent as bearer or basic', async () => {
  const url = await echoServer()
  expect((await echoOf({ url, auth: { bearer: 't' } })).headers.authorization).toBe('Bearer t')
  const basic = await echoOf({ url, auth: { basic: { user: 'ü', password: 'a:b' } } })
  expect(Buffer.from(basic.headers.authorization?.slice(6) ?? '', 'base64').toString()).toBe('ü:a:b')
})

test.each([
  [{ url: 'example.com' }, 'is no address'],
  [{ url: 'file:///etc/passwd' }, 'Only http: and https:'],
  [{ url: 'http://u:p@example.com' }, 'use `auth`'],
  [{ url: 'http://x.test', body: 'x' }, 'A GET request cannot have a body'],
  [{ url: 'http://x.test', method: 'POST', body: 'x', json: 1 }, 'exclude each other'],
  [{ url: 'http://x.test', auth: {} }, 'either `bearer` or `basic`'],
  [{ url: 'http://x.test', auth: { basic: { user: 'a:b', password: '' } } }, 'cannot hold a colon'],
  [{ url: 'http://x.test', headers: { 'a b': 'x' } }, 'The header "a b" cannot be sent'],
  [{ url: 'http://x.test', headers: { a: 'secret\r\nb: c' } }, 'The header "a" cannot be sent'],
])('%j is a validation failure, before anything is sent', async (config, message) => {
  const failure = await failureOf(runKind(http, config))
  expect(failure).toMatchObject({ category: 'validation', code: 'bad_request', retryable: false })
  expect(failure.message).toContain(message)
  expect(failure.message).not.toContain('secret')
})

test.each([
  ['application/json; charset=utf-8', '{"a":1}', { a: 1 }],
  ['application/problem+json', '[1]', [1]],
  ['text/csv', 'a,b', 'a,b'],
  ['text/plain; charset=iso-8859-1', Buffer.from([0xfc]), 'ü'],
  ['application/xml', '<a/>', '<a/>'],
  ['', 'plain', 'plain'],
  ['image/png', Buffer.from([0x89, 0x50]), 'iVA='],
  ['application/json', '', null],
])('a body of type %j is given as what it is', async (type, body, output) => {
  const url = await serve((_, response) => answer(response, 200, type === '' ? {} : { 'content-type': type }, body))
  expect((await runKind(http, { url })).output).toEqual(output)
})

test('a declared output goes before the content type', async () => {
  const url = await serve((request, response) =>
    answer(response, 200, { 'content-type': request.url === '/json' ? 'application/json' : 'text/plain' }, '{"a":1}'),
  )
  const text = await runKind(http, { url: `${url}/json` }, { outputSchema: { type: 'string' } })
  expect(text.output).toBe('{"a":1}')
  const parsed = await runKind(http, { url }, { outputSchema: { type: 'object' } })
  expect(parsed.output).toEqual({ a: 1 })
})

test('JSON that is none fails as not_json', async () => {
  const url = await serve((_, response) => answer(response, 200, { 'content-type': 'application/json' }, '<html>'))
  const failure = await failureOf(runKind(http, { url }))
  expect(failure).toMatchObject({ category: 'not_json', details: { start: '<html>' } })
})

test('capture: full gives status, headers and body', async () => {
  const url = await serve((_, response) => answer(response, 201, { 'content-type': 'text/plain', 'x-a': 'b' }, 'hi'))
  const { output } = await runKind(http, { url, capture: 'full' })
  expect(output).toMatchObject({ status: 201, headers: { 'x-a': 'b' }, body: 'hi' })
  expect(http.outputSchema?.({ url, capture: 'full' }, undefined)).toMatchObject({
    required: ['status', 'headers', 'body'],
  })
})

test.each([
  [404, 'http_4xx', true],
  [429, 'rate_limit', true],
  [500, 'http_5xx', true],
  [503, 'http_5xx', true],
  [304, 'validation', false],
])('status %i fails as %s', async (status, category, retryable) => {
  const url = await serve((_, response) => answer(response, status, { 'content-type': 'text/plain' }, 'why'))
  const failure = await failureOf(runKind(http, { url: `${url}/p?token=x` }))
  expect(failure).toMatchObject({ category, retryable, details: { status, method: 'GET', url: `${url}/p` } })
  expect(failure.message).toMatch(new RegExp(`^GET ${url}/p answered ${status}`))
})

test('the start of the body of a failure is in its details', async () => {
  const url = await serve((_, response) => answer(response, 400, { 'content-type': 'text/plain' }, 'x'.repeat(100_000)))
  const failure = await failureOf(runKind(http, { url }))
  expect(failure.details).toMatchObject({ body: 'x'.repeat(4_096) })
})

test('expect names the statuses that are success, and only those', async () => {
  const url = await serve((request, response) => answer(response, request.url === '/404' ? 404 : 200, {}, 'x'))
  const expected = { status: [404] }
  expect((await runKind(http, { url: `${url}/404`, expect: expected })).output).toBe('x')
  const failure = await failureOf(runKind(http, { url, expect: expected }))
  expect(failure).toMatchObject({ category: 'validation', code: 'unexpected_status' })
})

test.each([
  ['2', {}, 2_000],
  ['Wed, 21 Oct 2026 07:28:10 GMT', { date: 'Wed, 21 Oct 2026 07:28:00 GMT' }, 10_000],
  ['Wed, 21 Oct 2026 07:28:00 GMT', { date: 'Wed, 21 Oct 2026 07:28:10 GMT' }, 0],
  ['soon', {}, undefined],
])('Retry-After: %s', async (value, more, expected) => {
  for (const status of [429, 503]) {
    const url = await serve((_, response) => answer(response, status, { 'retry-after': value, ...more }))
    expect((await failureOf(runKind(http, { url }))).retryAfterMs).toBe(expected)
  }
})

/** An address where nobody listens any more. */
async function deadAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}/x`
}

test('no server is a network failure that names the reason', async () => {
  const url = await deadAddress()
  const failure = await failureOf(runKind(http, { url }))
  expect(failure).toMatchObject({ category: 'network', retryable: true, details: { error: 'ECONNREFUSED' } })
  expect(failure.message).toBe(`GET ${url} got no answer: the connection was refused (ECONNREFUSED).`)
})

test.each([
  ['CERT_HAS_EXPIRED', 'network', false],
  ['ENOTFOUND', 'network', true],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout', true],
])('an error with the code %s is %s', async (code, category, retryable) => {
  const fake: typeof fetch = () =>
    Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('inner'), { code }) }))
  const failure = await failureOf(runKind(http, { url: 'http://x.test' }, { services: { fetch: fake } }))
  expect(failure).toMatchObject({ category, retryable, details: { error: code } })
})

test('an answer that breaks off is a network failure', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half')
    setImmediate(() => response.destroy())
  })
  expect(await failureOf(runKind(http, { url }))).toMatchObject({ category: 'network' })
})

test('an answer that is too large is cut off while it streams, also when it came compressed', async () => {
  let sent = 0
  const url = await serve((request, response) => {
    if (request.url === '/zip') {
      return answer(
        response,
        200,
        { 'content-encoding': 'gzip', 'content-type': 'text/plain' },
        gzipSync('0'.repeat(5_000_000)),
      )
    }
    const chunk = Buffer.alloc(65_536)
    const more = (): void => {
      while (!response.destroyed && sent < 1_000_000_000) {
        sent += chunk.length
        if (!response.write(chunk)) return void response.once('drain', more)
      }
    }
    more()
  })
  for (const path of ['/', '/zip']) {
    const failure = await failureOf(runKind(http, { url: url + path }, { outputBytes: 1_000_000 }))
    expect(failure).toMatchObject({ category: 'limit', code: 'output_too_large', retryable: false })
  }
  expect(sent).toBeLessThan(100_000_000)
})

test('cancelling rejects with the reason of the signal, before and during the answer', async () => {
  const asked = Promise.withResolvers<void>()
  const url = await serve((request, response) => {
    if (request.url === '/body') response.writeHead(200).write('x')
    asked.resolve()
  })
  for (const path of ['/', '/body']) {
    const abort = new AbortController()
    const done = runKind(http, { url: url + path }, { signal: abort.signal })
    await asked.promise
    abort.abort(new Error('cancelled'))
    await expect(done).rejects.toThrow('cancelled')
  }
})

test('redirects of one origin are followed with everything', async () => {
  const url = await serve(async (request, response) => {
    if (request.url === '/from') return answer(response, 307, { location: '/to' })
    json(response, { method: request.method, key: request.headers['x-key'], body: await textOf(request) })
  })
  const config = { url: `${url}/from`, method: 'POST', headers: { 'x-key': 'k' }, json: [1] }
  expect((await runKind(http, config)).output).toEqual({ method: 'POST', key: 'k', body: '[1]' })
})

test.each([301, 302, 303])('after a POST, %i is followed with GET and without body', async (status) => {
  const url = await serve(async (request, response) => {
    if (request.url === '/from') return answer(response, status, { location: '/to' })
    const { method, headers } = request
    json(response, { method, type: headers['content-type'] ?? null, body: await textOf(request) })
  })
  const { output } = await runKind(http, { url: `${url}/from`, method: 'POST', json: [1] })
  expect(output).toEqual({ method: 'GET', type: null, body: '' })
})

test('no credentials and no headers of the author go to another origin', async () => {
  const other = await echoServer()
  const url = await serve((_, response) => answer(response, 302, { location: `${other}/x` }))
  const headers = { 'X-Api-Key': 'k', cookie: 'a=b', accept: 'text/x' }
  const echo = await echoOf({ url, headers, auth: { bearer: 't' } })
  expect(echo.headers).not.toHaveProperty('authorization')
  expect(echo.headers).not.toHaveProperty('x-api-key')
  expect(echo.headers).not.toHaveProperty('cookie')
  expect(echo.headers.accept).toBe('text/x')
})

test.each([
  ['/loop', 'More than 5 redirects'],
  ['/file', 'A redirect away from HTTP'],
  ['/other', 'would send the body to another host'],
])('the redirect of %s is refused', async (path, message) => {
  const other = await echoServer()
  const targets: Record<string, string> = { '/loop': '/loop', '/file': 'file:///etc/passwd', '/other': other }
  const url = await serve((request, response) => answer(response, 307, { location: targets[request.url ?? ''] ?? '' }))
  const failure = await failureOf(runKind(http, { url: url + path, method: 'POST', json: 1 }))
  expect(failure).toMatchObject({ category: 'policy', code: 'redirect_refused', retryable: false })
  expect(failure.message).toContain(message)
})

test('a redirect whose status is expected is an answer', async () => {
  const url = await serve((_, response) => answer(response, 302, { location: '/elsewhere' }))
  const { output } = await runKind(http, { url, capture: 'full', expect: { status: [302] } })
  expect(output).toMatchObject({ status: 302, headers: { location: '/elsewhere' } })
})

test('HEAD gives null, and headers with capture: full', async () => {
  const url = await serve((_, response) =>
    answer(response, 200, { 'content-length': '5', 'content-type': 'text/plain' }),
  )
  expect((await runKind(http, { url, method: 'HEAD', capture: 'full' })).output).toMatchObject({
    headers: { 'content-length': '5' },
    body: null,
  })
})

test('asks through the fetch of the host', async () => {
  const asked: string[] = []
  const fake: typeof fetch = async (input) => {
    asked.push(String(input))
    return Response.json({ from: 'host' })
  }
  const { output } = await runKind(http, { url: 'http://nowhere.test/' }, { services: { fetch: fake } })
  expect(output).toEqual({ from: 'host' })
  expect(asked).toEqual(['http://nowhere.test/'])
})

test('inherits retry only where asking twice does no harm', () => {
  const inherits = (config: JsonObject) => (http.inheritsRetry as (config: JsonObject) => boolean)(config)
  expect(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'].every((method) => inherits({ url: 'x', method }))).toBe(true)
  expect(inherits({ url: 'x' })).toBe(true)
  expect(['POST', 'PATCH', '${{ inputs.method }}'].some((method) => inherits({ url: 'x', method }))).toBe(false)
})

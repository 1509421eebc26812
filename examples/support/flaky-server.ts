/**
 * A server for 06-retries.yaml and 07-http.yaml: /flaky fails twice (503, then 429 with Retry-After) before it answers,
 * /missing never exists, /releases lists releases.
 *
 *   node examples/support/flaky-server.ts [port]
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const releases = [
  { version: '1.0.0', date: '2025-03-01', downloads: 1200, stable: true },
  { version: '1.1.0-beta', date: '2025-06-12', downloads: 90, stable: false },
  { version: '1.1.0', date: '2025-07-01', downloads: 3400, stable: true },
]

/** Listens on 127.0.0.1; port 0 picks a free one. Resolves with the server and its address. */
export async function startFlakyServer(port = 0): Promise<{ server: Server; url: string }> {
  let tries = 0
  const server = createServer((request, response) => {
    const send = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify(body))
    }
    if (request.url === '/flaky') {
      tries++
      if (tries % 3 === 1) return send(503, { error: 'not yet' })
      if (tries % 3 === 2) return send(429, { error: 'slow down' }, { 'retry-after': '0' })
      return send(200, { answer: 42, tries })
    }
    if (request.url?.startsWith('/releases')) return send(200, { releases })
    return send(404, { error: 'nothing here' })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

if (import.meta.main) {
  const { url } = await startFlakyServer(Number(process.argv[2] ?? 8099))
  console.log(`listening on ${url}`)
}

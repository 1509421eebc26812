/** Compiles and runs one small pipeline with everything real, and tells what could be seen of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import {
  type CompiledPipeline,
  CompileError,
  compile,
  createEngine,
  createManualClock,
  createMemoryStore,
  type Json,
  type JsonObject,
  type ManualClock,
  type PipelineEngine,
  type PipelineResult,
  type PipelineState,
  type RunEvent,
} from '../../src/index.ts'

export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Observed {
  readonly pipeline: CompiledPipeline
  readonly result: PipelineResult
  readonly outputs: JsonObject
  readonly events: readonly RunEvent[]
  readonly state: PipelineState
  /** What the server was asked. */
  readonly requests: readonly Request[]
  /** Outputs of further runs on the same store, in order. */
  readonly again: readonly JsonObject[]
  /** Stages that were terminal at each checkpoint of LangGraph's. */
  readonly checkpoints: readonly (readonly string[])[]
}

export interface Effect {
  /** The key as in the language: `stages.retry.attempts`, `http.url`. */
  readonly key: string
  /** Where it stands in `yaml`; this is what the meta-test deletes. */
  readonly path: readonly (string | number)[]
  /** `@server` becomes the address of the server. */
  readonly yaml: string
  readonly inputs?: JsonObject
  readonly runs?: number
  /** The run is abandoned when its first attempt has started, and then resumed. */
  readonly abandoned?: boolean
  /** What is done while it waits, by a clock that stands still. The last result counts. */
  readonly meanwhile?: (
    engine: PipelineEngine,
    thread: string,
    clock: ManualClock,
    pipeline: CompiledPipeline,
  ) => Promise<unknown>
  readonly check: (observed: Observed) => void
}

/** Answers: /fail/<status> always, /flaky/<status>/<n> n times and then 200, /slow after a second, else an echo as JSON. */
async function startServer(): Promise<{ server: Server; url: string; requests: Request[] }> {
  const requests: Request[] = []
  const tries = new Map<string, number>()
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming
      const request = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
      requests.push(request)
      const [, what, status, times] = url.split('?')[0]?.split('/') ?? []
      const count = (tries.get(url) ?? 0) + 1
      tries.set(url, count)
      if (what === 'slow') {
        setTimeout(() => response.end('{}'), 1_000)
        return
      }
      const failing = what === 'fail' || (what === 'flaky' && count <= Number(times))
      const type = url.endsWith('/chat/completions') ? 'text/event-stream' : 'application/json'
      response.writeHead(failing ? Number(status) : 200, { 'content-type': type, 'x-served': 'yes' })
      response.end(chatAnswer(request) ?? JSON.stringify({ method, url, count }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** The OpenAI wire format, as far as a streamed chat completion needs it: answers with how much it was told. */
function chatAnswer({ url, body }: Request): string | undefined {
  if (!url.endsWith('/chat/completions')) return undefined
  const { messages } = JSON.parse(body) as { messages: readonly { content: unknown }[] }
  const chunk = (delta: object, finish_reason: string | null) =>
    `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 0, model: 'scripted', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
  return `${chunk({ role: 'assistant', content: `heard ${messages.length}` }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`
}

const files: Readonly<Record<string, string>> = {
  'f.ts': 'export const twice = ({ n }: { n: number }) => n * 2\nexport const nothing = () => "called"\n',
  'prompt.md': 'From a file.\n',
  'child.yaml':
    'name: child\ninputs: { n: { type: number, default: 1 } }\nstages: [{ id: a, transform: "${{ inputs.n * 2 }}" }]\noutputs: { twice: "${{ stages.a.output }}" }\n',
}

/** Compile errors and refusals are thrown. */
export async function observe({
  yaml,
  inputs = {},
  runs = 1,
  abandoned = false,
  meanwhile,
}: Omit<Effect, 'check' | 'key' | 'path'>): Promise<Observed> {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-keys-'))
  const { server, url, requests } = await startServer()
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const pipeline = compile(yaml.replaceAll('@server', url), { path: join(folder, 'p.yaml') })
    vi.stubEnv('OPENAI_API_KEY', 'none')
    vi.stubEnv('OPENAI_BASE_URL', url)
    const env = {
      GREETING: 'hi',
      TOKEN: 's3cret-token',
      OPENAI_API_KEY: 'none',
      OPENAI_BASE_URL: url,
      PATH: process.env.PATH,
    }
    const store = createMemoryStore()
    const clock = createManualClock()
    await using engine = createEngine({ store, env, ...(meanwhile && { clock }) })
    const run = await engine.start(pipeline, inputs, { by: 'starter' })
    const events: RunEvent[] = []
    for await (const event of run.events()) {
      events.push(event)
      if (abandoned && event.type === 'stage.started') run.abandon()
    }
    const { result: ended } = abandoned ? await engine.resume(run.id) : run
    const first = await ended
    await meanwhile?.(engine, run.id, clock, pipeline)
    const result = meanwhile ? await settled(engine, first) : first
    const checkpoints: string[][] = []
    for await (const { checkpoint } of store.saver.list({ configurable: { thread_id: run.id } })) {
      checkpoints.push(Object.keys(checkpoint.channel_values.stages ?? {}))
    }
    const state = (await engine.get(run.id)) as PipelineState
    const again: JsonObject[] = []
    for (let i = 1; i < runs; i++) again.push((await engine.execute(pipeline, inputs)).outputs ?? {})
    return { pipeline, result, outputs: result.outputs ?? {}, events, state, requests, again, checkpoints }
  } finally {
    vi.unstubAllEnvs()
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How the run stands by now. */
async function settled(engine: PipelineEngine, first: PipelineResult): Promise<PipelineResult> {
  const state = await engine.get(first.runId)
  if (!state) return first
  const { status, result } = state
  return { ...first, status, outputs: result?.outputs ?? null, error: result?.error ?? null }
}

/** The same with what must not compile: the codes of the diagnostics. */
export function codesOf(yaml: string): string[] {
  try {
    return compile(yaml).diagnostics.map(({ code }) => code)
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostics.map(({ code }) => code)
    throw error
  }
}

export const outputs =
  (expected: Record<string, Json>) =>
  ({ outputs: found }: Observed): void =>
    expect(found).toMatchObject(expected)

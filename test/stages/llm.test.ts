import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LLMock } from '@copilotkit/aimock'
import { fakeModel } from '@langchain/core/testing'
import { FakeListChatModel } from '@langchain/core/utils/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { JsonSchema } from '../../src/foundation/plan.ts'
import { llm } from '../../src/stages/llm.ts'
import { failureOf, runKind } from './support.ts'

interface Sent {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly temperature?: number
  readonly max_tokens?: number
  readonly max_completion_tokens?: number
  readonly stream?: boolean
}

/** A scripted provider that speaks OpenAI's protocol, and the environment that leads LangChain to it. */
async function scripted(script: (mock: LLMock) => void): Promise<{ sent(): readonly Sent[] }> {
  const mock = new LLMock({ port: 0, chunkSize: 4 })
  script(mock)
  await mock.start()
  onTestFinished(() => mock.stop())
  pointAt(`${mock.url}/v1`)
  return { sent: () => mock.getRequests().map(({ body }) => body as unknown as Sent) }
}

function pointAt(url: string): void {
  vi.stubEnv('OPENAI_BASE_URL', url)
  vi.stubEnv('OPENAI_API_KEY', 'test')
  onTestFinished(() => void vi.unstubAllEnvs())
}

const models = { default: 'openai:gpt-4o-mini', big: 'openai:gpt-4o' }
const ask = (config: object, wishes: Parameters<typeof runKind>[2] = {}) => runKind(llm, config, { models, ...wishes })
const registered = (model: unknown) => ({ services: { models: new Map([['mine', model]]) } })

/** An answer by a call of the tool that stands for the declared output. */
const calls = (value: object) => ({ toolCalls: [{ name: 'output', arguments: JSON.stringify(value) }] })

const review: JsonSchema = {
  type: 'object',
  properties: { score: { type: 'integer', minimum: 0 }, feedback: { type: 'string' } },
  required: ['score', 'feedback'],
  additionalProperties: false,
}

test('gives the answer as text and streams it token by token', async () => {
  const { sent } = await scripted((mock) => mock.onMessage('hello', { content: 'Good day to you!' }))
  const { output, said } = await ask({ prompt: 'Say hello' })
  expect(output).toBe('Good day to you!')
  expect(said.tokens.join('')).toBe('Good day to you!')
  expect(said.tokens.length).toBeGreaterThan(2)
  expect(sent()).toMatchObject([
    { model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'Say hello' }] },
  ])
})

test('sends system, messages and prompt in that order, with temperature and max_tokens', async () => {
  const { sent } = await scripted((mock) => mock.onMessage(/.*/, { content: 'ok' }))
  await ask({
    model: 'big',
    system: 'Be brief.',
    messages: [
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'two' },
    ],
    prompt: 'three',
    temperature: 0,
    max_tokens: 50,
  })
  const [request] = sent()
  expect(request?.model).toBe('gpt-4o')
  expect(request?.messages.map(({ role, content }) => [role, content])).toEqual([
    ['system', 'Be brief.'],
    ['user', 'one'],
    ['assistant', 'two'],
    ['user', 'three'],
  ])
  expect(request?.temperature).toBe(0)
  expect(request?.max_tokens ?? request?.max_completion_tokens).toBe(50)
})

test('a model may be named with its provider', async () => {
  const { sent } = await scripted((mock) => mock.onMessage(/.*/, { content: 'ok' }))
  await ask({ model: 'openai:gpt-4.1-nano', prompt: 'x' })
  expect(sent()[0]?.model).toBe('gpt-4.1-nano')
})

test('a declared output is asked for and given as a value', async () => {
  await scripted((mock) => mock.onMessage('Score', calls({ score: 8, feedback: 'fine' })))
  const { output, said } = await ask({ prompt: 'Score this' }, { outputSchema: review })
  expect(output).toEqual({ score: 8, feedback: 'fine' })
  expect(said.tokens).toEqual([])
})

test('lists, numbers and choices are asked for inside an object and given bare', async () => {
  await scripted((mock) => mock.onMessage(/.*/, calls({ value: ['a', 'b'] })))
  const list: JsonSchema = { type: 'array', items: { $ref: '#/$defs/T' }, $defs: { T: { enum: ['a', 'b'] } } }
  expect((await ask({ prompt: 'x' }, { outputSchema: list })).output).toEqual(['a', 'b'])
})

test('an answer that does not fit is sent back once, with what is wrong', async () => {
  const { sent } = await scripted((mock) =>
    mock
      .onMessage('does not fit', calls({ score: 3, feedback: 'mended' }))
      .onMessage('Score', calls({ score: 'three' })),
  )
  expect((await ask({ prompt: 'Score this' }, { outputSchema: review })).output).toEqual({
    score: 3,
    feedback: 'mended',
  })
  const last = sent().at(-1)?.messages ?? []
  expect(sent()).toHaveLength(2)
  expect(last.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
  expect(last[1]?.content).toBe('{"score":"three"}')
  expect(last[2]?.content).toContain('score')
  expect(last[2]?.content).toContain('feedback')
})

test('JSON in a text is read too, in a code fence or bare', async () => {
  for (const content of ['{"score":1,"feedback":"a"}', '```json\n{"score":1,"feedback":"a"}\n```']) {
    await scripted((mock) => mock.onMessage(/.*/, { content }))
    expect((await ask({ prompt: 'x' }, { outputSchema: review })).output).toEqual({ score: 1, feedback: 'a' })
  }
})

test.each([
  [{ content: 'Sure! {"score": 1' }, 'Sure! {"score": 1'],
  [{ toolCalls: [{ name: 'output', arguments: '{"score": 1, "feedback": "a' }] }, '{"score": 1, "feedback": "a'],
])('an answer that is twice no JSON fails as not_json, never as half a value: %j', async (response, answer) => {
  const { sent } = await scripted((mock) => mock.onMessage(/.*/, response))
  const failure = await failureOf(ask({ prompt: 'x' }, { outputSchema: review }))
  expect(failure).toMatchObject({ category: 'not_json', code: 'not_json', retryable: false, details: { answer } })
  expect(sent()).toHaveLength(2)
})

test('an answer that does not fit twice fails as validation', async () => {
  await scripted((mock) => mock.onMessage(/.*/, { content: '{"score": -1, "feedback": ""}' }))
  const failure = await failureOf(ask({ prompt: 'x' }, { outputSchema: review }))
  expect(failure).toMatchObject({ category: 'validation', code: 'invalid_output', details: { answer: { score: -1 } } })
})

test('a text that was cut is logged; a value that was cut fails', async () => {
  await scripted((mock) => mock.onMessage(/.*/, { content: '{"score": 1', finishReason: 'length' }))
  const { output, said } = await ask({ prompt: 'x' })
  expect(output).toBe('{"score": 1')
  expect(said.logs[0]?.message).toContain('ends early')
  const failure = await failureOf(ask({ prompt: 'x' }, { outputSchema: review }))
  expect(failure).toMatchObject({ category: 'limit', code: 'answer_cut' })
})

test.each([
  [429, 'rate_limit', 7_000],
  [500, 'http_5xx', undefined],
  [401, 'http_4xx', undefined],
  [404, 'http_4xx', undefined],
])('status %i of the provider fails as %s, without a retry of the client', async (status, category, wait) => {
  const error = { error: { message: 'mocked' }, status, retryAfter: 7 }
  const { sent } = await scripted((mock) => mock.onMessage(/.*/, error))
  for (const outputSchema of [undefined, review]) {
    const failure = await failureOf(ask({ prompt: 'x' }, { outputSchema }))
    expect(failure).toMatchObject({ category, details: { status } })
    expect(failure.retryAfterMs).toBe(wait)
  }
  expect(sent()).toHaveLength(2)
})

test('money does not come back by waiting', async () => {
  const error = { error: { message: 'no', code: 'insufficient_quota' }, status: 429 }
  await scripted((mock) => mock.onMessage(/.*/, error))
  expect(await failureOf(ask({ prompt: 'x' }))).toMatchObject({ category: 'rate_limit', retryable: false })
})

test('no provider is a network failure', async () => {
  pointAt('http://127.0.0.1:1/v1')
  expect(await failureOf(ask({ prompt: 'x' }))).toMatchObject({ category: 'network', retryable: true })
})

test('cancelling breaks the call off, and rejects with the reason of the signal', async () => {
  const asked = Promise.withResolvers<void>()
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"Go"}}]}\n\n')
    asked.resolve()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  pointAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`)
  const abort = new AbortController()
  const done = ask({ prompt: 'x' }, { signal: abort.signal })
  await asked.promise
  abort.abort(new Error('cancelled'))
  await expect(done).rejects.toThrow('cancelled')
})

test('an answer larger than the output may be is broken off', async () => {
  await scripted((mock) => mock.onMessage(/.*/, { content: 'x'.repeat(1_000) }))
  const failure = await failureOf(ask({ prompt: 'x' }, { outputBytes: 100 }))
  expect(failure).toMatchObject({ category: 'limit', code: 'output_too_large' })
})

test('a registered model is used by its name, also through models:', async () => {
  const model = () => new FakeListChatModel({ responses: ['hey'] })
  const { output, said } = await ask({ model: 'mine', prompt: 'x' }, registered(model()))
  expect(output).toBe('hey')
  expect(said.tokens).toEqual(['h', 'e', 'y'])
  const through = { models: { default: 'mine' }, ...registered(model()) }
  expect((await ask({ prompt: 'x' }, through)).output).toBe('hey')
})

test('a registered model that has no tools is told the schema in words', async () => {
  const model = new FakeListChatModel({ responses: ['no', '```json\n{"score":1,"feedback":"x"}\n```'] })
  const asked: string[] = []
  const invoke: (typeof model)['invoke'] = (messages, options) => {
    asked.push(JSON.stringify(messages))
    return FakeListChatModel.prototype.invoke.call(model, messages, options)
  }
  const plain = Object.assign(model, { bindTools: undefined, invoke })
  const { output } = await ask({ model: 'mine', prompt: 'Go' }, { outputSchema: review, ...registered(plain) })
  expect(output).toEqual({ score: 1, feedback: 'x' })
  expect(asked).toHaveLength(2)
  expect(asked[0]).toContain('Go\\n\\nAnswer with JSON only')
})

test('a registered model that throws over its own answer is asked again', async () => {
  const model = new FakeListChatModel({ responses: ['no', '{"score":1,"feedback":"x"}'] })
  const { output } = await ask({ model: 'mine', prompt: 'x' }, { outputSchema: review, ...registered(model) })
  expect(output).toEqual({ score: 1, feedback: 'x' })
})

test('a registered model with tools answers in structure', async () => {
  const model = fakeModel().structuredResponse({ score: 2, feedback: 'y' })
  const { output } = await ask({ model: 'mine', prompt: 'x' }, { outputSchema: review, ...registered(model) })
  expect(output).toEqual({ score: 2, feedback: 'y' })
})

test('what a registered model throws is internal unless its fields say more', async () => {
  const plain = fakeModel().respond(new Error('429 in the text only'))
  expect(await failureOf(ask({ model: 'mine', prompt: 'x' }, registered(plain)))).toMatchObject({
    category: 'internal',
    code: 'model_failed',
    message: 'The model could not be asked: 429 in the text only',
  })
  const limited = fakeModel().respond(
    Object.assign(new Error('slow'), { response: { status: 429, headers: { 'retry-after': '3' } } }),
  )
  expect(await failureOf(ask({ model: 'mine', prompt: 'x' }, registered(limited)))).toMatchObject({
    category: 'rate_limit',
    retryAfterMs: 3_000,
  })
})

test.each([
  [{ prompt: 'x', model: 'bigg' }, 'unknown_model', 'There is no model "bigg". Did you mean "big"?'],
  [{ prompt: 'x', model: 'toString' }, 'unknown_model', 'There is no model "toString".'],
  [
    { prompt: 'x', model: 'opneai:gpt-5' },
    'unknown_model',
    'There is no provider "opneai" (in "opneai:gpt-5"). Did you mean "openai"?',
  ],
  [
    { prompt: 'x', model: 'mistralai:small' },
    'missing_package',
    'needs the package "@langchain/mistralai", which is not installed. Run: npm install @langchain/mistralai',
  ],
  [{ system: 'x' }, 'no_prompt', 'give `prompt` or `messages`'],
  [{ prompt: 'x', model: 'mine', temperature: 1 }, 'unknown_model', 'is a registered model'],
])('%j cannot be asked: %s', async (config, code, message) => {
  const failure = await failureOf(ask(config, registered(new FakeListChatModel({ responses: ['x'] }))))
  expect(failure).toMatchObject({ category: 'validation', code, retryable: false })
  expect(failure.message).toContain(message)
})

test('without a model, and without a key, the message says what to do', async () => {
  expect((await failureOf(ask({ prompt: 'x' }, { models: {} }))).message).toContain('`models.default`')
  expect((await failureOf(ask({ model: 'mine', prompt: 'x' }, registered({})))).message).toContain(
    'no LangChain chat model',
  )
  vi.stubEnv('OPENAI_API_KEY', undefined)
  onTestFinished(() => void vi.unstubAllEnvs())
  const failure = await failureOf(ask({ prompt: 'x' }))
  expect(failure).toMatchObject({ category: 'internal', code: 'model_failed' })
  expect(failure.message).toContain('OPENAI_API_KEY')
})

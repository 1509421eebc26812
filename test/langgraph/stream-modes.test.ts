/** Every stream mode of LangGraph on a pipeline that asks a chat model: what each tells, and that each ends. */
import { LLMock } from '@copilotkit/aimock'
import { MemorySaver } from '@langchain/langgraph'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { compile } from '../../src/index.ts'

const mock = new LLMock({ port: 0 })
beforeAll(async () => {
  mock.onMessage(/.*/, { content: 'steam over a cup' })
  await mock.start()
  vi.stubEnv('OPENAI_API_KEY', 'none')
  vi.stubEnv('OPENAI_BASE_URL', `${mock.url}/v1`)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await mock.stop()
})

const pipeline = compile(`
name: haiku
models: { default: "openai:gpt-5-mini" }
stages:
  - { id: write, llm: { prompt: "A haiku, please." } }
  - { id: loud, transform: "\${{ stages.write.output.upper() }}" }
outputs: { text: "\${{ stages.loud.output }}" }
`)

const modes = ['values', 'updates', 'custom', 'tasks', 'checkpoints', 'debug', 'messages', 'tools'] as const

async function chunks(streamMode: (typeof modes)[number]): Promise<unknown[]> {
  const graph = pipeline.graph({ checkpointer: new MemorySaver() })
  const config = { configurable: { thread_id: 't' } }
  const all: unknown[] = []
  for await (const chunk of await graph.stream({ inputs: {} }, { ...config, streamMode })) all.push(chunk)
  const { values } = await graph.getState(config)
  expect(values.outputs, streamMode).toEqual({ text: 'STEAM OVER A CUP' })
  return all
}

describe('the stream mode', () => {
  it.each(modes.filter((mode) => mode !== 'tools'))('%s tells something, and the run ends', async (mode) => {
    expect((await chunks(mode)).length).toBeGreaterThan(0)
  })

  it('tools has nothing to tell, and the run ends', async () => {
    expect(await chunks('tools')).toEqual([])
  })

  it('messages tells the tokens of the model, with the stage they are from', async () => {
    const told = (await chunks('messages')) as [{ content: string }, { langgraph_node: string }][]
    expect(told.map(([{ content }]) => content).join('')).toBe('steam over a cup')
    expect(new Set(told.map(([, { langgraph_node }]) => langgraph_node))).toEqual(new Set(['write']))
  })
})

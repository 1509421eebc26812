/** The engine with either lowering: a run goes on with the one it was started by, and its events are the same. */
import { MemorySaver } from '@langchain/langgraph'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  compile,
  createEngine,
  createMemoryStore,
  defineFunction,
  type RunEvent,
  type RunStore,
} from '../../src/index.ts'

let store: RunStore
beforeEach(() => {
  store = createMemoryStore()
})
afterEach(() => store.close())

const yaml = `
name: both
vars: { seen: { type: "string[]", merge: append, default: [] } }
stages:
  - { id: a, uses: test/effect, set: { seen: ["\${{ output }}"] } }
  - { id: b, needs: [a], uses: test/effect, set: { seen: ["\${{ output }}"] } }
  - { id: c, needs: [a], if: "false", uses: test/effect }
  - { id: d, needs: [b, c], uses: test/effect, set: { seen: ["\${{ output }}"] } }
outputs: { seen: "\${{ vars.seen }}" }
`

const effects: string[] = []
const functions = {
  'test/effect': defineFunction({
    run: (_input, { stage }) => {
      effects.push(stage)
      return stage
    },
  }),
}
const pipeline = compile(yaml, { functions })
const lowerings = ['stages', 'flow'] as const
const other = { stages: 'flow', flow: 'stages' } as const

async function story(events: AsyncIterable<RunEvent>): Promise<string[]> {
  const lines: string[] = []
  for await (const event of events) lines.push('stage' in event ? `${event.type} ${event.stage}` : event.type)
  return lines
}

describe.each(lowerings)('a run by the lowering %s', (lowering) => {
  it('tells what every run tells', async () => {
    await using engine = createEngine({ store, functions, lowering })
    const { outputs } = await engine.execute(pipeline, {}, { threadId: 't' })
    expect(outputs).toEqual({ seen: ['a', 'b', 'd'] })
    const lines = await story(engine.events('t'))
    expect(lines.toSorted()).toEqual(
      [
        'run.started',
        ...['a', 'b', 'd'].flatMap((id) => ['started', 'succeeded'].map((what) => `stage.${what} ${id}`)),
        ...['a', 'b', 'd'].map((id) => `variable.changed ${id}`),
        'stage.skipped c',
        'run.ended',
      ].toSorted(),
    )
    expect(lines.indexOf('stage.succeeded a')).toBeLessThan(lines.indexOf('stage.started b'))
    expect(lines.at(-1)).toBe('run.ended')
  })

  it('goes on with it in an engine that would use the other', async () => {
    effects.length = 0
    await using first = createEngine({ store, functions, lowering })
    const paused = await first.execute(pipeline, {}, { threadId: 't', until: 'a' })
    expect(paused.status).toBe('paused')
    await using second = createEngine({ store, functions, lowering: other[lowering] })
    const { status, outputs } = await (await second.resume('t')).result
    expect(status).toBe('succeeded')
    expect(outputs).toEqual({ seen: ['a', 'b', 'd'] })
    expect(effects).toEqual(['a', 'b', 'd'])
  })

  it('is refused by a raw graph of the other, which would end with nothing run', async () => {
    const checkpointer = new MemorySaver()
    const options = { configurable: { thread_id: 't' } }
    const graph = pipeline.graph({ checkpointer, lowering })
    await graph.invoke({ inputs: {} }, { ...options, interruptBefore: lowering === 'flow' ? ['finish'] : ['d'] })
    const wrong = pipeline.graph({ checkpointer, lowering: other[lowering] })
    await expect(wrong.invoke(null, options)).rejects.toMatchObject({ code: 'unsupported_option' })
    await expect(wrong.updateState(options, { 'vars.seen': [] })).rejects.toMatchObject({ code: 'unsupported_option' })
    expect((await graph.invoke(null, options)).outputs).toEqual({ seen: ['a', 'b', 'd'] })
  })
})

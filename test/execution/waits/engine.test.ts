/** Waits as the engine has them: how a run waits, what is told of it, and how it goes on, in both lowerings. */

import { Command } from '@langchain/langgraph'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  compile,
  createEngine,
  createMemoryStore,
  defineStage,
  type RunEvent,
  type RunStore,
} from '../../../src/index.ts'

let store: RunStore
beforeEach(() => {
  store = createMemoryStore()
})
afterEach(() => store.close())

const docs = { summary: '', output: '', example: '' }
const runs: string[] = []
beforeEach(() => runs.splice(0))

/** Asks, and says how often it was run. */
const question = defineStage({
  name: 'question',
  docs,
  schema: z.string(),
  run(value, { stage, attempt, wait }) {
    runs.push(`${stage} ${attempt}`)
    return wait({ value, response_schema: { type: ['string', 'integer'] } })
  },
})

/** Does not take no answer for an answer. */
const stubborn = defineStage({
  name: 'stubborn',
  docs,
  schema: z.string(),
  async run(value, { wait }) {
    try {
      return await wait({ value })
    } catch {
      return 'made up'
    }
  },
})

const stages = [question, stubborn]
const pipeline = compile(
  `
name: p
vars: { seen: { type: "string[]", merge: append, default: [] } }
stages:
  - { id: before, needs: [], transform: 1, set: { seen: [before] } }
  - { id: a, needs: [], question: a? }
  - { id: b, needs: [], question: b? }
  - { id: beside, needs: [before], transform: 2 }
  - { id: after_b, needs: [b, beside], transform: "\${{ stages.b.output + 1 }}" }
outputs: { a: "\${{ stages.a.output }}", b: "\${{ stages.after_b.output }}" }
`,
  { stages },
)

const list = async (events: AsyncIterable<RunEvent>): Promise<RunEvent[]> => {
  const all: RunEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

describe.each(['flow', 'stages'] as const)('a run that waits, by the lowering %s', (lowering) => {
  const engine = () => createEngine({ store, stages, lowering })
  const start = async () => {
    await using first = engine()
    return await first.execute(pipeline, {}, { threadId: 't' })
  }
  const waits = async () => (await engine().get('t'))?.waits ?? []
  const idOf = async (value: string) => String((await waits()).find((wait) => wait.value === value)?.id)
  const answer = async (answers: Record<string, number | string>) => {
    await using next = engine()
    const run = await next.resume('t', { answers })
    return await run.result
  }

  it('ends its stretch as waiting, holds nothing, and shows what it waits for', async () => {
    const result = await start()
    expect(result).toMatchObject({ status: 'waiting', outputs: null, error: null, endedAt: null })
    const state = await engine().get('t')
    expect(state).toMatchObject({ status: 'waiting', owner: null })
    expect(state?.waits.toSorted((x, y) => x.stage.localeCompare(y.stage))).toMatchObject([
      { stage: 'a', value: 'a?', response_schema: { type: ['string', 'integer'] } },
      { stage: 'b', value: 'b?' },
    ])
    expect(state?.stages.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'before succeeded',
      'a waiting',
      'b waiting',
      lowering === 'flow' ? 'beside succeeded' : 'beside pending', // behind the barrier
      'after_b pending',
    ])
    expect(await store.leases()).toEqual([])
    expect((await engine().list({ status: ['waiting'] })).map(({ id }) => id)).toEqual(['t'])
  })

  it('asks each stage once, however often it is gone on with', async () => {
    await start()
    const before = await waits()
    for (let turn = 0; turn < 3; turn++) expect((await answer({})).status).toBe('waiting')
    expect(await waits()).toEqual(before)
    expect(runs.toSorted()).toEqual(['a 1', 'b 1'])
    const events = await list(engine().events('t'))
    expect(events.filter(({ type }) => type === 'wait.started')).toHaveLength(2)
  })

  it('goes on with what is answered, and tells so', async () => {
    await start()
    const [a, b] = [await idOf('a?'), await idOf('b?')]
    expect((await answer({ [b]: 1 })).status).toBe('waiting')
    expect((await waits()).map(({ id }) => id)).toEqual([a])
    const done = await answer({ [a]: 'yes' })
    expect(done).toMatchObject({ status: 'succeeded', outputs: { a: 'yes', b: 2 } })
    const events = await list(engine().events('t'))
    const told = events.flatMap((event) => (event.type.startsWith('wait.') && 'stage' in event ? [event] : []))
    expect(told.map(({ type, stage }) => `${type} ${stage}`).toSorted()).toEqual([
      'wait.fired a',
      'wait.fired b',
      'wait.started a',
      'wait.started b',
    ])
    expect(events.filter(({ type }) => type === 'run.paused')).toMatchObject([
      { reason: 'waiting' },
      { reason: 'waiting' },
    ])
    expect(runs.toSorted()).toEqual(['a 1', 'a 1', 'b 1', 'b 1']) // asked, and with the answer
    expect((await engine().get('t'))?.stages.find(({ id }) => id === 'a')?.attempts).toBe(1)
  })

  it('refuses answers that are none, and has written nothing of them', async () => {
    await start()
    const [a, b] = [await idOf('a?'), await idOf('b?')]
    await expect(answer({ [a]: 1, ['0'.repeat(32)]: 1 })).rejects.toMatchObject({ code: 'no_open_wait' })
    await expect(answer({ [a]: 1.5 })).rejects.toMatchObject({ code: 'invalid_inputs' })
    expect((await waits()).map(({ id }) => id).toSorted()).toEqual([a, b].toSorted())
    expect(await store.leases()).toEqual([])
    await answer({ [a]: 1 })
    await expect(answer({ [a]: 2 })).rejects.toMatchObject({ code: 'wait_decided' })
    expect((await answer({ [a]: 1 })).status).toBe('waiting')
  })

  it('ends when it is cancelled: what waits is skipped', async () => {
    await start()
    await engine().cancel('t')
    const state = await engine().get('t')
    expect(state).toMatchObject({ status: 'cancelled', waits: [] })
    expect(state?.stages.find(({ id }) => id === 'a')).toMatchObject({ status: 'skipped', reason: 'cancelled' })
    await expect(answer({ x: 1 })).rejects.toMatchObject({ code: 'thread_finished' })
  })

  it('can be forked: the fork asks anew', async () => {
    await start()
    const [a, b] = [await idOf('a?'), await idOf('b?')]
    await answer({ [a]: 1, [b]: 2 })
    await using other = engine()
    const fork = await other.fork('t', { stage: 'before' }, { threadId: 'u' })
    expect((await fork.result).status).toBe('waiting')
    const asked = (await other.get('u'))?.waits ?? []
    expect(asked.map(({ value }) => value).toSorted()).toEqual(['a?', 'b?'])
    for (const { id } of asked) expect([a, b]).not.toContain(id)
    const answers = Object.fromEntries(asked.map(({ id }) => [id, 5]))
    expect((await (await other.resume('u', { answers })).result).outputs).toEqual({ a: 5, b: 6 })
  })

  it('takes answers from any client of LangGraph on its thread, and no others afterwards', async () => {
    await start()
    const [a, b] = [await idOf('a?'), await idOf('b?')]
    const graph = () => pipeline.graph({ checkpointer: store.saver, lowering })
    const config = { configurable: { thread_id: 't' } }
    const resume = (answers: object) => graph().invoke(new Command({ resume: answers }) as never, config)
    await resume({ [b]: 1 })
    await expect(resume({ [b]: 2 })).rejects.toMatchObject({ code: 'wait_decided' })
    await expect(answer({ [b]: 2 })).rejects.toMatchObject({ code: 'wait_decided' })
    const done = await answer({ [a]: 'yes' })
    expect(done).toMatchObject({ status: 'succeeded', outputs: { a: 'yes', b: 2 } })
    expect(runs.filter((run) => run === 'b 1')).toHaveLength(2) // asked, and with the answer
  })

  it('is ended by a client of LangGraph that answers everything', async () => {
    await start()
    const answers = { [await idOf('a?')]: 'x', [await idOf('b?')]: 1 }
    const graph = pipeline.graph({ checkpointer: store.saver, lowering })
    await graph.invoke(new Command({ resume: answers }) as never, { configurable: { thread_id: 't' } })
    expect(await answer({})).toMatchObject({ status: 'succeeded', outputs: { a: 'x', b: 2 } })
  })

  it('waits also when its stage would not', async () => {
    const its = compile('name: p\nstages:\n  - { id: a, stubborn: a? }\noutputs: { a: "${{ stages.a.output }}" }\n', {
      stages,
    })
    await using first = engine()
    expect((await first.execute(its, {}, { threadId: 't' })).status).toBe('waiting')
    expect((await answer({ [await idOf('a?')]: 'true' })).outputs).toEqual({ a: 'true' })
  })
})

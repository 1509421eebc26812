/** What a run is taken up with: its log is the truth, whatever became of its checkpoints and of who ran it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { currentOwner } from '../../src/execution/owner.ts'
import {
  compile,
  createEngine,
  createManualClock,
  createMemoryStore,
  defineFunction,
  openStore,
  type Run,
  type RunStore,
} from '../../src/index.ts'

let folder: string
let hang = false
const calls: { stage: string; attempt: number; key: string }[] = []
const functions = {
  'test/call': defineFunction({
    run: async (_input: unknown, { stage, attempt, idempotencyKey: key }) => {
      calls.push({ stage, attempt, key })
      if (hang) await new Promise(() => {})
      return stage
    },
  }),
}
const pipeline = compile(
  `
name: kept
vars: { log: { type: "string[]", merge: append, default: [] } }
stages:
  - { id: a, uses: test/call, set: { log: ["a"] } }
  - { id: b, transform: "\${{ stages.a.output + '!' }}", set: { log: ["b"] } }
  - { id: c, uses: test/call, set: { log: ["c"] } }
outputs: { log: "\${{ vars.log }}", b: "\${{ stages.b.output }}" }
`,
  { functions },
)
const outputs = { log: ['a', 'b', 'c'], b: 'a!' }
const config = { configurable: { thread_id: 't' } }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-recovery-'))
  calls.length = 0
  hang = false
})
afterEach(() => rmSync(folder, { recursive: true }))

const stores: [string, () => RunStore][] = [
  ['memory', () => createMemoryStore()],
  ['SQLite', () => openStore(join(folder, 'runs.db'))],
]
const lowerings = ['stages', 'flow'] as const
const cases = stores.flatMap(([name, make]) => lowerings.map((lowering) => [name, lowering, make] as const))

describe.each(cases)('a paused run (%s, %s)', (_, lowering, make) => {
  async function paused() {
    const store = make()
    const engine = createEngine({ store, functions, lowering })
    const run = await engine.start(pipeline, {}, { threadId: 't', until: 'b' })
    expect((await run.result).status).toBe('paused')
    return { store, engine }
  }
  const types = async (store: RunStore) => (await store.readEvents('t')).map(({ type }) => type)

  it('whose checkpoints are gone is made anew from its log, and nothing runs twice', async () => {
    const { store, engine } = await paused()
    await store.saver.deleteThread('t')
    expect(await (await engine.resume('t')).result).toMatchObject({ status: 'succeeded', outputs })
    expect(calls.map(({ stage }) => stage)).toEqual(['a', 'c'])
    expect(await types(store)).not.toContain('run.warned')
    await engine.close()
    await store.close()
  })

  it('whose checkpoint says something else than its log is made anew, and told so', async () => {
    const { store, engine } = await paused()
    const tuple = await store.saver.getTuple(config)
    if (!tuple) throw new Error('no checkpoint')
    const { checkpoint, metadata } = tuple
    const stages = checkpoint.channel_values.stages as Record<string, object>
    const values = { ...checkpoint.channel_values, stages: { ...stages, a: { ...stages.a, output: 'forged' } } }
    const forged = { ...checkpoint, id: `${checkpoint.id.slice(0, -1)}z`, channel_values: values }
    const next = { ...checkpoint.channel_versions, stages: 1e9 }
    await store.saver.put(tuple.config, { ...forged, channel_versions: next }, metadata as never, { stages: 1e9 })
    expect(await (await engine.resume('t')).result).toMatchObject({ status: 'succeeded', outputs })
    expect(calls.map(({ stage }) => stage)).toEqual(['a', 'c'])
    const warned = (await store.readEvents('t')).find(({ type }) => type === 'run.warned')
    expect(warned).toMatchObject({ code: 'checkpoint_corrupt' })
    await engine.close()
    await store.close()
  })

  it('that was edited goes on with the edit, and its log has it from then on', async () => {
    const { store, engine } = await paused()
    const graph = pipeline.graph({ checkpointer: store.saver, lowering })
    await graph.updateState(config, { 'stages.b': { output: 'edited' } })
    await graph.updateState(config, { 'vars.log': ['patched'] })
    expect(await (await engine.resume('t', { until: 'c' })).result).toMatchObject({
      outputs: { log: ['patched', 'c'], b: 'edited' },
    })
    const events = await store.readEvents('t')
    expect(events.filter(({ type }) => type === 'variable.patched')).toMatchObject([
      { variable: 'log', value: ['patched'], covers: ['a', 'b'] },
    ])
    expect(await types(store)).not.toContain('run.warned')
    const seq = events.find(({ type }) => type === 'variable.patched')?.seq ?? 0
    const outputsOf = async (fork: Promise<Run>) => (await (await fork).result).outputs
    expect(await outputsOf(engine.fork('t', { seq }))).toEqual({ log: ['patched', 'c'], b: 'edited' })
    expect(await outputsOf(engine.fork('t', { seq: seq - 1 }))).toEqual({ log: ['a', 'b', 'c'], b: 'edited' })
    await engine.close()
    await store.close()
  })
})

it('tells of outcomes whose stages would be given something else after an edit, and uses them', async () => {
  const store = createMemoryStore()
  const chain = compile(
    `
name: chain
stages:
  - { id: a, uses: test/call }
  - { id: b, uses: test/call, with: { from: "\${{ stages.a.output }}" } }
  - { id: c, uses: test/call, needs: [] }
  - { id: d, uses: test/call }
`,
    { functions },
  )
  await using engine = createEngine({ store, functions })
  await (await engine.start(chain, {}, { threadId: 't', until: 'c' })).result
  await (await engine.resume('t', { until: 'b' })).result
  await chain
    .graph({ checkpointer: store.saver, lowering: 'flow' })
    .updateState(config, { 'stages.a': { output: 'new' } })
  expect((await (await engine.resume('t')).result).status).toBe('succeeded')
  expect(calls.map(({ stage }) => stage).toSorted()).toEqual(['a', 'b', 'c', 'd'])
  const told = (await store.readEvents('t')).filter(({ type }) => type === 'journal.mismatch')
  expect(told).toMatchObject([{ stage: 'b', recorded: expect.any(String), found: expect.any(String) }])
})

/** An engine whose process died while a stage was running: someone else took its thread, and let go of it. */
async function killed(store: RunStore, go: (engine: ReturnType<typeof createEngine>) => Promise<unknown>) {
  const before = calls.length
  hang = true
  const engine = createEngine({ store, functions, clock: createManualClock() })
  await go(engine)
  while (calls.length === before) await new Promise(setImmediate)
  hang = false
  const taken = await store.claim('t', { owner: currentOwner('x'), expiresAtMs: 0 }, () => true)
  if ('lease' in taken) await store.release(taken.lease)
}

describe.each(stores)('a run whose process dies (%s)', (_, make) => {
  it('has a crash on record for what was running, which runs again with the same key and the next number', async () => {
    const store = make()
    await killed(store, (engine) => engine.start(pipeline, {}, { threadId: 't' }))
    await using engine = createEngine({ store, functions })
    expect(await (await engine.resume('t')).result).toMatchObject({ status: 'succeeded', outputs })
    expect(calls.map(({ stage, attempt }) => `${stage} ${attempt}`)).toEqual(['a 1', 'a 2', 'c 1'])
    expect(calls[0]?.key).toBe(calls[1]?.key)
    expect((await store.readEvents('t')).filter(({ type }) => type === 'stage.crashed')).toMatchObject([
      { stage: 'a', attempt: 1, crashes: 1 },
    ])
  })

  it('three times in one stage is quarantined; whoever resumes it then lets it try again', async () => {
    const store = make()
    await killed(store, (engine) => engine.start(pipeline, {}, { threadId: 't' }))
    await killed(store, (engine) => engine.resume('t'))
    await killed(store, (engine) => engine.resume('t'))
    await using engine = createEngine({ store, functions })
    expect(await (await engine.resume('t')).result).toMatchObject({
      status: 'quarantined',
      error: { code: 'crash_loop', stage: 'a' },
    })
    expect(calls).toHaveLength(3)
    expect((await engine.get('t'))?.status).toBe('quarantined')
    expect(await (await engine.resume('t')).result).toMatchObject({ status: 'succeeded', outputs })
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 1])
    expect(new Set(calls.slice(0, 4).map(({ key }) => key)).size).toBe(1)
  })

  it('was taken over: what it still does is refused, and changes nothing', async () => {
    const store = make()
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const slow = {
      'test/call': defineFunction({
        run: async () => {
          started.resolve()
          await gate.promise
          return 'late'
        },
      }),
    }
    await using zombie = createEngine({ store, functions: slow })
    const run = await zombie.start(pipeline, {}, { threadId: 't' })
    await started.promise
    const taken = await store.claim('t', { owner: currentOwner('x'), expiresAtMs: 0 }, () => true)
    if ('lease' in taken) await store.release(taken.lease)
    await using engine = createEngine({ store, functions })
    expect((await (await engine.resume('t')).result).outputs).toEqual(outputs)
    const after = await store.readEvents('t')
    gate.resolve()
    expect(await run.result).toMatchObject({ status: 'paused', error: { code: 'fenced' } })
    expect(await store.readEvents('t')).toEqual(after)
  })
})

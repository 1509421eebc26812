/** Forks and history at the granularity of a stage, whatever the lowering and however few checkpoints it made. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compile, createEngine, createMemoryStore, defineFunction, openStore, type RunStore } from '../../src/index.ts'

const calls: { stage: string; key: string; run: string }[] = []
const functions = {
  'test/call': defineFunction({
    run: (input: { readonly value?: unknown }, { stage, idempotencyKey, run }) => {
      calls.push({ stage, key: idempotencyKey, run: run.id })
      return input.value ?? stage
    },
  }),
}
const yaml = `
name: forked
inputs: { word: string }
vars: { log: { type: "string[]", merge: append, default: [] }, mode: { type: string, default: plain } }
stages:
  - { id: a, uses: test/call, with: { value: "\${{ inputs.word }}" }, set: { log: ["a"] } }
  - { id: b, uses: test/call, set: { log: ["b"] } }
  - { id: c, uses: test/call, with: { value: "\${{ vars.mode }}" }, set: { log: ["c"] } }
outputs: { log: "\${{ vars.log }}", a: "\${{ stages.a.output }}", c: "\${{ stages.c.output }}" }
`
const pipeline = compile(yaml, { functions })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-fork-'))
  calls.length = 0
})
afterEach(() => rmSync(folder, { recursive: true }))

const stores: [string, () => RunStore][] = [
  ['memory', () => createMemoryStore()],
  ['SQLite', () => openStore(join(folder, 'runs.db'))],
]
const cases = stores.flatMap(([name, make]) =>
  (['stages', 'flow'] as const).map((lowering) => [name, lowering, make] as const),
)

describe.each(cases)('%s, %s', (_, lowering, make) => {
  async function finished() {
    const store = make()
    const engine = createEngine({ store, functions, lowering })
    const { runId, status } = await engine.execute(pipeline, { word: 'hi' }, { threadId: 'first' })
    expect(status).toBe('succeeded')
    return { store, engine, runId }
  }

  it('history names every stage with its place in the log', async () => {
    const { store, engine, runId } = await finished()
    const history = await engine.history(runId)
    expect(history.map(({ stage, status, set }) => [stage, status, set])).toEqual([
      ['a', 'succeeded', ['log']],
      ['b', 'succeeded', ['log']],
      ['c', 'succeeded', ['log']],
    ])
    const seqs = history.map(({ seq }) => seq)
    expect(seqs.toSorted((x, y) => x - y)).toEqual(seqs)
    await engine.close()
    await store.close()
  })

  it('a fork after a stage has what was recorded by then, and runs the rest under keys of its own', async () => {
    const { store, engine, runId } = await finished()
    const before = [...calls]
    const fork = await engine.fork(runId, { stage: 'b' })
    expect(await fork.result).toMatchObject({
      status: 'succeeded',
      outputs: { log: ['a', 'b', 'c'], a: 'hi', c: 'plain' },
    })
    const since = calls.slice(before.length)
    expect(since.map(({ stage }) => stage)).toEqual(['c'])
    expect(since[0]?.run).toBe(fork.id)
    expect(since[0]?.key).not.toBe(before.find(({ stage }) => stage === 'c')?.key)
    const events = await store.readEvents(fork.id)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((__, index) => index + 1))
    expect(events[1]).toMatchObject({ type: 'run.forked', from: { run: runId } })
    expect((await engine.get(fork.id))?.stages.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'a succeeded',
      'b succeeded',
      'c succeeded',
    ])
    await engine.close()
    await store.close()
  })

  it('a fork may set variables, for the stages that run in it, and can itself be resumed and forked', async () => {
    const { store, engine, runId } = await finished()
    const [a] = await engine.history(runId)
    const fork = await engine.fork(runId, { seq: a?.seq ?? 0 }, { set: { mode: 'new', log: ['z'] }, until: 'b' })
    expect((await fork.result).status).toBe('paused')
    const resumed = await engine.resume(fork.id)
    expect(await resumed.result).toMatchObject({ status: 'succeeded', outputs: { log: ['z', 'b', 'c'], c: 'new' } })
    const again = await engine.fork(fork.id, { stage: 'b' }, { threadId: 'again' })
    expect(await again.result).toMatchObject({ status: 'succeeded', outputs: { log: ['z', 'b', 'c'], c: 'new' } })
    await engine.close()
    await store.close()
  })

  it('a fork is refused where there is nothing to fork from, before anything is written', async () => {
    const { store, engine, runId } = await finished()
    await expect(engine.fork(runId, { stage: 'nope' })).rejects.toMatchObject({ code: 'unknown_stage' })
    await expect(engine.fork('nobody', { stage: 'a' })).rejects.toMatchObject({ code: 'thread_unknown' })
    await expect(engine.fork(runId, { stage: 'a' }, { set: { nope: 1 } })).rejects.toThrow(/no variable "nope"/)
    await expect(engine.fork(runId, { stage: 'a' }, { set: { mode: 7 } })).rejects.toThrow(/cannot be set/)
    await expect(engine.fork(runId, { stage: 'a' }, { threadId: runId })).rejects.toMatchObject({
      code: 'thread_in_use',
    })
    expect(await engine.list()).toHaveLength(1)
    await engine.close()
    await store.close()
  })
})

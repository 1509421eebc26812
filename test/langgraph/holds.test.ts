/** A raw graph on our store: one caller at a time, and whoever lost the thread cannot write. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { currentOwner } from '../../src/execution/owner.ts'
import { compile, createEngine, defineFunction, openStore, type RunStore } from '../../src/index.ts'

let folder: string
let store: RunStore
let other: RunStore
let open: () => void
let arrived: Promise<void>
let arrive: () => void
const effects: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-hold-'))
  store = openStore(join(folder, 'runs.db'))
  other = openStore(join(folder, 'runs.db'))
  const gate = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  open = gate.resolve
  ;[arrived, arrive] = [reached.promise, reached.resolve]
  effects.length = 0
  functions['test/gate'] = defineFunction({
    run: async (_input: unknown, { stage }) => {
      effects.push(stage)
      arrive()
      await gate.promise
      return stage
    },
  })
})
afterEach(async () => {
  await Promise.all([store.close(), other.close()])
  rmSync(folder, { recursive: true })
})

const functions: Record<string, ReturnType<typeof defineFunction<unknown, unknown>>> = {}
const yaml =
  'name: held\nvars: { v: { type: string, default: x } }\nstages:\n  - { id: a, uses: test/gate }\n  - { id: b, uses: test/gate }\n'
const thread = { configurable: { thread_id: 't' } }
const graphOn = (on: RunStore, lowering: 'stages' | 'flow') => {
  functions['test/gate'] ??= defineFunction({ run: () => null })
  return compile(yaml, { functions }).graph({ checkpointer: on.saver, lowering })
}

describe.each(['stages', 'flow'] as const)('%s', (lowering) => {
  it('two callers never run one thread, on whichever connection; when the first is done, the second may', async () => {
    const first = graphOn(store, lowering).invoke({ inputs: {} }, thread)
    await arrived
    for (const second of [graphOn(other, lowering), graphOn(store, lowering)]) {
      await expect(second.invoke(null, thread)).rejects.toMatchObject({ code: 'thread_busy' })
      await expect(second.updateState(thread, { 'vars.v': 'y' })).rejects.toMatchObject({ code: 'thread_busy' })
    }
    await using engine = createEngine({ store: other, functions, lowering })
    await expect(engine.start(compile(yaml, { functions }), {}, { threadId: 't' })).rejects.toMatchObject({
      code: 'thread_busy',
    })
    open()
    expect((await first).run.status).toBe('succeeded')
    expect(effects).toEqual(['a', 'b'])
    expect((await graphOn(other, lowering).getState(thread)).values.run.status).toBe('succeeded')
    expect(await store.leases()).toEqual([])
  })

  it('a caller whose thread was taken writes nothing more', async () => {
    const first = graphOn(store, lowering).invoke({ inputs: {} }, thread)
    await arrived
    const taken = await other.claim('t', { owner: currentOwner('x'), expiresAtMs: Number.MAX_SAFE_INTEGER }, () => true)
    expect(taken).toHaveProperty('lost')
    const before = JSON.stringify(await tuples())
    open()
    await expect(first).rejects.toMatchObject({ code: 'fenced' })
    expect(JSON.stringify(await tuples())).toBe(before)
    expect(effects).toEqual(['a'])
  })

  it('an edit holds the thread and gives it back, and what it returns can be gone on with', async () => {
    open()
    const graph = graphOn(store, lowering)
    await graph.invoke({ inputs: {} }, { ...thread, interruptBefore: [lowering === 'flow' ? 'flow' : 'b'] as never })
    const config = await graph.updateState(thread, { 'vars.v': 'y' })
    expect(Object.keys(config.configurable ?? {})).not.toContain('__pregel_checkpointer')
    expect((await graph.invoke(null, thread)).run.status).toBe('succeeded')
    expect(await store.leases()).toEqual([])
  })

  async function tuples() {
    const found = []
    for await (const { checkpoint, pendingWrites } of other.saver.list(thread))
      found.push([checkpoint.id, pendingWrites])
    return found
  }
})

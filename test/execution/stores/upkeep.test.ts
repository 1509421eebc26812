import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Annotation, StateGraph } from '@langchain/langgraph'
import { DeltaChannel } from '@langchain/langgraph/channels'
import { type BaseCheckpointSaver, type CheckpointTuple, emptyCheckpoint } from '@langchain/langgraph-checkpoint'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunStore } from '../../../src/execution/store.ts'
import { createMemoryStore } from '../../../src/execution/stores/memory.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { begin, collect, leave, started } from '../../conformance/support.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-upkeep-'))
  path = join(folder, 'runs.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const config = (thread: string) => ({
  configurable: { thread_id: thread },
  durability: 'sync' as const,
  recursionLimit: 1000,
})

const Log = Annotation.Root({
  n: Annotation<number>,
  log: Annotation<string[]>({ reducer: (old, added) => [...old, ...added], default: () => [] }),
})

/** Counts to `end`, writing a long line each time. */
const counting = (end: number, checkpointer: BaseCheckpointSaver) =>
  new StateGraph(Log)
    .addNode('step', ({ n }) => ({ n: n + 1, log: [`${n} ${'x'.repeat(500)}`] }))
    .addEdge('__start__', 'step')
    .addConditionalEdges('step', ({ n }) => (n < end ? 'step' : '__end__'))
    .compile({ checkpointer })

const history = (store: RunStore, thread: string): Promise<CheckpointTuple[]> =>
  collect(store.saver.list({ configurable: { thread_id: thread } }))

const stores: Readonly<Record<string, () => RunStore>> = {
  'the memory store': () => createMemoryStore(),
  'the SQLite store': () => openSqliteStore(path),
}

describe.each(Object.entries(stores))('%s', (_, open) => {
  it('keeps the newest checkpoints as they were, and goes on from them', async () => {
    const store = open()
    await counting(60, store.saver).invoke({ n: 0 }, config('t'))
    await counting(5, store.saver).invoke({ n: 0 }, config('other'))
    const before = await history(store, 't')
    const other = await history(store, 'other')
    expect(await store.prune('t', 3)).toBe(before.length - 3)
    expect(await history(store, 't')).toEqual(before.slice(0, 3))
    expect(await history(store, 'other')).toEqual(other)
    expect(await store.prune('t', 3)).toBe(0)
    expect(await store.prune('nobody', 3)).toBe(0)
    await counting(65, store.saver).invoke(null, before[0]?.config ?? {})
    const graph = counting(65, store.saver)
    await graph.updateState(config('t'), { n: 60 }, 'step')
    await graph.invoke(null, config('t'))
    expect((await graph.getState(config('t'))).values.log).toHaveLength(65)
    await store.close()
  })

  it('keeps what a delta channel is rebuilt from', async () => {
    const store = open()
    const items = () =>
      new DeltaChannel((old: number[], writes: number[][]) => [...old, ...writes.flat()], {
        snapshotFrequency: 6,
        initialValueFactory: () => [],
      })
    const graph = () =>
      new StateGraph(Annotation.Root({ n: Annotation<number>, items: items as never }))
        .addNode('step', ({ n }: { n: number }) => ({ n: n + 1, items: [n] }) as never)
        .addEdge('__start__', 'step')
        .addConditionalEdges('step', ({ n }: { n: number }) => (n < 20 ? 'step' : '__end__'))
        .compile({ checkpointer: store.saver })
    await graph().invoke({ n: 0 } as never, config('t'))
    const { values } = await graph().getState(config('t'))
    expect(values).toMatchObject({ n: 20, items: Array.from({ length: 20 }, (_, n) => n) })
    expect(await store.prune('t', 1)).toBeGreaterThan(10)
    expect((await graph().getState(config('t'))).values).toEqual(values)
    await store.close()
  })

  it('keeps writes that came before their checkpoint, and both sides of a fork', async () => {
    const store = open()
    const graph = counting(4, store.saver)
    await graph.invoke({ n: 0 }, config('t'))
    const middle = (await collect(graph.getStateHistory(config('t'))))[3]
    const fork = await graph.updateState(middle?.config ?? {}, { log: ['edited'] })
    const early = { configurable: { thread_id: 't', checkpoint_ns: '', checkpoint_id: 'later' } }
    await store.saver.putWrites(early, [['log', 'y'.repeat(500)]], 'task')
    await store.prune('t', 2)
    expect((await graph.getState(fork)).values.log).toContain('edited')
    await store.saver.put(fork, { ...emptyCheckpoint(), id: 'later' }, { source: 'loop', step: 0, parents: {} }, {})
    expect((await store.saver.getTuple(early))?.pendingWrites).toEqual([['task', 'log', 'y'.repeat(500)]])
    await store.close()
  })

  it('refuses to keep nothing', async () => {
    const store = open()
    for (const keep of [0, -1, 1.5, Number.NaN]) await expect(store.prune('t', keep)).rejects.toThrow(RangeError)
    await store.close()
  })

  it('removes runs that ended long ago, and no others', async () => {
    const store = open()
    const day = (n: number) => `2026-01-${String(n).padStart(2, '0')}T00:00:00.000Z`
    for (let n = 1; n <= 9; n++) await leave(store, `r${n}`, { status: 'succeeded', ended_at: day(n) })
    await leave(store, 'waiting', { status: 'waiting' })
    await leave(store, 'paused', { status: 'paused', ended_at: day(1) })
    for (const run of ['r1', 'r9']) await counting(3, store.saver).invoke({ n: 0 }, config(run))
    expect((await store.deleteRunsEndedBefore(day(7))).toSorted()).toEqual(['r1', 'r2', 'r3', 'r4', 'r5', 'r6'])
    expect((await store.listRuns()).map(({ id }) => id).toSorted()).toEqual(['paused', 'r7', 'r8', 'r9', 'waiting'])
    expect(await history(store, 'r1')).toEqual([])
    expect(await history(store, 'r9')).not.toEqual([])
    await store.close()
  })

  it('removes many of them', async () => {
    const store = open()
    const ended_at = '2026-01-01T00:00:00.000Z'
    for (let n = 0; n < 120; n++) await leave(store, `r${n}`, { status: 'failed', ended_at })
    expect(await store.deleteRunsEndedBefore('2026-01-02T00:00:00.000Z')).toHaveLength(120)
    expect(await store.listRuns()).toEqual([])
    await store.close()
  })
})

describe('a file', () => {
  it('gets smaller when its threads are pruned', async () => {
    const store = openSqliteStore(path)
    const value = (n: number) => `${n}`.repeat(20_000)
    let to: { configurable: Record<string, string> } = { configurable: { thread_id: 't', checkpoint_ns: '' } }
    for (let n = 100; n < 300; n++) {
      const checkpoint = {
        ...emptyCheckpoint(),
        id: `${n}`,
        channel_values: { a: Array.from({ length: 300 }, (_, i) => n * i) },
        channel_versions: { a: n },
      }
      to = (await store.saver.put(to, checkpoint, { source: 'loop', step: n, parents: {} }, { a: n })) as typeof to
      await store.saver.putWrites(to, [['a', value(n)]], 'task')
    }
    const bytes = async () => (await store.describe()).bytes
    const before = await bytes()
    await store.prune('t', 5)
    await store.close()
    expect(statSync(path).size).toBeLessThan(before / 5)
  })

  it('does not use the numbers of values again that are gone', async () => {
    const store = openSqliteStore(path)
    const numbers = () => {
      const db = new DatabaseSync(path)
      const rows = db.prepare('SELECT n FROM value').all()
      db.close()
      return rows.map(({ n }) => Number(n))
    }
    await counting(10, store.saver).invoke({ n: 0 }, config('t'))
    const first = Math.max(...numbers())
    await store.saver.deleteThread('t')
    expect(numbers()).toEqual([first])
    await counting(10, store.saver).invoke({ n: 0 }, config('t'))
    expect(numbers().filter((n) => n < first)).toEqual([])
    await store.close()
  })
})

describe('a backup', () => {
  it('is a whole store of the moment, made while the store is written to', async () => {
    const store = openSqliteStore(path)
    await counting(50, store.saver).invoke({ n: 0 }, config('t'))
    const before = await history(store, 't')
    const copy = join(folder, 'copy.db')
    const backup = store.backup(copy)
    await counting(50, store.saver).invoke({ n: 0 }, config('u'))
    await backup
    expect((statSync(copy).mode & 0o777).toString(8)).toBe('600')
    const restored = openSqliteStore(copy)
    expect(await history(restored, 't')).toEqual(before)
    await restored.close()
    await store.close()
  })

  it('never holds half of a transaction', async () => {
    const store = openSqliteStore(path)
    const lease = await begin(store, 'r1')
    let last = 0
    const append = async () => {
      await store.append(lease, last + 1, [started('a'), started('x'.repeat(5000))], { active_ms: last + 2 })
      last += 2
    }
    for (let n = 0; n < 200; n++) await append()
    for (let round = 0; round < 8; round++) {
      const copy = join(folder, `copy${round}.db`)
      let done = false
      const backup = store.backup(copy).finally(() => {
        done = true
      })
      while (!done) {
        await append()
        await new Promise((resolve) => setImmediate(resolve))
      }
      await backup
      const restored = openSqliteStore(copy)
      const events = await restored.readEvents('r1')
      expect(events.length).toBeGreaterThanOrEqual(400)
      expect((await restored.getRun('r1'))?.active_ms).toBe(events.length)
      await restored.close()
    }
    await store.close()
  })

  it('overwrites nothing and leaves nothing half made', async () => {
    const store = openSqliteStore(path)
    const copy = join(folder, 'copy.db')
    writeFileSync(copy, 'mine')
    await expect(store.backup(copy)).rejects.toMatchObject({ code: 'store_unavailable' })
    await expect(store.backup(join(copy, 'below'))).rejects.toThrow()
    expect(statSync(copy).size).toBe(4)
    await store.close()
    await expect(store.backup(join(folder, 'other.db'))).rejects.toMatchObject({ code: 'store_closed' })
    expect(existsSync(join(folder, 'other.db'))).toBe(false)
  })
})

describe('an import from a SqliteSaver', () => {
  const official = `
    CREATE TABLE checkpoints (
      thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL,
      parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB,
      PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
    CREATE TABLE writes (
      thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL,
      task_id TEXT NOT NULL, idx INTEGER NOT NULL, channel TEXT NOT NULL, type TEXT, value BLOB,
      PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));`
  const message = { lc: 1, type: 'constructor', id: ['langchain_core', 'messages', 'AIMessage'], kwargs: {} }
  const blob = (value: unknown) => Buffer.from(JSON.stringify(value))

  function makeOfficial(): string {
    const file = join(folder, 'official.db')
    const db = new DatabaseSync(file)
    db.exec(official)
    const put = db.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)')
    const write = db.prepare('INSERT INTO writes VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    const checkpoint = (id: string, values: object, versions: object) =>
      blob({ v: 4, id, ts: '', channel_values: values, channel_versions: versions, versions_seen: { a: { x: 1 } } })
    const metadata = (step: number) => blob({ source: 'loop', step, parents: {} })
    const nothing = { lc: 2, type: 'undefined' }
    put.run('t', '', '2', '1', 'json', checkpoint('2', { x: [1, 2], m: message }, { x: 2, m: 1 }), metadata(1))
    put.run(
      't',
      '',
      '1',
      null,
      'json',
      checkpoint('1', { x: [1], m: message, u: nothing }, { x: 1, m: 1, u: 1 }),
      metadata(0),
    )
    put.run('t', 'sub', '1', null, 'json', checkpoint('1', {}, {}), metadata(0))
    write.run('t', '', '2', 'task', 0, 'x', 'json', blob({ y: 1 }))
    write.run('t', '', '2', 'task', -1, '__error__', 'json', blob({ name: 'Error', message: 'no' }))
    put.run('taken', '', '1', null, 'json', checkpoint('1', {}, {}), metadata(0))
    put.run('bytes', '', '1', null, 'json', checkpoint('1', {}, {}), metadata(0))
    write.run('bytes', '', '1', 'task', 0, 'x', 'bytes', Buffer.from([1, 2]))
    db.close()
    return file
  }

  it('takes over threads with their history and writes, as data', async () => {
    const store = openSqliteStore(path)
    const taken = { configurable: { thread_id: 'taken', checkpoint_ns: '' } }
    await store.saver.put(taken, emptyCheckpoint(), { source: 'loop', step: 5, parents: {} }, {})
    const report = await store.importSqliteSaver(makeOfficial())
    expect(report).toEqual({
      threads: 1,
      checkpoints: 3,
      writes: 2,
      leftOut: [
        { thread: 'bytes', reason: expect.stringContaining('"bytes"') },
        { thread: 'taken', reason: expect.stringContaining('already') },
      ],
    })
    const [newest, oldest] = await collect(store.saver.list({ configurable: { thread_id: 't', checkpoint_ns: '' } }))
    expect(newest).toMatchObject({
      checkpoint: { id: '2', channel_values: { x: [1, 2], m: message }, versions_seen: { a: { x: 1 } } },
      metadata: { step: 1 },
      parentConfig: { configurable: { checkpoint_id: '1' } },
      pendingWrites: [
        ['task', '__error__', { name: 'Error', message: 'no' }],
        ['task', 'x', { y: 1 }],
      ],
    })
    expect(oldest?.checkpoint.channel_values).toEqual({ x: [1], m: message, u: undefined })
    expect(Object.hasOwn(oldest?.checkpoint.channel_values ?? {}, 'u')).toBe(true)
    expect(await store.saver.getTuple({ configurable: { thread_id: 't', checkpoint_ns: 'sub' } })).toBeDefined()
    expect(await store.saver.getTuple({ configurable: { thread_id: 'bytes' } })).toBeUndefined()
    expect((await store.saver.getTuple(taken))?.metadata).toMatchObject({ step: 5 })
    await store.close()
  })

  it('changes nothing in the file, and refuses files of other kinds', async () => {
    const store = openSqliteStore(path)
    const file = makeOfficial()
    const copy = join(folder, 'copy.db')
    copyFileSync(file, copy)
    await store.importSqliteSaver(file)
    await expect(store.importSqliteSaver(join(folder, 'nothing.db'))).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    writeFileSync(copy, 'hello '.repeat(1000))
    await expect(store.importSqliteSaver(copy)).rejects.toMatchObject({ code: 'store_corrupt' })
    const other = join(folder, 'other.db')
    await openSqliteStore(other).close()
    await expect(store.importSqliteSaver(other)).rejects.toMatchObject({ code: 'store_corrupt' })
    await store.close()
  })
})

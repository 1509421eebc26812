/**
 * Files of older versions. `fixtures/v1.db` was written by the code of schema version 1: runs, events, a plan, a cached
 * result, a thread with a fork and a subgraph, twelve Sends before an interrupt, writes without a checkpoint.
 * `fixtures/v2.db` was written by that of version 2: runs that are held and not, three hundred events, an edited thread,
 * Sends before an interrupt; `v2-sealed.db` has the same with keys. `fixtures/v3.db` and `v3-sealed.db` were written by
 * that of version 3: runs that wait for two answers and for one, one that ended, one that was cancelled. The `.json` beside each is what its code read.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { encodeValue } from '../../../src/execution/serializer.ts'
import type { RunStore } from '../../../src/execution/store.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { schemaVersion } from '../../../src/execution/stores/sqlite-schema.ts'
import { createEngine, defineStage } from '../../../src/index.ts'
import { claimOf, collect, started } from '../../conformance/support.ts'

const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name)
const factsOf = (name: string) => JSON.parse(readFileSync(fixture(`${name}.json`), 'utf8'))
const facts = factsOf('v1')
const keys = { current: 'k', keys: { k: Buffer.alloc(32, 7) } }

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-migration-'))
  path = join(folder, 'runs.db')
  copyFileSync(fixture('v1.db'), path)
})
afterEach(() => rmSync(folder, { recursive: true }))

async function everything(store: RunStore) {
  return {
    runs: await store.listRuns(),
    events: await store.readEvents('r1'),
    plan: await store.loadPlan('h1'),
    cached: await store.getCached('k', 0),
    tuples: (await collect(store.saver.list({}))).map((tuple) => JSON.parse(encodeValue(tuple).text)),
  }
}

const expected = { ...facts, tuples: facts.tuples.map((text: string) => JSON.parse(text)) }

describe('a file of version 1', () => {
  it.each([
    ['plainly', {}],
    ['with keys', { keys }],
  ])('holds the same afterwards, %s', async (_, options) => {
    expect(facts.tuples.length).toBe(18)
    for (let opening = 0; opening < 2; opening++) {
      const store = openSqliteStore(path, options)
      expect(await everything(store)).toEqual(expected)
      expect((await store.describe()).schemaVersion).toBe(schemaVersion)
      await store.close()
    }
    const db = new DatabaseSync(path)
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'old%'").all()).toEqual([])
    db.close()
  })

  it('keeps writes whose checkpoint comes later', async () => {
    const store = openSqliteStore(path)
    const config = { configurable: { thread_id: 'early', checkpoint_ns: '' } }
    expect(await store.saver.getTuple(config)).toBeUndefined()
    const checkpoint = { v: 4, id: 'x', ts: '', channel_values: {}, channel_versions: {}, versions_seen: {} }
    await store.saver.put(config, checkpoint, { source: 'loop', step: 0, parents: {} }, {})
    const tuple = await store.saver.getTuple(config)
    expect(tuple?.pendingWrites).toEqual([
      ['task', 'c', undefined],
      ['task', 'd', { z: 1 }],
    ])
    await store.close()
  })

  it('is left as it is when a row of it cannot be moved', async () => {
    const db = new DatabaseSync(path)
    db.exec("UPDATE channel_value SET text = 'no JSON' WHERE id = 3")
    db.close()
    const before = readFileSync(path)
    expect(() => openSqliteStore(path)).toThrow('a value that is not JSON')
    expect(readFileSync(path).subarray(100)).toEqual(before.subarray(100)) // WAL mode is noted in the header
  })
})

describe('a file of version 2', () => {
  const readAll = async (store: RunStore) => ({
    ...(await everything(store)),
    events: Object.fromEntries(
      await Promise.all(['free', 'held', 'silent'].map(async (id) => [id, await store.readEvents(id)])),
    ),
  })

  it.each([
    ['v2', {}],
    ['v2-sealed', { keys }],
  ])('holds the same afterwards: %s', async (name, options) => {
    copyFileSync(fixture(`${name}.db`), path)
    const before = factsOf(name)
    const tuples = before.tuples.map((text: string) => JSON.parse(text))
    expect(before.events.free.length).toBeGreaterThan(9)
    for (let opening = 0; opening < 2; opening++) {
      const store = openSqliteStore(path, options)
      expect(await readAll(store)).toEqual({ ...before, tuples })
      await store.close()
    }
    const db = new DatabaseSync(path)
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'event'").all()).toEqual([])
    db.close()
  })

  it('leaves runs to whoever held them, for no time longer, and is gone on with', async () => {
    copyFileSync(fixture('v2.db'), path)
    const store = openSqliteStore(path)
    const [held] = await store.leases()
    expect(held).toEqual({
      thread: 'held',
      owner: factsOf('v2').runs.find(({ id }: { id: string }) => id === 'held').owner,
      epoch: 1,
      expiresAtMs: 0,
    })
    for (const id of ['held', 'free', 'silent']) {
      const taken = await store.claim(id, claimOf('e'), ({ expiresAtMs }) => expiresAtMs <= 0)
      if ('heldBy' in taken) throw new Error('It was not taken.')
      const last = (await store.readEvents(id)).length
      await store.append(taken.lease, last + 1, [started('more')], { progress: 99 })
      expect(await store.readEvents(id, last)).toMatchObject([{ seq: last + 1, stage: 'more' }])
      expect((await store.getRun(id))?.progress).toBe(99)
    }
    await store.close()
  })

  it.each([
    ['a missing event', "DELETE FROM event WHERE run = 'free' AND seq = 200"],
    ['a missing last event', "DELETE FROM event WHERE run = 'free' AND seq = 300"],
    ['a changed event', "UPDATE event SET cell = '{}' WHERE run = 'held' AND seq = 2"],
    ['a changed run', "UPDATE run SET owner = NULL WHERE id = 'held'"],
  ])('is left as it is when it has %s', (_, sql) => {
    copyFileSync(fixture('v2.db'), path)
    const db = new DatabaseSync(path)
    db.exec(sql)
    db.close()
    const before = readFileSync(path)
    expect(() => openSqliteStore(path)).toThrow('The store is damaged')
    expect(readFileSync(path)).toEqual(before)
  })
})

describe('a file of version 3', () => {
  it.each([
    ['v3', {}],
    ['v3-sealed', { keys }],
  ])('has rows of the waits that are open: %s', async (name, options) => {
    copyFileSync(fixture(`${name}.db`), path)
    const before: Record<string, { run: unknown; events: unknown[]; waits: { id: string; stage: string }[] }> =
      factsOf(name)
    for (let opening = 0; opening < 2; opening++) {
      const store = openSqliteStore(path, options)
      for (const [id, { run, events, waits }] of Object.entries(before)) {
        expect(await store.getRun(id)).toEqual(run)
        expect(await store.readEvents(id)).toEqual(events)
        const rows = (await store.listWaits({ thread: id })).map(({ thread: _, asked_at: __, ...wait }) => wait)
        const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
        expect(rows.toSorted(byId)).toEqual(waits.toSorted(byId))
      }
      expect((await store.describe()).schemaVersion).toBe(schemaVersion)
      await store.close()
    }
    const db = new DatabaseSync(path)
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    db.close()
  })

  it('is gone on with', async () => {
    copyFileSync(fixture('v3.db'), path)
    const store = openSqliteStore(path)
    const question = defineStage({
      name: 'question',
      docs: { summary: '', output: '', example: '' },
      schema: z.string(),
      run: (value, { wait }) => wait({ value, response_schema: { type: 'string' } }),
    })
    const engine = createEngine({ store, stages: [question] })
    await (await engine.decide('both', 'b', { answer: 'B' })).run?.result
    expect((await engine.pending('both')).map(({ stage }) => stage)).toEqual(['a'])
    const { run } = await engine.decide('both', 'a', { answer: 'A' })
    expect(await run?.result).toMatchObject({ status: 'succeeded', outputs: { a: 'A' } })
    await engine.close()
    await store.close()
  })
})

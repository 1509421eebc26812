/**
 * Files of older versions. `fixtures/v1.db` was written by the code of schema version 1: runs, events, a plan, a cached
 * result, a thread with a fork and a subgraph, twelve Sends before an interrupt, writes without a checkpoint.
 * `fixtures/v1.json` is what that code read from it.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeValue } from '../../../src/execution/serializer.ts'
import type { RunStore } from '../../../src/execution/store.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { schemaVersion } from '../../../src/execution/stores/sqlite-schema.ts'
import { collect } from '../../conformance/store.ts'

const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name)
const facts = JSON.parse(readFileSync(fixture('v1.json'), 'utf8'))

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
    ['with keys', { keys: { current: 'k', keys: { k: Buffer.alloc(32, 7) } } }],
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

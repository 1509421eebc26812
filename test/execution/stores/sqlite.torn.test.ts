/**
 * What a power cut leaves: a write-ahead log that ends anywhere, with blocks that were never written. The file then
 * opens and holds everything up to some commit, or an error says that it is damaged.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptyCheckpoint } from '@langchain/langgraph-checkpoint'
import { expect, it } from 'vitest'
import type { RunStore } from '../../../src/execution/store.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { StoreError } from '../../../src/foundation/errors.ts'
import { collect } from '../../conformance/support.ts'

const thread = { configurable: { thread_id: 't', checkpoint_ns: '' } }
const steps = 60
const listAt = (n: number) => Array.from({ length: n }, (_, i) => `${i} ${'x'.repeat(300)}`)

async function fill(store: RunStore): Promise<void> {
  let at: { configurable: Record<string, unknown> } = thread
  for (let n = 1; n <= steps; n++) {
    const checkpoint = {
      ...emptyCheckpoint(),
      id: `${n}`,
      channel_values: { list: listAt(n) },
      channel_versions: { list: n },
    }
    at = (await store.saver.put(at, checkpoint, { source: 'loop', step: n, parents: {} }, { list: n })) as typeof at
    await store.saver.putWrites(at, [['list', [`${n}`]]], 'task')
  }
}

/** How far the thread has come; everything up to there must be as it was stored. */
async function check(store: RunStore): Promise<number> {
  const history = await collect(store.saver.list(thread))
  for (const [index, { checkpoint, pendingWrites }] of history.entries()) {
    const n = history.length - index
    expect(checkpoint.channel_values).toEqual({ list: listAt(n) })
    if (index > 0) expect(pendingWrites).toEqual([['task', 'list', [`${n}`]]])
  }
  return history.length
}

it('a torn write-ahead log loses the last commits at most', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-torn-'))
  const path = join(folder, 'runs.db')
  const store = openSqliteStore(path)
  await fill(store)
  const [file, log] = [readFileSync(path), readFileSync(`${path}-wal`)]
  await store.close()
  let state = 7
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const reached: number[] = []
  for (let round = 0; round < 80; round++) {
    const place = join(folder, `${round}`)
    mkdirSync(place)
    const torn = Buffer.from(log.subarray(0, round % 2 === 0 ? below(log.length) : log.length))
    if (round % 3 !== 0 && torn.length > 0) {
      const from = below(torn.length)
      torn.fill(0, from, from + 4096)
    }
    writeFileSync(join(place, 'runs.db'), file)
    writeFileSync(join(place, 'runs.db-wal'), torn)
    const opened = openSqliteStore(join(place, 'runs.db'))
    reached.push(await check(opened))
    await opened.close()
  }
  expect(Math.max(...reached)).toBeGreaterThan(steps / 2)
  expect(new Set(reached).size).toBeGreaterThan(10)
  rmSync(folder, { recursive: true })
})

it('a torn file is called damaged, or holds what it held', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-torn-'))
  const path = join(folder, 'runs.db')
  const store = openSqliteStore(path)
  await fill(store)
  await store.close()
  const bytes = readFileSync(path)
  copyFileSync(path, `${path}.whole`)
  let damaged = 0
  for (let end = 4096; end < bytes.length; end += 4096) {
    writeFileSync(path, bytes.subarray(0, end))
    try {
      const opened = openSqliteStore(path)
      try {
        expect(await check(opened)).toBe(steps)
      } finally {
        await opened.close()
      }
    } catch (error) {
      expect(error).toBeInstanceOf(StoreError)
      expect(error).toMatchObject({ code: 'store_corrupt' })
      damaged += 1
    }
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  }
  expect(damaged).toBeGreaterThan(5)
  rmSync(folder, { recursive: true })
})

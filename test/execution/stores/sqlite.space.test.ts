/**
 * A disk that is full: at any moment an error that says so, nothing lost of what was stored, and with space again
 * everything goes on. SQLite's own limit on pages stands for the disk; it fails at the same places.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Annotation, StateGraph } from '@langchain/langgraph'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCells } from '../../../src/execution/stores/cells.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { openDatabase } from '../../../src/execution/stores/sqlite-file.ts'
import { StoreError } from '../../../src/foundation/errors.ts'
import { begin, collect, runRecord } from '../../conformance/support.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-space-'))
  path = join(folder, 'runs.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const Log = Annotation.Root({
  n: Annotation<number>,
  log: Annotation<string[]>({ reducer: (old, added) => [...old, ...added], default: () => [] }),
})

const counting = (checkpointer: BaseCheckpointSaver) =>
  new StateGraph(Log)
    .addNode('step', ({ n }) => ({ n: n + 1, log: [`${n} ${'x'.repeat(3000)}`] }))
    .addEdge('__start__', 'step')
    .addConditionalEdges('step', ({ n }) => (n < 60 ? 'step' : '__end__'))
    .compile({ checkpointer })

const config = { configurable: { thread_id: 't' }, durability: 'sync' as const, recursionLimit: 100 }

const pages = Array.from({ length: 12 }, (_, n) => 60 + ((n * 7919) % 101))

it.each(pages)('is named when the file may have no more than %i pages, and gone on from when it may', async (most) => {
  const store = openSqliteStore(path, { maxPages: most })
  await begin(store, 'r1')
  const failure: unknown = await counting(store.saver)
    .invoke({ n: 0 }, config)
    .catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(StoreError)
  expect(failure).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('disk is full') })
  const before = await counting(store.saver).getState(config)
  expect(before.values.log).toHaveLength(before.values.n)
  expect(await store.getRun('r1')).toMatchObject(runRecord('r1'))
  await store.close()

  const roomy = openSqliteStore(path)
  expect((await counting(roomy.saver).getState(config)).values).toEqual(before.values)
  const ended = await counting(roomy.saver).invoke(null, config)
  expect(ended.log.map((line) => Number.parseInt(line, 10))).toEqual(Array.from({ length: 60 }, (_, n) => n))
  expect((await collect(roomy.saver.list(config))).length).toBeGreaterThanOrEqual(60)
  await roomy.close()
  const db = new DatabaseSync(path)
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  db.close()
})

it('every commit waits for the disk when durability is full', () => {
  const cells = createCells(16_384, undefined)
  const modes = (['normal', 'full'] as const).map((durability) => {
    const db = openDatabase(path, { busyTimeoutMs: 0, durability, cells })
    const { synchronous } = db.prepare('PRAGMA synchronous').get() ?? {}
    db.close()
    return synchronous
  })
  expect(modes).toEqual([1, 2])
})

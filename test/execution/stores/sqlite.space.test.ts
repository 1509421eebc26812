/**
 * A disk that is full: at any moment an error that says so, nothing lost of what was stored, and with space again
 * everything goes on. SQLite's own limit on pages stands for the disk, which fails at the same places; and the system's
 * limit on the size of files, which also cuts writes in the middle.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
import { createEngine } from '../../../src/index.ts'
import { begin, collect, runRecord } from '../../conformance/support.ts'
import { pipelineOn, stages } from './space-child.ts'

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

/** Goes on with the run, or starts it when it was not accepted; every stage that was recorded has run once. */
async function finish(effects: string): Promise<void> {
  const store = openSqliteStore(path)
  const { functions, pipeline } = pipelineOn(effects)
  const engine = createEngine({ store, functions })
  const recorded = (await store.readEvents('t')).flatMap((event) =>
    event.type === 'stage.succeeded' ? [event.stage] : [],
  )
  const run = (await store.getRun('t')) ? engine.resume('t') : engine.start(pipeline, {}, { threadId: 't' })
  expect(await (await run).result).toMatchObject({ status: 'succeeded' })
  const calls = readFileSync(effects, 'utf8').trim().split('\n')
  expect(new Set(calls).size).toBe(stages)
  for (const stage of recorded) expect([stage, calls.filter((call) => call === stage).length]).toEqual([stage, 1])
  expect(calls.length).toBeLessThanOrEqual(stages + 1) // the one that ran when the disk was full
  const events = await store.readEvents('t')
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, n) => n + 1))
  await engine.close()
  await store.close()
}

const fewPages = Array.from({ length: 10 }, (_, n) => 46 + ((n * 7919) % 26))

it.each(fewPages)('a run pauses when the file may have no more than %i pages, and is gone on with', async (most) => {
  const effects = join(folder, 'effects')
  const { functions, pipeline } = pipelineOn(effects)
  const store = openSqliteStore(path, { maxPages: most })
  const engine = createEngine({ store, functions })
  const { status, error } = await (await engine.start(pipeline, {}, { threadId: 't' })).result
  expect({ status, code: error?.code }).toEqual({ status: 'paused', code: 'store_unavailable' })
  await engine.close()
  await store.close()
  await finish(effects)
})

const kilobytes = Array.from({ length: 5 }, (_, n) => 60 + ((n * 7919) % 307))

it.each(kilobytes)('a process whose files may have %i KB says so, and the run is gone on with', async (most) => {
  const effects = join(folder, 'effects')
  writeFileSync(effects, '')
  const script = join(import.meta.dirname, 'space-child.ts')
  const limited = `trap '' XFSZ; ulimit -f ${most * 2}; exec "$0" "$@"` // in blocks of 512 bytes
  const child = spawnSync('/bin/sh', ['-c', limited, process.execPath, script, path, effects])
  expect(child.stderr.toString()).toBe('')
  const said = JSON.parse(child.stdout.toString())
  expect(said.code).toBe('store_unavailable')
  expect([null, 'paused']).toContain(said.status)
  await finish(effects)
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

/**
 * Every column of a store's file, changed by itself in some rows: whoever reads the file then gets what was stored, or an
 * error of the store.
 *
 * Not what a plan or a cached result is found by: it is only not there then, and whoever needs it says so. And not the
 * key of a row of the log, which SQLite moves to another place then; what a damaged file does is in the tests of flips.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Annotation, interrupt, StateGraph } from '@langchain/langgraph'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { encodeValue } from '../../../src/execution/serializer.ts'
import { closeStage } from '../../../src/execution/stage-events.ts'
import type { RunStore } from '../../../src/execution/store.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { StoreError } from '../../../src/foundation/errors.ts'
import { deepFreeze } from '../../../src/foundation/json.ts'
import type { Outcome } from '../../../src/foundation/outcome.ts'
import type { Plan } from '../../../src/foundation/plan.ts'
import { begin, claimOf, collect, leave, started } from '../../conformance/support.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-tamper-'))
  path = join(folder, 'runs.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const outcome: Outcome = deepFreeze({
  status: 'succeeded',
  output: 'x'.repeat(300),
  error: null,
  reason: null,
  tolerated: false,
  set: { v: 1 },
  attempts: 1,
  started_at: '2026-01-01T00:00:00.000Z',
  ended_at: '2026-01-01T00:00:00.000Z',
})

/** A little of everything. */
async function fill(store: RunStore): Promise<void> {
  await store.savePlan({ hash: 'h', name: 'tea' } as Plan)
  await store.putCached('k', { a: 1 }, 5e12)
  await leave(store, 'gone')
  await store.deleteRun('gone')
  const lease = await begin(store, 'r1', { inputs: { text: 'tea' }, version: '1', file: '/a.yaml', ended_at: 'then' })
  await store.append(lease, 1, [
    started('a'),
    ...closeStage('a', outcome).map((event) => ({ ...event, at: outcome.ended_at })),
  ])
  await store.append(lease, 4, [started('b')], { progress: 5, status: 'running' })
  await store.append(lease, 5, [started('c')])
  await leave(store, 'r2')
  await store.append(await begin(store, 'r3'), 1, [started('a')])
  await store.claim('raw', claimOf('g'), () => true)
  const State = Annotation.Root({
    n: Annotation<number>,
    stages: Annotation<Record<string, Outcome>>({
      reducer: (old, added) => ({ ...old, ...added }),
      default: () => ({}),
    }),
    list: Annotation<string[]>({ reducer: (old, added) => [...old, ...added], default: () => [] }),
  })
  const graph = new StateGraph(State)
    .addNode('step', ({ n }) => ({ n: n + 1, list: [`${n} ${'word '.repeat(80)}`], stages: { a: outcome } }))
    .addNode('ask', () => ({ list: [interrupt('well?')] }))
    .addEdge('__start__', 'step')
    .addConditionalEdges('step', ({ n }) => (n < 4 ? 'step' : 'ask'))
    .compile({ checkpointer: store.saverOf(lease) })
  await graph.invoke({ n: 0 }, { configurable: { thread_id: 'r1' }, durability: 'sync' })
}

async function everything(store: RunStore): Promise<string> {
  const config = { configurable: { thread_id: 'r1', checkpoint_ns: '' } }
  const ids = ['r1', 'r2', 'r3']
  return encodeValue([
    (await store.saver.getTuple(config)) ?? null,
    await collect(store.saver.list(config)),
    await collect(store.saver.list({})),
    await store.listRuns(),
    await store.leases(),
    await Promise.all(ids.map(async (id) => [(await store.getRun(id)) ?? null, await store.readEvents(id)])),
    (await store.loadPlan('h')) ?? null,
    (await store.getCached('k', 0)) ?? null,
    (await store.deleteRunsEndedBefore('2000-01-01')) ?? null,
  ]).text
}

/** Values of the same type that stand near, so that constraints and searches may well take them. */
function othersOf(value: unknown): readonly SQLInputValue[] {
  if (value === null) return [0, 'text']
  if (typeof value === 'number') return [value + 1, value * 2 - 3]
  if (typeof value === 'string') return [`${value}x`, value.slice(1)]
  const bytes = Buffer.from(value as Uint8Array)
  const changed = Buffer.from(bytes)
  changed[bytes.length >> 1] = (changed[bytes.length >> 1] ?? 0) ^ 16
  return [changed, bytes.subarray(1)]
}

const found = new Set(['plan.hash', 'cache.key', 'log.n'])

interface Change {
  readonly sql: string
  readonly values: readonly SQLInputValue[]
}

function changesOf(db: DatabaseSync): readonly Change[] {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").all()
  return tables.flatMap(({ name: table }) => {
    const columns = db.prepare(`SELECT name, pk FROM pragma_table_info('${table}')`).all()
    const keys = columns.filter(({ pk }) => Number(pk) > 0).map(({ name }) => name as string)
    const where = keys.map((key) => `${key} IS ?`).join(' AND ')
    return someOf(db.prepare(`SELECT * FROM ${table}`).all()).flatMap((row) =>
      columns.flatMap(({ name }) => {
        const column = name as string
        if (found.has(`${table}.${column}`)) return []
        const sql = `UPDATE ${table} SET ${column} = ? WHERE ${where}`
        return othersOf(row[column]).map((value) => ({
          sql,
          values: [value, ...keys.map((key) => row[key] as SQLInputValue)],
        }))
      }),
    )
  })
}

const someOf = <T>(rows: readonly T[]): readonly T[] =>
  rows.filter((_, index) => index === 0 || index === rows.length >> 1 || index === rows.length - 1)

/** False when a constraint forbids it, or when it is no change. */
function change(db: DatabaseSync, { sql, values }: Change): boolean {
  try {
    return Number(db.prepare(sql).run(...values).changes) === 1
  } catch {
    return false
  }
}

it('no changed column is taken for what was stored', async () => {
  const whole = openSqliteStore(path)
  await fill(whole)
  const expected = await everything(whole)
  await whole.close()
  const db = new DatabaseSync(path)
  const changes = changesOf(db)
  db.close()
  const copy = join(folder, 'copy.db')
  const wrong: unknown[] = []
  const count = { changed: 0, detected: 0 }
  for (const each of changes) {
    for (const suffix of ['-wal', '-shm']) rmSync(copy + suffix, { force: true })
    copyFileSync(path, copy)
    const changing = new DatabaseSync(copy)
    const isChanged = change(changing, each)
    changing.close()
    if (!isChanged) continue
    count.changed += 1
    let damaged: RunStore | undefined
    try {
      damaged = openSqliteStore(copy)
      if ((await everything(damaged)) !== expected) wrong.push(each)
    } catch (error) {
      if (error instanceof StoreError) count.detected += 1
      else wrong.push({ ...each, error })
    }
    await damaged?.close().catch(() => {})
  }
  expect(wrong).toEqual([])
  expect(count.changed).toBeGreaterThan(250)
  expect(count.detected / count.changed).toBeGreaterThan(0.6)
}, 120_000)

/**
 * What an append to a run's log costs, beside a bare prepared insert of the same text into a file of the same kind.
 *
 *   node bench/store/append.ts [appends]
 *
 * CPU is that of the process; rounds take turns, and medians are shown.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { NewEvent, NewRun, RunStore } from '../../src/execution/store.ts'
import { createMemoryStore } from '../../src/execution/stores/memory.ts'
import { openSqliteStore, type SqliteOptions } from '../../src/execution/stores/sqlite.ts'

const appends = Number(process.argv[2] ?? 10_000)
const at = '2026-01-01T00:00:00.000Z'
const folder = mkdtempSync(join(tmpdir(), 'stagegraph-append-'))

const run = (id: string): NewRun => ({
  id,
  pipeline: 'bench',
  version: null,
  plan: 'hash',
  file: null,
  status: 'running',
  inputs: {},
  progress: 0,
  created_at: at,
  updated_at: at,
  ended_at: null,
  active_ms: 0,
  stretches: 1,
  cancel_requested: false,
})

const batch = (i: number, characters: number): NewEvent[] => [
  { type: 'stage.succeeded', stage: `s${i}`, output: 'x'.repeat(characters), attempts: 1, duration_ms: 1.25, at },
  { type: 'stage.started', stage: `s${i + 1}`, kind: 'uses', attempt: 1, at },
]

/** Microseconds of CPU and of time per call. */
interface Cost {
  readonly cpu: number
  readonly wall: number
}

async function measured(work: () => void | Promise<void>): Promise<Cost> {
  const [cpu, start] = [process.cpuUsage(), performance.now()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { cpu: (user + system) / appends, wall: ((performance.now() - start) * 1000) / appends }
}

async function ours(store: RunStore, characters: number, patched: boolean): Promise<Cost> {
  const owner = { host: 'h', pid: 1, started: '1', boot: 'b', engine: 'e' }
  const lease = await store.createRun(run('r'), { owner, expiresAtMs: 1e13 })
  if (!lease) throw new Error('The run is there already.')
  const cost = await measured(async () => {
    for (let i = 0; i < appends; i++)
      await store.append(lease, 2 * i + 1, batch(i, characters), patched ? { progress: i / appends } : undefined)
  })
  await store.close()
  return cost
}

async function bare(path: string, characters: number): Promise<Cost> {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  db.exec('CREATE TABLE log (n INTEGER PRIMARY KEY, cell ANY NOT NULL) STRICT')
  const insert = db.prepare('INSERT INTO log (n, cell) VALUES (?, ?)')
  const cost = await measured(() => {
    for (let i = 0; i < appends; i++) insert.run(i, JSON.stringify(batch(i, characters)))
  })
  db.close()
  return cost
}

let files = 0
const path = () => join(folder, `${files++}.db`)
const sqlite = (characters: number, patched = false, options: SqliteOptions = {}) =>
  ours(openSqliteStore(path(), options), characters, patched)

const works: readonly (readonly [name: string, work: () => Promise<Cost>])[] = [
  ['two small events: bare insert', () => bare(path(), 10)],
  ['two small events: append', () => sqlite(10)],
  ['two small events: append with a patch', () => sqlite(10, true)],
  ['two small events: append, memory store', () => ours(createMemoryStore(), 10, false)],
  [
    'two small events: append, sealed',
    () => sqlite(10, false, { keys: { current: 'k', keys: { k: Buffer.alloc(32) } } }),
  ],
  ['two small events: append, durability full', () => sqlite(10, false, { durability: 'full' })],
  ['2 KB: bare insert', () => bare(path(), 2000)],
  ['2 KB: append', () => sqlite(2000)],
]

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]?.toFixed(1) ?? ''
const rounds: Cost[][] = []
for (let round = 0; round < 4; round++) {
  const costs: Cost[] = []
  for (const [, work] of works) costs.push(await work())
  if (round > 0) rounds.push(costs) // the first warms up
}
console.log(['work', 'µs CPU', 'µs wall'].join('\t'))
for (const [index, [name]] of works.entries()) {
  const costs = rounds.map((round) => round[index] as Cost)
  console.log([name, median(costs.map(({ cpu }) => cpu)), median(costs.map(({ wall }) => wall))].join('\t'))
}
rmSync(folder, { recursive: true })

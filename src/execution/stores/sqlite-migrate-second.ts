/**
 * From version 2, in which each event had a row, and the run's row said who held it.
 */
import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../foundation/errors.ts'
import type { RunOwner } from '../store.ts'
import type { Cell, Cells } from './cells.ts'
import { listingIndex, logSchema, waitSchema } from './sqlite-schema.ts'
import { createStatements, type Row } from './sqlite-statements.ts'
import { checkSum, sumOf } from './sqlite-sums.ts'
import { createRowTables, type RowTables } from './sqlite-tables.ts'

export function moveSecond(db: DatabaseSync, cells: Cells): void {
  const runs = db.prepare('SELECT * FROM run').all() as readonly Row[]
  for (const run of runs) checkSum({ sum: run.changing_sum }, oldSum(run), `run ${run.id}`)
  db.exec(`ALTER TABLE run DROP COLUMN owner; ${logSchema} ${waitSchema} ${listingIndex}`)
  const tables = createRowTables(createStatements(db), cells)
  const sum = db.prepare('UPDATE run SET changing_sum = ? WHERE n = ?')
  const events = db.prepare('SELECT * FROM event WHERE run = ? ORDER BY seq')
  for (const run of runs) {
    const [n, id] = [run.n as number, run.id as string]
    sum.run(newSum(run), n)
    const owner = run.owner === null ? null : (JSON.parse(run.owner as string) as RunOwner)
    tables.leases.put({ thread: id, epoch: 1, owner, expiresAtMs: 0 })
    const end = moveEvents(tables, n, oldEvents(events.iterate(id) as Iterable<Row>, id, cells))
    if (end !== run.last_seq) throw gap(id, end + 1)
  }
  db.exec('DROP TABLE event')
}

const changing = [
  'status',
  'progress',
  'updated_at',
  'ended_at',
  'active_ms',
  'stretches',
  'cancel_requested',
  'owner',
  'last_seq',
] as const

const oldSum = (run: Row): number => sumOf('run', [run.id, ...changing.map((column) => run[column])])

const newSum = (run: Row): number =>
  sumOf('run', [run.n, run.id, ...changing.filter((column) => column !== 'owner').map((column) => run[column])])

function* oldEvents(rows: Iterable<Row>, id: string, cells: Cells): Generator<{ readonly text: string }> {
  let last = 0
  for (const { run, seq, cell, sum } of rows) {
    const place = `event ${seq} of run ${id}`
    checkSum({ sum }, sumOf('event', [run, seq], cell as Cell), place)
    last += 1
    if (seq !== last) throw gap(id, last)
    yield { text: cells.unpack(cell as Cell, place) }
  }
}

const gap = (id: string, seq: number) =>
  new StoreError('store_corrupt', `The store is damaged: event ${seq} of run ${id} is missing.`, {
    hint: 'Restore the file from a backup.',
  })

/** How many events make one row. */
const batch = 64

/** Makes the log of a run from its events, which are in order and without gaps; returns the last `seq`. */
export function moveEvents({ logs }: RowTables, run: number, events: Iterable<Row>): number {
  let waiting: object[] = []
  let last = 0
  const add = (): void => {
    if (waiting.length > 0)
      logs.add({ run, first: last + 1, last: last + waiting.length, text: JSON.stringify(waiting) })
    last += waiting.length
    waiting = []
  }
  for (const { text } of events) {
    const { v: _, ...event } = JSON.parse(text as string) as Record<string, unknown>
    waiting.push(event)
    if (waiting.length === batch) add()
  }
  add()
  return last
}

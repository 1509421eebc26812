/**
 * Brings a file to the version of this binary, in the caller's transaction: all of it, or nothing.
 *
 * Rows are moved through the code that stores new ones, so what is moved is checked and kept like what is new.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Checkpoint, CheckpointMetadata } from '@langchain/langgraph-checkpoint'
import type { JsonObject } from '../../foundation/json.ts'
import type { RunStatus } from '../../foundation/outcome.ts'
import { decodeValue, type Encoding } from '../serializer.ts'
import type { RunOwner } from '../store.ts'
import type { Cells } from './cells.ts'
import { type History, putCheckpoint, putWrites } from './history.ts'
import { createPlaces } from './places.ts'
import { moveEvents, moveSecond } from './sqlite-migrate-second.ts'
import { moveThird } from './sqlite-migrate-third.ts'
import { wholeSchema } from './sqlite-schema.ts'
import { createStatements, type Row } from './sqlite-statements.ts'
import { createRowTables, type RowTables } from './sqlite-tables.ts'
import { createValues } from './values.ts'

/** `version` is that of the file; 0 is an empty one. */
export function migrate(db: DatabaseSync, version: number, cells: Cells): void {
  if (version === 0) db.exec(wholeSchema)
  if (version === 1) moveFirst(db, cells)
  if (version === 2) moveSecond(db, cells)
  if (version === 3) moveThird(db, cells)
}

const firstTables = ['plan', 'run', 'event', 'cache', 'checkpoint', 'channel_value', 'checkpoint_write'] as const

/** From version 1: new tables are filled from old ones, which are put aside under another name and then gone. */
function moveFirst(db: DatabaseSync, cells: Cells): void {
  const indices = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").all()
  for (const { name } of indices) db.exec(`DROP INDEX "${name}"`)
  for (const table of firstTables) db.exec(`ALTER TABLE ${table} RENAME TO old_${table}`)
  db.exec(wholeSchema)
  moveRows(db, createRowTables(createStatements(db), cells))
  for (const table of firstTables) db.exec(`DROP TABLE old_${table}`)
}

function moveRows(db: DatabaseSync, tables: RowTables): void {
  const rows = (sql: string, ...values: string[]) => db.prepare(sql).iterate(...values) as Iterable<Row>
  for (const { hash, text } of rows('SELECT * FROM old_plan')) tables.plans.put(hash as string, text as string)
  for (const row of rows('SELECT * FROM old_run ORDER BY n')) {
    const n = moveRun(tables, row)
    moveEvents(tables, n, rows('SELECT text FROM old_event WHERE run = ? ORDER BY seq', row.id as string))
  }
  for (const { key, text, expires_at_ms } of rows('SELECT * FROM old_cache'))
    tables.cache.put(key as string, text as string, expires_at_ms as number)
  const values = createValues(tables.values)
  const history: History = { tables, values, places: createPlaces() }
  const valueAt = db.prepare('SELECT encoding, text FROM old_channel_value WHERE id = ?')
  for (const row of rows('SELECT * FROM old_checkpoint ORDER BY seq')) {
    moveCheckpoint(history, row, (id) => decoded(valueAt.get(id) ?? {}))
    values.settle(true)
  }
  for (const row of rows('SELECT * FROM old_checkpoint_write')) moveWrite(history, row)
}

const decoded = ({ encoding, text }: Row): unknown =>
  decodeValue({ encoding: encoding as Encoding, text: text as string })

function moveRun(tables: RowTables, row: Row): number {
  const owner = row.owner === null ? null : (JSON.parse(row.owner as string) as RunOwner)
  tables.leases.put({ thread: row.id as string, epoch: 1, owner, expiresAtMs: 0 })
  const n = tables.runs.insert({
    id: row.id as string,
    pipeline: row.pipeline as string,
    version: row.version as string | null,
    plan: row.plan as string,
    file: row.file as string | null,
    status: row.status as RunStatus,
    inputs: JSON.parse(row.inputs as string) as JsonObject,
    progress: row.progress as number,
    created_at: row.created_at as string,
    updated_at: row.updated_at as string,
    ended_at: row.ended_at as string | null,
    active_ms: row.active_ms as number,
    stretches: row.stretches as number,
    cancel_requested: row.cancel_requested === 1,
    last_seq: row.last_seq as number,
  })
  if (n === undefined) throw new Error(`Two runs have the id "${row.id}".`)
  return n
}

function moveCheckpoint(history: History, row: Row, valueAt: (id: number) => unknown): void {
  const refs = Object.entries(JSON.parse(row.refs as string) as Record<string, number>)
  const checkpoint: Checkpoint = {
    v: row.v as number,
    id: row.id as string,
    ts: row.ts as string,
    channel_values: Object.fromEntries(refs.map(([channel, id]) => [channel, valueAt(id)])),
    channel_versions: JSON.parse(row.versions as string),
    versions_seen: JSON.parse(row.seen as string),
  }
  const { metadata_encoding: encoding, metadata: text } = row
  putCheckpoint(history, {
    thread: row.thread as string,
    ns: row.ns as string,
    id: row.id as string,
    parent: row.parent as string | null,
    checkpoint,
    metadata: decoded({ encoding, text }) as CheckpointMetadata,
    isNew: () => true,
  })
}

function moveWrite(history: History, row: Row): void {
  const key = { thread: row.thread as string, ns: row.ns as string, id: row.checkpoint as string }
  const task = { taskId: row.task as string, taskPath: row.task_path as string }
  putWrites(history, key, task, [{ idx: row.idx as number, channel: row.channel as string, value: decoded(row) }])
}

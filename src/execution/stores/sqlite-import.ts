/**
 * Reads the file of LangGraph's own `SqliteSaver` into our store.
 *
 * Its values are JSON with records of classes in it. Nothing is made into objects of those classes: `undefined` and
 * delta snapshots, which LangGraph itself puts there, are understood; any other record stays the data that it is.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Checkpoint, type CheckpointMetadata, DeltaSnapshot } from '@langchain/langgraph-checkpoint'
import { StoreError } from '../../foundation/errors.ts'
import { putCheckpoint, putWrites } from './history.ts'
import { type SavedHistory, settled } from './saver.ts'
import { toStoreError } from './sqlite-errors.ts'
import type { Row } from './sqlite-statements.ts'

export interface Imported {
  readonly threads: number
  readonly checkpoints: number
  readonly writes: number
  /** Threads that are not imported, each with the reason; the store holds nothing of them that it did not before. */
  readonly leftOut: readonly { readonly thread: string; readonly reason: string }[]
}

/** Imports every thread that the store does not have yet, each in one transaction. Throws `StoreError`. */
export function importSqliteSaver(history: SavedHistory, path: string): Imported {
  const file = resolve(path)
  if (!existsSync(file)) {
    throw new StoreError('store_unavailable', `There is no file "${file}".`, { hint: 'Check the path.' })
  }
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return importAll(history, (sql, ...values) => db.prepare(sql).iterate(...values) as Iterable<Row>)
  } catch (error) {
    throw toStoreError(error, file)
  } finally {
    db.close()
  }
}

type Query = (sql: string, ...values: string[]) => Iterable<Row>

function importAll(history: SavedHistory, query: Query): Imported {
  const { tables } = history
  const names = [...query("SELECT name FROM sqlite_schema WHERE name IN ('checkpoints', 'writes')")]
  if (names.length < 2) throw new StoreError('store_corrupt', 'The file was not written by a SqliteSaver.')
  const done = { threads: 0, checkpoints: 0, writes: 0, leftOut: [] as { thread: string; reason: string }[] }
  for (const row of [...query('SELECT DISTINCT thread_id FROM checkpoints ORDER BY thread_id')]) {
    const thread = row.thread_id as string
    try {
      const imported = () => tables.write(() => importThread(history, query, thread))
      const { checkpoints, writes } = settled(history, imported)
      done.threads += 1
      done.checkpoints += checkpoints
      done.writes += writes
    } catch (error) {
      if (!(error instanceof Error) || error instanceof StoreError) throw error
      done.leftOut.push({ thread, reason: error.message })
    }
  }
  return done
}

function importThread(history: SavedHistory, query: Query, thread: string): { checkpoints: number; writes: number } {
  if (history.tables.lines.ofThread(thread).length > 0) throw new Error('The store has a thread of this name already.')
  const counts = { checkpoints: 0, writes: 0 }
  for (const row of query('SELECT * FROM checkpoints WHERE thread_id = ? ORDER BY checkpoint_id', thread)) {
    importCheckpoint(history, row)
    counts.checkpoints += 1
  }
  for (const row of query('SELECT * FROM writes WHERE thread_id = ? ORDER BY rowid', thread)) {
    const task = { taskId: row.task_id as string, taskPath: '' }
    const value = valueIn(row.type, row.value)
    putWrites(history, keyOf(row), task, [{ idx: row.idx as number, channel: row.channel as string, value }])
    counts.writes += 1
  }
  return counts
}

function importCheckpoint(history: SavedHistory, row: Row): void {
  putCheckpoint(history, {
    ...keyOf(row),
    parent: row.parent_checkpoint_id as string | null,
    checkpoint: valueIn(row.type, row.checkpoint) as Checkpoint,
    metadata: valueIn(row.type, row.metadata) as CheckpointMetadata,
    isNew: () => true,
  })
}

const keyOf = (row: Row) => ({
  thread: row.thread_id as string,
  ns: row.checkpoint_ns as string,
  id: row.checkpoint_id as string,
})

function valueIn(type: unknown, stored: unknown): unknown {
  if (type !== null && type !== 'json')
    throw new Error(`It holds a value of the type "${String(type)}", which is not JSON.`)
  const text = typeof stored === 'string' ? stored : Buffer.from(stored as Uint8Array).toString()
  return understood(JSON.parse(text))
}

function understood(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(understood)
  const record = value as Readonly<Record<string, unknown>>
  if (record.lc === 2 && record.type === 'undefined') return undefined
  if (record.lc === 2 && record.type === 'delta_snapshot') return new DeltaSnapshot(understood(record.value))
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, understood(inner)]))
}

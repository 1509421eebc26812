/**
 * The store in one SQLite file (`node:sqlite`). Several processes may use one file at the same time.
 *
 * Write-ahead logging with `synchronous = NORMAL`: what was committed survives the end of the process, a power cut may
 * take the last commits but never damages the file. Not for network file systems.
 */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type Clock, systemClock } from '../../foundation/clock.ts'
import { StoreError } from '../../foundation/errors.ts'
import type { RunStore } from '../store.ts'
import { createSqliteCheckpoints, createSqliteWrites } from './sqlite-checkpoints.ts'
import { toStoreError } from './sqlite-errors.ts'
import { openDatabase } from './sqlite-file.ts'
import { createSqliteCache, createSqliteEvents, createSqlitePlans, createSqliteRuns } from './sqlite-runs.ts'
import { schemaVersion } from './sqlite-schema.ts'
import { createStatements } from './sqlite-statements.ts'
import { createStore } from './store.ts'
import type { Tables } from './tables.ts'

export interface SqliteOptions {
  /** Dates changes of runs. */
  readonly clock?: Clock
  /** How long a transaction waits for that of another process; meanwhile this process stands still. 5 s by default. */
  readonly busyTimeoutMs?: number
}

/** Opens the store at `path` and makes it when it is not there. Throws `StoreError`. */
export function openSqliteStore(path: string, options: SqliteOptions = {}): RunStore {
  const { clock = systemClock, busyTimeoutMs = 5000 } = options
  const file = resolve(path)
  try {
    return createStore(sqliteTables(openDatabase(file, { busyTimeoutMs }), file), clock)
  } catch (error) {
    throw toStoreError(error, file)
  }
}

function sqliteTables(db: DatabaseSync, file: string): Tables {
  const statements = createStatements(db)
  return {
    checkpoints: createSqliteCheckpoints(statements),
    writes: createSqliteWrites(statements),
    runs: createSqliteRuns(statements),
    events: createSqliteEvents(statements),
    plans: createSqlitePlans(statements),
    cache: createSqliteCache(statements),
    write: (work) => transaction(db, file, 'BEGIN IMMEDIATE', work),
    read: (work) => transaction(db, file, 'BEGIN', work),
    describe: () => ({ kind: 'sqlite', location: file, schemaVersion, bytes: bytesOf(file) + bytesOf(`${file}-wal`) }),
    close: () => close(db, file),
  }
}

function transaction<T>(db: DatabaseSync, file: string, begin: string, work: () => T): T {
  if (!db.isOpen) throw new StoreError('store_closed', `The store "${file}" is closed.`)
  try {
    db.exec(begin)
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    rollBack(db)
    throw toStoreError(error, file)
  }
}

/** Some errors of SQLite, a full disk for one, have rolled back already. */
function rollBack(db: DatabaseSync): void {
  if (db.isTransaction) db.exec('ROLLBACK')
}

/** The last connection to close moves the write-ahead log into the file. */
function close(db: DatabaseSync, file: string): void {
  if (!db.isOpen) return
  try {
    db.close()
  } catch (error) {
    throw toStoreError(error, file)
  }
}

const bytesOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

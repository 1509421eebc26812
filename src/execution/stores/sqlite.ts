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
import { type Cells, createCells, type StoreKeys } from './cells.ts'
import { backUp } from './sqlite-backup.ts'
import { toStoreError } from './sqlite-errors.ts'
import { openDatabase } from './sqlite-file.ts'
import { type Imported, importSqliteSaver } from './sqlite-import.ts'
import { schemaVersion } from './sqlite-schema.ts'
import { createStatements, type Statements } from './sqlite-statements.ts'
import { createRowTables } from './sqlite-tables.ts'
import { createHistory, createStore } from './store.ts'
import type { Tables } from './tables.ts'

export interface SqliteOptions {
  /** Dates changes of runs. */
  readonly clock?: Clock
  /** How long a transaction waits for that of another process; meanwhile this process stands still. 5 s by default. */
  readonly busyTimeoutMs?: number
  /**
   * `normal`, the default: what was committed survives the end of the process; a power cut may take the last commits.
   * `full`: it survives a power cut too, at the price of waiting for the disk with every commit.
   */
  readonly durability?: 'normal' | 'full'
  /** Seals everything that is stored but names, ids and times: AES-256-GCM. The store must be new or sealed already. */
  readonly keys?: StoreKeys
  /** From how many characters on values are compressed (zstd); 16384 by default. */
  readonly compressFrom?: number
  /** How many pages of 4096 bytes the file may have; as many as SQLite can by default. */
  readonly maxPages?: number
}

export interface SqliteStore extends RunStore {
  /** Writes a consistent copy to `path`, where nothing must be yet, while the store goes on. Throws `StoreError`. */
  backup(path: string): Promise<void>
  /** Takes over the threads in the file of LangGraph's own `SqliteSaver` that are not here yet. Throws `StoreError`. */
  importSqliteSaver(path: string): Promise<Imported>
}

/** Opens the store at `path` and makes it when it is not there. Throws `StoreError`. */
export function openSqliteStore(path: string, options: SqliteOptions = {}): SqliteStore {
  const { clock = systemClock, busyTimeoutMs = 5000, durability = 'normal', compressFrom = 16_384, keys } = options
  const file = resolve(path)
  const cells = createCells(compressFrom, keys)
  try {
    const db = openDatabase(file, { busyTimeoutMs, durability, cells })
    if (options.maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${Math.trunc(options.maxPages)}`)
    const tables = sqliteTables(db, file, cells)
    const history = createHistory(tables)
    return {
      ...createStore(history, clock),
      backup: (to) => backUp(db, file, to),
      importSqliteSaver: async (from) => importSqliteSaver(history, from),
    }
  } catch (error) {
    throw toStoreError(error, file)
  }
}

function sqliteTables(db: DatabaseSync, file: string, cells: Cells): Tables {
  const statements = createStatements(db)
  return {
    ...createRowTables(statements, cells),
    write: (work) => transaction(db, file, statements, 'BEGIN IMMEDIATE', work),
    single: (work) => attempt(db, file, work),
    read: (work) => transaction(db, file, statements, 'BEGIN', work),
    describe: () => ({ kind: 'sqlite', location: file, schemaVersion, bytes: bytesOf(file) + bytesOf(`${file}-wal`) }),
    shrink: () => void statements.all('PRAGMA incremental_vacuum'),
    close: () => close(db, file),
  }
}

function transaction<T>(db: DatabaseSync, file: string, { run }: Statements, begin: string, work: () => T): T {
  return attempt(db, file, () => {
    run(begin)
    const result = work()
    run('COMMIT')
    return result
  })
}

function attempt<T>(db: DatabaseSync, file: string, work: () => T): T {
  if (!db.isOpen) throw new StoreError('store_closed', `The store "${file}" is closed.`)
  try {
    return work()
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

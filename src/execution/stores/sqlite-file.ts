/**
 * Opens the file of the SQLite store: folder, permissions, version, settings.
 */
import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { StoreError } from '../../foundation/errors.ts'
import type { Cell, Cells } from './cells.ts'
import { busy, primaryCode } from './sqlite-errors.ts'
import { migrate } from './sqlite-migrate.ts'
import { applicationId, schemaVersion } from './sqlite-schema.ts'

type Sqlite = typeof import('node:sqlite')

/** How a database is opened. */
export interface OpenOptions {
  /** How long to wait for another process's transaction. Milliseconds. */
  readonly busyTimeoutMs: number
  readonly durability: 'normal' | 'full'
  readonly cells: Cells
}

/**
 * An open connection to the store at `path` (absolute), which is made when it is not there. Throws `StoreError`, or
 * SQLite's own errors. A file that a newer version wrote, or that is no store, is left as it is.
 */
export function openDatabase(path: string, { busyTimeoutMs, durability, cells }: OpenOptions): DatabaseSync {
  const sqlite = loadSqlite()
  const isNew = !existsSync(path)
  if (isNew) makeFolder(dirname(path))
  else checkFile(sqlite, path)
  const db = new sqlite.DatabaseSync(path, { timeout: busyTimeoutMs })
  try {
    if (isNew) chmodSync(path, 0o600) // still empty; the files of the log will get the same
    checkOwnership(db, path)
    settleFile(db, busyTimeoutMs)
    db.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}; ${settings}`)
    if (cells.sealed) db.exec('PRAGMA secure_delete = ON')
    bringUp(db, path, cells)
    checkSeal(db, path, cells)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Of the connection. */
const settings = `
PRAGMA journal_size_limit = 16777216;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA temp_store = MEMORY;
`

/** Makes the folder for its owner alone, and keeps what is in it out of version control. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  orUnavailable(`The folder "${folder}" cannot be made`, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700) // whatever the umask
    writeFileSync(join(folder, '.gitignore'), '*\n')
  })
}

/**
 * A file that is there must be one that we may use, and a store of ours.
 *
 * A process that closes any handle of a file gives up all its locks on it (POSIX), those of its other connections too.
 * So nothing here ever opens the file but SQLite, which knows of that.
 */
function checkFile(sqlite: Sqlite, path: string): void {
  orUnavailable(`The store "${path}" cannot be opened`, () => {
    if (!statSync(path).isFile()) throw new Error('it is not a file')
    accessSync(path, constants.R_OK | constants.W_OK)
  })
  checkHeader(sqlite, path)
}

function orUnavailable(what: string, work: () => void): void {
  try {
    work()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StoreError('store_unavailable', `${what}: ${why}.`, {
      cause,
      hint: 'Check the path and the permissions, or choose another place with --store.',
    })
  }
}

/** Looks at the header, without the log beside it, before SQLite may touch the file. */
function checkHeader({ DatabaseSync }: Sqlite, path: string): void {
  if (statSync(path).size === 0) return
  const url = pathToFileURL(path)
  url.search = 'immutable=1'
  const db = new DatabaseSync(url, { readOnly: true })
  try {
    const id = pragma(db, 'application_id')
    if (id !== 0 && id !== applicationId) throw notOurs(path)
    if (id === applicationId) refuseNewer(path, pragma(db, 'user_version'))
  } finally {
    db.close()
  }
}

const notOurs = (path: string) =>
  new StoreError('store_corrupt', `"${path}" is no Stagegraph store.`, {
    hint: 'It was left as it is. Choose another path with --store, or restore the store from a backup.',
  })

function refuseNewer(path: string, version: number): void {
  if (version <= schemaVersion) return
  throw new StoreError(
    'store_newer',
    `The store "${path}" was written by a newer version of Stagegraph (its schema is ${version}, this one knows ${schemaVersion}).`,
    { hint: 'It was left as it is. Update stagegraph, or choose another store with --store.' },
  )
}

/** A database without our mark has no table yet, or is somebody else's. */
function checkOwnership(db: DatabaseSync, path: string): void {
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n)
  if (tables > 0 && pragma(db, 'application_id') !== applicationId) throw notOurs(path)
}

const pragma = (db: DatabaseSync, name: string) => Number(db.prepare(`PRAGMA ${name}`).get()?.[name])

/** Brings the file to our version; of several processes that open a new file, one makes the tables. */
function bringUp(db: DatabaseSync, path: string, cells: Cells): void {
  if (pragma(db, 'user_version') === schemaVersion) return
  db.exec('BEGIN IMMEDIATE')
  try {
    const version = pragma(db, 'user_version')
    refuseNewer(path, version) // the header may be older than what the write-ahead log holds
    migrate(db, version, cells)
    if (version < firstSealable && cells.sealed) db.prepare('INSERT INTO fact VALUES (?, ?)').run('seal', sealOf(cells))
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** The version from which on a file says whether it is sealed. */
const firstSealable = 2

const sealOf = (cells: Cells) => cells.pack('sealed', 'the seal')

/** A store is sealed from its first row on, or never. */
function checkSeal(db: DatabaseSync, path: string, cells: Cells): void {
  const seal = db.prepare("SELECT cell FROM fact WHERE name = 'seal'").get()?.cell
  if (seal !== undefined) cells.unpack(seal as Cell, 'the seal')
  else if (cells.sealed) {
    throw new StoreError('store_unavailable', `The store "${path}" was begun without keys, so it cannot be sealed.`, {
      hint: 'Open it without keys, or begin another store.',
    })
  }
}

/** Settings that the file keeps. One that has them is opened without writing to it. */
function settleFile(db: DatabaseSync, busyTimeoutMs: number): void {
  if (db.prepare('PRAGMA journal_mode').get()?.journal_mode === 'wal') return
  if (pragma(db, 'page_count') === 0) db.exec('PRAGMA auto_vacuum = INCREMENTAL')
  retryWhileBusy(busyTimeoutMs, () => db.exec('PRAGMA journal_mode = WAL'))
}

/** SQLite does not wait by itself when it switches a file to write-ahead logging. */
function retryWhileBusy(timeoutMs: number, work: () => void): void {
  const end = performance.now() + timeoutMs
  for (;;) {
    try {
      work()
      return
    } catch (error) {
      if (primaryCode(error) !== busy || performance.now() > end) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

/** `node:sqlite`, without the warning that older Nodes print when it is loaded. */
function loadSqlite(): Sqlite {
  const { emitWarning } = process
  const filtered = (...args: Parameters<typeof emitWarning>): void => {
    const [warning] = args
    const text = typeof warning === 'string' ? warning : warning.message
    if (!text.startsWith('SQLite is an experimental')) emitWarning.apply(process, args)
  }
  process.emitWarning = filtered as typeof emitWarning
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

/**
 * Opens the file of the SQLite store: folder, permissions, version, settings.
 */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../foundation/errors.ts'
import { busy, primaryCode } from './sqlite-errors.ts'
import { applicationId, migrations, schemaVersion } from './sqlite-schema.ts'

/** How a database is opened. */
export interface OpenOptions {
  /** How long to wait for another process's transaction. Milliseconds. */
  readonly busyTimeoutMs: number
}

/**
 * An open connection to the store at `path` (absolute), which is made when it is not there. Throws `StoreError`, or
 * SQLite's own errors. A file that a newer version wrote, or that is no store, is left as it is.
 */
export function openDatabase(path: string, { busyTimeoutMs }: OpenOptions): DatabaseSync {
  makeFolder(dirname(path))
  makeFile(path)
  checkHeader(path)
  const { DatabaseSync } = loadSqlite()
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs })
  try {
    checkVersion(db, path)
    retryWhileBusy(busyTimeoutMs, () => db.exec(fileSettings))
    db.exec(settings)
    migrate(db, path)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Kept in the file; the first only takes effect while the file is empty. */
const fileSettings = `
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
`

/** Of the connection. */
const settings = `
PRAGMA synchronous = NORMAL;
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

/** SQLite gives its `-wal` and `-shm` files the permissions of the database. */
function makeFile(path: string): void {
  orUnavailable(`The store "${path}" cannot be opened`, () => {
    if (existsSync(path) && !statSync(path).isFile()) throw new Error('it is not a file')
    closeSync(openSync(path, 'a+', 0o600))
  })
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

const headerBytes = 100
const magic = 'SQLite format 3\0'

/** Looks at the header before SQLite may touch the file. */
function checkHeader(path: string): void {
  const header = readHeader(path)
  if (header.length === 0) return
  if (header.length < headerBytes || header.toString('latin1', 0, magic.length) !== magic) throw notOurs(path)
  const id = header.readUInt32BE(68)
  if (id !== 0 && id !== applicationId) throw notOurs(path)
  if (id === applicationId) refuseNewer(path, header.readUInt32BE(60))
}

function readHeader(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    const header = Buffer.alloc(headerBytes)
    return header.subarray(0, readSync(file, header, 0, headerBytes, 0))
  } finally {
    closeSync(file)
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

/** What the header says may be older than what the write-ahead log holds. */
function checkVersion(db: DatabaseSync, path: string): void {
  refuseNewer(path, pragma(db, 'user_version'))
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n)
  if (tables > 0 && pragma(db, 'application_id') !== applicationId) throw notOurs(path)
}

const pragma = (db: DatabaseSync, name: string) => Number(db.prepare(`PRAGMA ${name}`).get()?.[name])

/** Brings the file to our version; of several processes that open a new file, one makes the tables. */
function migrate(db: DatabaseSync, path: string): void {
  if (pragma(db, 'user_version') === schemaVersion) return
  db.exec('BEGIN IMMEDIATE')
  try {
    const version = pragma(db, 'user_version')
    refuseNewer(path, version)
    for (const migration of migrations.slice(version)) db.exec(migration)
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
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
function loadSqlite(): typeof import('node:sqlite') {
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

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { emptyCheckpoint } from '@langchain/langgraph-checkpoint'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { toStoreError } from '../../../src/execution/stores/sqlite-errors.ts'
import { schemaVersion } from '../../../src/execution/stores/sqlite-schema.ts'
import { StoreError } from '../../../src/foundation/errors.ts'
import { langgraphConformance } from '../../conformance/langgraph.ts'
import { storeConformance } from '../../conformance/store.ts'
import { begin, claimOf, leave, runRecord } from '../../conformance/support.ts'

storeConformance({
  name: 'the SQLite store',
  persistent: true,
  open: (folder, clock) => openSqliteStore(join(folder, 'runs.db'), { clock }),
})

langgraphConformance({
  name: 'LangGraph on the SQLite store',
  open: (folder) => openSqliteStore(join(folder, 'runs.db')),
})

const keys = { current: 'k', keys: { k: Buffer.alloc(32, 1) } }

storeConformance({
  name: 'the SQLite store, sealed and compressed, durability full',
  persistent: true,
  open: (folder, clock) =>
    openSqliteStore(join(folder, 'runs.db'), { clock, keys, compressFrom: 1, durability: 'full' }),
})

langgraphConformance({
  name: 'LangGraph on the sealed SQLite store',
  open: (folder) => openSqliteStore(join(folder, 'runs.db'), { keys }),
})

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-sqlite-'))
  path = join(folder, 'runs.db')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)

function errorOf(work: () => unknown): StoreError {
  try {
    work()
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** A store with one run, closed again. */
async function makeStore(): Promise<void> {
  const store = openSqliteStore(path)
  await leave(store, 'r1')
  await store.close()
}

describe('the file', () => {
  it('is made for its owner alone, in a folder that keeps out of version control', async () => {
    path = join(folder, 'project', '.stagegraph', 'runs.db')
    const store = openSqliteStore(path)
    await leave(store, 'r1')
    expect(mode(join(folder, 'project', '.stagegraph'))).toBe('700')
    expect(readFileSync(join(folder, 'project', '.stagegraph', '.gitignore'), 'utf8')).toBe('*\n')
    expect(['', '-wal', '-shm'].map((suffix) => mode(path + suffix))).toEqual(['600', '600', '600'])
    await store.close()
  })

  it('leaves a folder that is there as it is', async () => {
    chmodSync(folder, 0o755)
    await openSqliteStore(path).close()
    expect(mode(folder)).toBe('755')
    expect(existsSync(join(folder, '.gitignore'))).toBe(false)
  })

  it('is whole after closing: the log is gone', async () => {
    await makeStore()
    expect(readdirSync(folder)).toEqual(['runs.db'])
  })

  it('is described', async () => {
    const store = openSqliteStore(path)
    const facts = await store.describe()
    expect(facts).toMatchObject({ kind: 'sqlite', location: path, schemaVersion })
    expect(facts.bytes).toBeGreaterThanOrEqual(4096)
    await store.close()
  })

  it('is set up for several processes and for crashes', async () => {
    const store = openSqliteStore(path)
    const other = new DatabaseSync(path)
    expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(other.prepare('PRAGMA auto_vacuum').get()).toEqual({ auto_vacuum: 2 })
    other.close()
    await store.close()
  })
})

describe('a file that is no store of ours', () => {
  it.each([
    ['text', Buffer.from('hello\n')],
    ['a long text', Buffer.alloc(5000, 'hello ')],
    ['zeros', Buffer.alloc(8192)],
  ])('is refused and left alone: %s', (_, content) => {
    writeFileSync(path, content)
    expect(errorOf(() => openSqliteStore(path))).toMatchObject({ code: 'store_corrupt', hint: expect.any(String) })
    expect(readFileSync(path)).toEqual(content)
    expect(readdirSync(folder)).toEqual(['runs.db'])
  })

  it('is refused when it is the database of something else', () => {
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE mine (a)')
    other.close()
    const before = readFileSync(path)
    const error = errorOf(() => openSqliteStore(path))
    expect(error.code).toBe('store_corrupt')
    expect(error.message).toContain(path)
    expect(readFileSync(path)).toEqual(before)
  })

  it('is noticed when pages of a store were overwritten', async () => {
    const store = openSqliteStore(path)
    for (let i = 0; i < 200; i++) await leave(store, `r${i}`, { inputs: { text: 'x'.repeat(200) } })
    await store.close()
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0xaa, 4096 * 2))
    const error = await (async () => {
      const damaged = openSqliteStore(path)
      return damaged.listRuns({ limit: 1000 }).then(
        () => 'nothing was thrown',
        (thrown: unknown) => thrown,
      )
    })().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StoreError)
    expect(error).toMatchObject({ code: 'store_corrupt' })
  })
})

describe('a sealed store', () => {
  it('shows nothing of what is in it', async () => {
    const store = openSqliteStore(path, { keys })
    const secret = 'canary '.repeat(50)
    const lease = await begin(store, 'r1', { inputs: { secret } })
    await store.append(lease, 1, [{ type: 'stage.output', stage: 'a', stream: 'stdout', text: secret, at: '' }])
    await store.putCached('k', secret, 1e13)
    const thread = { configurable: { thread_id: 'r1', checkpoint_ns: '' } }
    const checkpoint = {
      ...emptyCheckpoint(),
      channel_values: { a: secret, b: 'canary' },
      channel_versions: { a: 1, b: 1 },
    }
    const metadata = { source: 'loop', step: 0, parents: {}, secret } as never
    const config = await store.saver.put(thread, checkpoint, metadata, { a: 1, b: 1 })
    await store.saver.putWrites(
      config,
      [
        ['a', 'canary'],
        ['b', [secret]],
      ],
      'task',
    )
    const bytes = () =>
      ['', '-wal'].map((suffix) => (existsSync(path + suffix) ? readFileSync(path + suffix, 'latin1') : ''))
    expect(bytes().join('')).not.toContain('canary')
    await store.close()
    expect(bytes().join('')).not.toContain('canary')
  })

  it('opens with its keys only', async () => {
    await openSqliteStore(path, { keys }).close()
    const other = { current: 'k', keys: { k: Buffer.alloc(32, 2) } }
    expect(errorOf(() => openSqliteStore(path))).toMatchObject({ code: 'store_unavailable', hint: expect.any(String) })
    expect(errorOf(() => openSqliteStore(path, { keys: other })).message).toContain('cannot be unsealed')
    const rotated = { current: 'new', keys: { ...keys.keys, new: Buffer.alloc(32, 3) } }
    await openSqliteStore(path, { keys: rotated }).close()
  })

  it('is never made of one that was begun without keys', async () => {
    await makeStore()
    expect(errorOf(() => openSqliteStore(path, { keys })).message).toContain('begun without keys')
  })
})

describe('a file of a newer version', () => {
  const makeNewer = () => {
    const db = new DatabaseSync(path)
    db.exec(`PRAGMA user_version = ${schemaVersion + 1}`)
    return db
  }

  it('is refused with what to do, and left alone', async () => {
    await makeStore()
    makeNewer().close()
    const before = readFileSync(path)
    const error = errorOf(() => openSqliteStore(path))
    expect(error.code).toBe('store_newer')
    expect(error.message).toContain(`its schema is ${schemaVersion + 1}`)
    expect(error.hint).toContain('Update stagegraph')
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(folder)).toEqual(['runs.db'])
  })

  it('is left alone together with the log that a killed process left behind', async () => {
    await makeStore()
    makeNewer().close()
    const newer = new DatabaseSync(path)
    newer.exec('CREATE TABLE more (a)') // stands in the log only
    const killed = join(folder, 'killed')
    mkdirSync(killed)
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, join(killed, `runs.db${suffix}`))
    newer.close()
    const files = () => readdirSync(killed).map((name) => [name, readFileSync(join(killed, name))])
    const before = files()
    expect(before).toHaveLength(2)
    expect(errorOf(() => openSqliteStore(join(killed, 'runs.db'))).code).toBe('store_newer')
    expect(files()).toEqual(before)
  })

  it('is refused when only the log says so', async () => {
    await makeStore()
    const newer = makeNewer() // still open, so the version stands in the write-ahead log
    expect(errorOf(() => openSqliteStore(path)).code).toBe('store_newer')
    newer.close()
  })
})

describe('a place where no store can be', () => {
  it('is refused: a folder', () => {
    mkdirSync(path)
    expect(errorOf(() => openSqliteStore(path))).toMatchObject({ code: 'store_unavailable', hint: expect.any(String) })
  })

  it('is refused: below a file', () => {
    writeFileSync(path, '')
    const error = errorOf(() => openSqliteStore(join(path, 'runs.db')))
    expect(error).toMatchObject({ code: 'store_unavailable', hint: expect.any(String) })
  })

  /**
   * Root may write everywhere, so the store is opened by a child that becomes somebody else, once it has loaded what may
   * lie in a folder that only root can enter.
   */
  function openAsSomebody(): { readonly code: string; readonly message: string } {
    const script = `
      import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, '../../../src/execution/stores/sqlite.ts'))}
      if (process.getuid?.() === 0) {
        process.setgroups([])
        process.setgid(65534)
        process.setuid(65534)
      }
      try {
        const store = openSqliteStore(${JSON.stringify(path)})
        await store.createRun(${JSON.stringify(runRecord('r2'))}, ${JSON.stringify(claimOf('e'))})
        console.log(JSON.stringify({ code: 'opened', message: '' }))
      } catch ({ code, message }) {
        console.log(JSON.stringify({ code, message }))
      }`
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: '/' })
    if (child.stdout.length === 0) throw new Error(`The child said nothing.\n${child.stderr}`)
    return JSON.parse(child.stdout.toString())
  }

  it('is none of these when everything may be written', () => {
    chmodSync(folder, 0o777)
    expect(openAsSomebody().code).toBe('opened')
  })

  it('is refused: a folder that may not be written', () => {
    chmodSync(folder, 0o555)
    const result = openAsSomebody()
    chmodSync(folder, 0o755)
    expect(result).toMatchObject({ code: 'store_unavailable' })
    expect(result.message).toContain(path)
  })

  it('is refused: a file that may not be written', async () => {
    await makeStore()
    chmodSync(folder, 0o777)
    chmodSync(path, 0o444)
    expect(openAsSomebody().code).toBe('store_unavailable')
  })

  it('is refused: a file that may not be read', async () => {
    await makeStore()
    chmodSync(folder, 0o777)
    chmodSync(path, 0o000)
    expect(openAsSomebody().code).toBe('store_unavailable')
  })

  it('is refused: a store whose log cannot be made beside it', async () => {
    await makeStore()
    chmodSync(path, 0o666)
    chmodSync(folder, 0o555)
    const result = openAsSomebody()
    chmodSync(folder, 0o755)
    expect(result.code).toBe('store_unavailable')
  })
})

describe('a transaction of somebody else', () => {
  it('is waited for, and then named', async () => {
    const store = openSqliteStore(path, { busyTimeoutMs: 20 })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(store.createRun(runRecord('r1'), claimOf('e'))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('locked by another process'),
    })
    expect(await store.listRuns()).toEqual([])
    other.exec('ROLLBACK')
    expect(await store.createRun(runRecord('r1'), claimOf('e'))).toMatchObject({ epoch: 1 })
    other.close()
    await store.close()
  })
})

describe('a transaction of somebody else', () => {
  it('is waited for by an append, which then goes on behind what that wrote', async () => {
    const store = openSqliteStore(path, { busyTimeoutMs: 20 })
    const lease = await begin(store, 'r1')
    const event = { type: 'run.cancelling', at: '' } as const
    await store.append(lease, 1, [event])
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const locked = { code: 'store_unavailable', message: expect.stringContaining('locked by another process') }
    await expect(store.append(lease, 2, [event])).rejects.toMatchObject(locked)
    await expect(store.append(lease, 2, [event], { progress: 1 })).rejects.toMatchObject(locked)
    await expect(store.renew(lease, 2000)).rejects.toMatchObject(locked)
    other.exec("UPDATE lease SET expires_at_ms = expires_at_ms WHERE thread = 'r1'; COMMIT")
    await store.append(lease, 2, [event])
    expect(await store.readEvents('r1')).toHaveLength(2)
    other.close()
    await store.close()
  })
})

describe('a writer that takes long', () => {
  it('keeps nobody from opening and reading the store', async () => {
    await makeStore()
    const writer = new DatabaseSync(path)
    writer.exec('BEGIN IMMEDIATE')
    const store = openSqliteStore(path, { busyTimeoutMs: 0 })
    expect(await store.getRun('r1')).toEqual({ ...runRecord('r1'), owner: null })
    writer.close()
    await store.close()
  })
})

describe('a restored backup, which has no write-ahead log yet', () => {
  it('is waited for while somebody else writes, though SQLite does not wait when it turns the log on', async () => {
    await makeStore()
    const holder = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads')
       const { DatabaseSync } = require('node:sqlite')
       const db = new DatabaseSync(workerData)
       db.exec('PRAGMA journal_mode = DELETE')
       db.exec('BEGIN IMMEDIATE')
       parentPort.postMessage('held')
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
       db.exec('ROLLBACK')
       db.close()`,
      { eval: true, workerData: path },
    )
    const ended = once(holder, 'exit')
    await once(holder, 'message')
    const store = openSqliteStore(path)
    expect(await store.getRun('r1')).toEqual({ ...runRecord('r1'), owner: null })
    await store.close()
    await ended
  })
})

describe('a disk that is full', () => {
  it('is named, with the promise that nothing stored is lost', () => {
    const db = new DatabaseSync(path)
    db.exec('CREATE TABLE t (a); PRAGMA max_page_count = 3')
    const error = errorOf(() => {
      try {
        db.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(100_000))
      } catch (thrown) {
        throw toStoreError(thrown, path)
      }
    })
    db.close()
    expect(error).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('disk is full') })
    expect(error.hint).toContain('nothing stored is lost')
  })
})

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Lease, RunOwner, RunStore } from '../../../src/execution/store.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { begin, collect, leave } from '../../conformance/support.ts'

let folder: string
let path: string
let children: ChildProcess[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-processes-'))
  path = join(folder, 'runs.db')
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

interface Worker {
  readonly child: ChildProcess
  readonly lines: Interface
  /** Everything it said after `ready`. */
  readonly said: unknown[]
  readonly ended: Promise<unknown>
}

/** A child that is ready and waits for `go`. */
async function startWorker(work: string, name: string, count = 0, lease?: Lease): Promise<Worker> {
  const script = join(import.meta.dirname, 'store-child.ts')
  const child = spawn(process.execPath, [script, work, path, name, String(count), JSON.stringify(lease ?? null)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines = createInterface({ input: child.stdout })
  const [ready] = await once(lines, 'line')
  expect(ready).toBe('"ready"')
  const said: unknown[] = []
  lines.on('line', (line: string) => said.push(JSON.parse(line)))
  return { child, lines, said, ended: Promise.all([once(child, 'close'), once(lines, 'close')]) }
}

const go = ({ child }: Worker) => child.stdin?.write('go\n')

async function withStore<T>(work: (store: RunStore) => Promise<T>): Promise<T> {
  const store = openSqliteStore(path)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** What must hold in a file, whatever happened to its writers. Returns how far each thread has come. */
async function checkFile(store: RunStore, names: readonly string[]): Promise<readonly number[]> {
  const events = await store.readEvents('shared')
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
  const steps: number[] = []
  for (const name of names) {
    const texts = events.flatMap((event) => (event.type === 'stage.output' && event.stage === name ? [event.text] : []))
    expect(texts).toEqual(texts.map((_, n) => `${name} ${Math.floor(n / 2)}${n % 2 === 0 ? '' : ' again'}`))
    expect(texts.length % 2).toBe(0)

    const thread = { configurable: { thread_id: `thread-${name}`, checkpoint_ns: '' } }
    const history = await collect(store.saver.list(thread))
    expect(history.map(({ checkpoint }) => checkpoint.channel_values)).toEqual(
      history.map((_, n) => ({ n: history.length - 1 - n, big: 'x'.repeat(2000) })),
    )
    const last = history[0]
    if (history.length > 1) expect(last?.parentConfig).toEqual(history[1]?.config)
    expect(texts.length / 2 - history.length).toBeGreaterThanOrEqual(0) // the events of a step come first
    expect(texts.length / 2 - history.length).toBeLessThanOrEqual(1)
    steps.push(history.length)
  }
  return steps
}

function integrity(): unknown {
  const db = new DatabaseSync(path)
  const result = db.prepare('PRAGMA integrity_check').get()
  db.close()
  return result
}

it('one of two processes that claim a run at once gets it, and the other is told who', async () => {
  const runs = 100
  await withStore(async (store) => {
    for (let i = 0; i < runs; i++) await leave(store, `r${i}`)
  })
  const workers = await Promise.all([startWorker('claim', 'a', runs), startWorker('claim', 'b', runs)])
  for (const worker of workers) go(worker)
  await Promise.all(workers.map(({ ended }) => ended))
  const claims = workers.flatMap(({ said }) => said as { run: string; won: boolean; owner: RunOwner }[])
  expect(claims).toHaveLength(2 * runs)
  await withStore(async (store) => {
    for (let i = 0; i < runs; i++) {
      const both = claims.filter(({ run }) => run === `r${i}`)
      expect(both.filter(({ won }) => won)).toHaveLength(1)
      const { owner } = (await store.getRun(`r${i}`)) ?? {}
      expect(both.map((claim) => claim.owner)).toEqual([owner, owner])
    }
  })
})

it('two processes open a new file at once', async () => {
  const workers = await Promise.all([startWorker('append', 'a'), startWorker('append', 'b')])
  for (const worker of workers) go(worker)
  await Promise.all(workers.map(({ ended }) => ended))
  expect(workers.map(({ child }) => child.exitCode)).toEqual([0, 0])
})

it('two processes write to one file at the same time and lose nothing', async () => {
  const steps = 150
  const lease = await withStore((store) => begin(store, 'shared'))
  const workers = await Promise.all(['a', 'b'].map((name) => startWorker('append', name, steps, lease)))
  for (const worker of workers) go(worker)
  await Promise.all(workers.map(({ ended }) => ended))
  expect(workers.map(({ child }) => child.exitCode)).toEqual([0, 0])
  await withStore(async (store) => {
    expect(await checkFile(store, ['a', 'b'])).toEqual([steps, steps])
    expect(await store.readEvents('shared')).toHaveLength(4 * steps)
  })
  expect(integrity()).toEqual({ integrity_check: 'ok' })
})

it('a killed writer leaves a file that holds all it was told is stored', async () => {
  const lease = await withStore((store) => begin(store, 'shared'))
  for (let round = 0; round < 4; round++) {
    const name = `w${round}`
    const worker = await startWorker('forever', name, 0, lease)
    go(worker)
    while (worker.said.length < 5 + 40 * round) await once(worker.lines, 'line')
    worker.child.kill('SIGKILL')
    await worker.ended
    const stored = (worker.said.at(-1) as { stored: number }).stored
    await withStore(async (store) => {
      const [steps] = await checkFile(store, [name])
      expect(steps).toBeGreaterThan(stored)
    })
    expect(integrity()).toEqual({ integrity_check: 'ok' })
  }
})

it('opening a store does not take away the locks of another connection in the same process', async () => {
  await withStore((store) => leave(store, 'r1'))
  const holder = new DatabaseSync(path)
  holder.exec('PRAGMA journal_mode = DELETE; BEGIN IMMEDIATE') // without the log, locks are those of the file itself
  expect(() => openSqliteStore(path, { busyTimeoutMs: 0 })).toThrow('locked by another process')
  const script = `
    const { DatabaseSync } = require('node:sqlite')
    new DatabaseSync(${JSON.stringify(path)}).exec('BEGIN IMMEDIATE')`
  const { stderr } = spawnSync(process.execPath, ['-e', script])
  expect(stderr.toString()).toContain('database is locked')
  holder.close()
})

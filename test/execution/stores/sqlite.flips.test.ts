/**
 * Single bits of a store's file, flipped one at a time with a fixed seed: whoever reads the file then gets
 * what was stored, or an error of the store. Never anything else.
 *
 * Some of the runs in it were left as a killed process leaves them: the end of their log is in no other row.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Annotation, interrupt, Send, StateGraph } from '@langchain/langgraph'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { encodeValue } from '../../../src/execution/serializer.ts'
import type { RunStore } from '../../../src/execution/store.ts'
import { openSqliteStore, type SqliteOptions } from '../../../src/execution/stores/sqlite.ts'
import { StoreError } from '../../../src/foundation/errors.ts'
import { begin, collect, started } from '../../conformance/support.ts'

const at = '2026-01-01T00:00:00.000Z'

async function fill(store: RunStore): Promise<void> {
  const Log = Annotation.Root({
    n: Annotation<number>,
    log: Annotation<string[]>({ reducer: (old, added) => [...old, ...added], default: () => [] }),
  })
  const loop = new StateGraph(Log)
    .addNode('step', ({ n }) => ({ n: n + 1, log: [`${n} ${'word '.repeat(60)}`] }))
    .addEdge('__start__', 'step')
    .addConditionalEdges('step', ({ n }) => (n < 25 ? 'step' : '__end__'))
    .compile({ checkpointer: store.saver })
  const fan = new StateGraph(Log)
    .addNode('item', ({ n }) => ({ log: [n === 3 ? `${interrupt('well?')}` : `${n} ${'y'.repeat(300)}`] }))
    .addConditionalEdges('__start__', () => Array.from({ length: 6 }, (_, n) => new Send('item', { n })), ['item'])
    .compile({ checkpointer: store.saver })
  const config = (thread: string) => ({
    configurable: { thread_id: thread },
    durability: 'sync' as const,
    recursionLimit: 90,
  })
  await loop.invoke({ n: 0 }, config('r0'))
  const middle = (await collect(loop.getStateHistory(config('r0'))))[10]
  await loop.updateState(middle?.config ?? {}, { log: ['edited'] })
  await fan.invoke({}, config('r1'))
  await fillLogs(store)
  for (let n = 0; n < 8; n++) {
    const lease = await begin(store, `r${n}`, { inputs: { text: `input ${n} `.repeat(20) } })
    const events = Array.from(
      { length: 6 },
      (_, i) => ({ type: 'stage.started', stage: `s${i}`, kind: 'run', attempt: 1, at }) as const,
    )
    await store.append(lease, 1, events, { status: 'running', progress: n })
  }
}

/** Logs of runs that went on at the same time until their process was killed. */
async function fillLogs(store: RunStore): Promise<void> {
  const leases = await Promise.all(crashed.map((id) => begin(store, id)))
  for (let n = 0; n < 12; n++) {
    for (const [index, lease] of leases.entries()) {
      const batch = [started(`s${n}`), { ...started(`t${n}`), kind: 'x'.repeat((n * 37 * index) % 400) }]
      if (n < 4 + index) await store.append(lease, 2 * n + 1, batch)
    }
  }
}

const crashed = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7']
const threads = ['r0', 'r1']

/** Everything that a run is resumed and shown by. */
async function everything(store: RunStore): Promise<string> {
  const found: unknown[] = []
  for (const thread of threads) {
    const config = { configurable: { thread_id: thread, checkpoint_ns: '' } }
    const latest = await store.saver.getTuple(config)
    found.push(latest, await collect(store.saver.list(config)))
    if (latest?.parentConfig) found.push(await store.saver.getTuple(latest.parentConfig))
  }
  for (let n = 0; n < 8; n++) found.push((await store.getRun(`r${n}`)) ?? null, await store.readEvents(`r${n}`))
  found.push(await logsOf(store))
  return encodeValue(found).text
}

/** Also from places in the middle, as those do who follow a run, and from the end. */
async function logsOf(store: RunStore) {
  const found: unknown[] = [await store.listRuns(), await store.leases()]
  for (const id of crashed) {
    const events = await store.readEvents(id)
    const ends = [events.at(-3), events.at(-1)].map((event) => event?.seq ?? 0)
    found.push(
      events,
      await Promise.all(ends.map((seq) => store.readEvents(id, seq))),
      await store.readEvents(id, 3, 4),
    )
  }
  return found
}

function firstDifference(found: string, expected: string) {
  let at = 0
  while (found[at] === expected[at]) at += 1
  return { found: found.slice(at - 30, at + 30), expected: expected.slice(at - 30, at + 30) }
}

function flipsOf(count: number, bits: number): number[] {
  let state = 20_261_122
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bits)
  })
}

interface Round {
  readonly path: string
  readonly options: SqliteOptions
  readonly bits: Iterable<number>
  readonly read: (store: RunStore) => Promise<string>
}

/** Flips each of the bits in the file as it stands, one at a time. */
async function flipEach({ path, options, bits, read }: Round) {
  const whole = openSqliteStore(path, options)
  const expected = await read(whole)
  await whole.close()
  const bytes = readFileSync(path)
  const outcomes = { detected: 0, none: 0 }
  const wrong: unknown[] = []
  for (const bit of bits) {
    writeFlipped(path, bytes, bit)
    let damaged: RunStore | undefined
    try {
      damaged = openSqliteStore(path, options)
      const found = await read(damaged)
      if (found === expected) outcomes.none += 1
      else wrong.push({ bit, page: Math.floor(bit / 32_768), ...firstDifference(found, expected) })
    } catch (error) {
      if (error instanceof StoreError) outcomes.detected += 1
      else wrong.push({ bit, page: Math.floor(bit / 32_768), error })
    }
    await damaged?.close().catch(() => {})
  }
  return { outcomes, wrong }
}

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-flips-'))
  path = join(folder, 'runs.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

it.each([
  ['plain', 1000, {}],
  ['sealed', 300, { keys: { current: 'k', keys: { k: Buffer.alloc(32, 1) } } }],
] satisfies [string, number, SqliteOptions][])(
  'no flipped bit is taken for what was stored: %s',
  async (_, flips, options) => {
    const store = openSqliteStore(path, options)
    await fill(store)
    await store.close()
    const bits = flipsOf(flips, readFileSync(path).length * 8)
    const { outcomes, wrong } = await flipEach({ path, options, bits, read: everything })
    expect(wrong).toEqual([])
    expect(outcomes.detected).toBeGreaterThan(flips / 4)
    expect(outcomes.detected + outcomes.none).toBe(flips)
  },
  120_000,
)

it('no flipped bit in a log or a lease hides what was appended last, though no other row says so', async () => {
  const store = openSqliteStore(path)
  await fillLogs(store)
  await store.close()
  const db = new DatabaseSync(path)
  const pages = db.prepare("SELECT pageno FROM dbstat WHERE name IN ('log', 'lease')").all()
  db.close()
  const places = flipsOf(600, pages.length * 32_768)
  const bits = places.map((bit) => (Number(pages[bit >> 15]?.pageno) - 1) * 32_768 + (bit & 32_767))
  const read = async (opened: RunStore) => JSON.stringify(await logsOf(opened))
  const { outcomes, wrong } = await flipEach({ path, options: {}, bits, read })
  expect(wrong).toEqual([])
  expect(outcomes.detected).toBeGreaterThan(300)
})

it('a last row whose key says another place is missed, wherever the search for it lands', async () => {
  const store = openSqliteStore(path)
  await fillLogs(store)
  const ends = await Promise.all(crashed.map(async (id) => (await store.readEvents(id)).length))
  await store.close()
  const bytes = readFileSync(path)
  const flips = { tried: 0, hidden: [] as unknown[] }
  for (const [index, id] of crashed.entries()) {
    const end = ends[index] as number
    const key = varint((BigInt(index + 1) << 32n) | BigInt(end))
    const place = bytes.indexOf(key)
    expect(place).toBeGreaterThan(0)
    for (let bit = place * 8; bit < (place + key.length) * 8; bit++) {
      writeFlipped(path, bytes, bit)
      const damaged = openSqliteStore(path)
      // Each reading by itself: what another one would find is no help to it.
      for (const after of [0, 1, end - 3, end - 2, end - 1]) {
        const found = await damaged.readEvents(id, after).catch((error: unknown) => error)
        flips.tried += 1
        if (!(found instanceof StoreError)) flips.hidden.push({ id, after, bit, found })
      }
      await damaged.close()
    }
  }
  expect(flips.hidden).toEqual([])
  expect(flips.tried).toBeGreaterThan(1000)
})

function writeFlipped(path: string, bytes: Buffer, bit: number): void {
  const flipped = Buffer.from(bytes)
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  writeFileSync(path, flipped)
}

/** SQLite's form of a key: seven bits in a byte, the highest first. */
function varint(value: bigint): Buffer {
  const bytes: number[] = []
  for (let rest = value; rest > 0n || bytes.length === 0; rest >>= 7n) {
    bytes.unshift(Number(rest & 0x7fn) | (bytes.length === 0 ? 0 : 0x80))
  }
  return Buffer.from(bytes)
}

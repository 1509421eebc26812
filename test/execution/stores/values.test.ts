/**
 * What is stored of values: once per content, the change where there is one, small ones where they are referred to, and
 * never so many changes that reading costs more than twice the value.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Checkpoint, emptyCheckpoint } from '@langchain/langgraph-checkpoint'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RunStore } from '../../../src/execution/store.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { collect, thread } from '../../conformance/support.ts'

let folder: string
let path: string
let store: RunStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-values-'))
  path = join(folder, 'runs.db')
  store = openSqliteStore(path, { compressFrom: 10_000_000 })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const metadata = { source: 'loop', step: 0, parents: {} } as const
const long = (n: number) => `${n} ${'word '.repeat(400)}`

/** Checkpoints one after the other, each with these values, all of them new. */
async function put(all: readonly Record<string, unknown>[], writes: readonly [string, unknown][] = []): Promise<void> {
  let at: { configurable?: Record<string, unknown> } = thread('t')
  for (const [index, values] of all.entries()) {
    const versions = Object.fromEntries(Object.keys(values).map((channel) => [channel, index + 1]))
    const checkpoint: Checkpoint = { ...emptyCheckpoint(), id: String(index).padStart(5, '0'), channel_values: values }
    at = await store.saver.put(at, { ...checkpoint, channel_versions: versions }, metadata, versions)
    if (writes.length > 0) await store.saver.putWrites(at, [...writes], 'task')
  }
}

/** Characters in rows of values, but for those of LangGraph's own bookkeeping, which say `"versions"`. */
function stored(): {
  readonly characters: number
  readonly rows: number
  readonly whole: number
  readonly depth: number
} {
  const db = new DatabaseSync(path)
  const row = db
    .prepare(`SELECT count(*) AS rows, count(*) FILTER (WHERE base IS NULL) AS whole, ifnull(sum(length(cell)), 0) AS characters, max(depth) AS depth
              FROM value WHERE cell NOT LIKE '%"versions"%' AND cell NOT LIKE '[2,[],[["ts"%'`)
    .get()
  db.close()
  return {
    characters: Number(row?.characters),
    rows: Number(row?.rows),
    whole: Number(row?.whole),
    depth: Number(row?.depth),
  }
}

it('equal values of a thread are kept once, whatever channel or task they are of', async () => {
  await put(
    [
      { a: long(1), b: long(1), c: [long(2)] },
      { a: long(2), b: long(1), c: [long(2)] },
    ],
    [
      ['a', long(1)],
      ['c', [long(2)]],
    ],
  )
  expect(stored()).toMatchObject({ whole: 2 })
  expect(stored().characters).toBeLessThan(2 * long(1).length + 200)
  const [latest] = await collect(store.saver.list(thread('t')))
  expect(latest?.checkpoint.channel_values).toEqual({ a: long(2), b: long(1), c: [long(2)] })
  expect(latest?.pendingWrites?.map(([, , value]) => value)).toEqual([long(1), [long(2)]])
})

it('small values have no row', async () => {
  await put([{ a: 'x'.repeat(200), b: [1, { c: null }] }], [['a', 'small']])
  expect(stored().rows).toBe(0)
})

it('an edit of a long text costs the edit', async () => {
  const text = Array.from({ length: 400 }, (_, n) => `line ${n} of a long text\n`).join('')
  const first = text.replace('line 200', 'line two hundred')
  const second = `${first.slice(0, 5000)}${first.slice(5100)}`
  const edits = [text, first, second, `${second}end`]
  await put(edits.map((a) => ({ a })))
  expect(stored().characters).toBeLessThan(text.length * 1.3)
  const read = (await collect(store.saver.list(thread('t')))).map(({ checkpoint }) => checkpoint.channel_values.a)
  expect(read).toEqual(edits.toReversed())
})

it('a value is stored whole again before its changes are longer than it, so reading stays cheap', async () => {
  const states: Record<string, unknown>[] = []
  for (let n = 0; n < 300; n++) {
    const list = Array.from({ length: 400 }, (_, i) => `${i} ${'x'.repeat(100)}`)
    list[(n * 7) % 400] = `${n} ${'y'.repeat(100)}`
    states.push({ list })
  }
  await put(states)
  const size = JSON.stringify(states[0]?.list).length
  const { characters, depth } = stored()
  expect(depth).toBeGreaterThan(5)
  expect(depth).toBeLessThan(200)
  expect(characters).toBeLessThan(300 * size * 0.05)
  await store.close()
  store = openSqliteStore(path)
  const db = new DatabaseSync(path)
  // What has to be read for a value: the whole one before it and the changes since.
  const most = db.prepare('SELECT max(full + weight) AS n FROM value WHERE full > 4000').get()?.n
  db.close()
  expect(Number(most)).toBeLessThan(2.2 * size + 5000)
  const read = (await collect(store.saver.list(thread('t')))).map(({ checkpoint }) => checkpoint.channel_values)
  expect(read).toEqual(states.toReversed())
})

/**
 * How the file grows: twice the steps cost at most 2.3 times the bytes, whatever the state is like, and state that no step
 * touches costs nothing. Graphs are hand-written LangGraph graphs, a node for each step.
 *
 * `node bench/store/disk.ts --official` has the same beside the official saver, in larger sizes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Annotation, StateGraph } from '@langchain/langgraph'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-growth-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Text that does not compress to nothing. */
function textOf(length: number, seed: number): string {
  let state = seed + 1
  let text = ''
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    text += state.toString(36)
  }
  return text.slice(0, length)
}

interface Work {
  readonly steps: number
  readonly slot: (n: number) => string
  readonly value: (n: number) => unknown
  readonly first?: Record<string, unknown>
}

interface Builder {
  addNode(name: string, node: () => Record<string, unknown>): void
  addEdge(from: string, to: string): void
  compile(options: object): { invoke(input: unknown, config: object): Promise<unknown> }
}

/** A chain of nodes, each of which writes to its slot; bytes in rows, so that pages that are not full do not hide anything. */
async function bytesOf({ steps, slot, value, first = {} }: Work): Promise<number> {
  const path = join(folder, `${steps}-${Math.random()}.db`)
  const slots = Array.from({ length: steps }, (_, n) => slot(n))
  const append = Annotation<unknown[]>({ reducer: (old, added) => [...old, ...added], default: () => [] })
  const fields = [...slots, ...Object.keys(first)].map((name) => [
    name,
    name === 'list' ? append : Annotation<unknown>(),
  ])
  const builder = new StateGraph(Annotation.Root(Object.fromEntries(fields))) as unknown as Builder
  for (let n = 0; n < steps; n++) builder.addNode(`s${n}`, () => ({ [slot(n)]: value(n) }))
  for (let n = 0; n <= steps; n++)
    builder.addEdge(n === 0 ? '__start__' : `s${n - 1}`, n === steps ? '__end__' : `s${n}`)
  const store = openSqliteStore(path)
  const config = { configurable: { thread_id: 't' }, durability: 'sync', recursionLimit: steps + 10 }
  await builder.compile({ checkpointer: store.saver }).invoke(first, config)
  await store.close()
  const db = new DatabaseSync(path)
  const { bytes } = db.prepare('SELECT sum(payload) AS bytes FROM dbstat').get() ?? {}
  db.close()
  return Number(bytes)
}

const works: Readonly<Record<string, Omit<Work, 'steps'>>> = {
  'a list that grows': { slot: () => 'list', value: (n) => [textOf(1000, n)] },
  'a channel of its own for each step': { slot: (n) => `part_${n}`, value: (n) => n },
  'large values in channels of their own': { slot: (n) => `part_${n}`, value: (n) => textOf(20_000, n) },
  'an object that gets one member more': { slot: () => 'object', value: (n) => objectOf(n) },
  'a counter': { slot: () => 'n', value: (n) => n },
}

const objectOf = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`member_${i}`, textOf(100, i)]))

it.each(Object.entries(works))('twice the steps cost at most 2.3 times the bytes: %s', async (_, work) => {
  const once = await bytesOf({ ...work, steps: 60 })
  const twice = await bytesOf({ ...work, steps: 120 })
  expect(twice).toBeGreaterThan(once)
  expect(twice / once).toBeLessThan(2.3)
})

it('a megabyte that no step touches is stored once', async () => {
  const first = { blob: textOf(1_000_000, 7) }
  const work = { slot: () => 'n', value: (n: number) => n, first }
  const one = await bytesOf({ ...work, steps: 1 })
  const fifty = await bytesOf({ ...work, steps: 50 })
  expect(fifty - one).toBeLessThan(100_000)
})

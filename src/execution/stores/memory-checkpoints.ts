/**
 * Lines, checkpoints, values and writes of the memory store.
 */
import { createHash } from 'node:crypto'
import { compareWritesSortKeys, writesSortKey } from '@langchain/langgraph-checkpoint'
import type {
  CheckpointRow,
  CheckpointTable,
  LineRow,
  LineTable,
  ValueRow,
  ValueTable,
  WriteRow,
  WriteTable,
} from './tables.ts'

interface MemoryCheckpoints {
  readonly lines: LineTable
  readonly checkpoints: CheckpointTable
  readonly values: ValueTable
  readonly writes: WriteTable
  /** Characters of text kept. */
  readonly bytes: () => number
}

export function createMemoryCheckpoints(): MemoryCheckpoints {
  const { table: checkpoints, bytes } = createCheckpointTable()
  const { table: values, bytes: valueBytes } = createValueTable()
  const { table: writes, bytes: writeBytes } = createWriteTable()
  return { lines: createLineTable(), checkpoints, values, writes, bytes: () => bytes() + valueBytes() + writeBytes() }
}

function createLineTable(): LineTable {
  const rows = new Map<number, LineRow>()
  /** Thread → namespace → number. */
  const threads = new Map<string, Map<string, number>>()
  let last = 0
  return {
    get: (thread, ns) => rows.get(threads.get(thread)?.get(ns) ?? 0),
    byNumber: (n) => rows.get(n),
    ofThread: (thread) => [...(threads.get(thread)?.values() ?? [])].flatMap((n) => rows.get(n) ?? []),
    add(thread, ns) {
      last += 1
      const row = { n: last, thread, ns, tip: null }
      rows.set(last, row)
      within(threads, thread, () => new Map<string, number>()).set(ns, last)
      return row
    },
    setTip(line, tip) {
      rows.set(line.n, { ...line, tip })
    },
    delete(n) {
      const { thread = '', ns = '' } = rows.get(n) ?? {}
      const lines = threads.get(thread)
      lines?.delete(ns)
      if (lines?.size === 0) threads.delete(thread)
      rows.delete(n)
    },
  }
}

function createCheckpointTable() {
  /** In order of `seq`. */
  const rows = new Map<number, CheckpointRow>()
  /** Line → id → seq. */
  const lines = new Map<number, Map<string, number>>()
  let last = 0
  const table: CheckpointTable = {
    add(added) {
      last += 1
      const row = { ...added, seq: last, set: added.set ?? last }
      rows.set(last, row)
      within(lines, row.line, () => new Map<string, number>()).set(row.id, last)
      return row
    },
    update(row) {
      rows.set(row.seq, row)
    },
    get: (seq) => rows.get(seq),
    find: (line, id) => rows.get(lines.get(line)?.get(id) ?? 0),
    ofLine: (line) => [...(lines.get(line)?.values() ?? [])].flatMap((seq) => rows.get(seq) ?? []),
    before: (beforeSeq, limit) =>
      [...rows.values()]
        .filter(({ seq }) => seq < beforeSeq)
        .reverse()
        .slice(0, limit),
    delete(seq) {
      const row = rows.get(seq)
      const ids = row && lines.get(row.line)
      if (row) ids?.delete(row.id)
      if (row && ids?.size === 0) lines.delete(row.line)
      rows.delete(seq)
    },
  }
  return { table, bytes: () => sum(rows.values(), ({ id, metadata }) => id.length + metadata.text.length) }
}

function createValueTable() {
  const rows = new Map<number, ValueRow>()
  /** Line → hash → number. */
  const hashes = new Map<number, Map<string, number>>()
  let last = 0
  const key = (hash: Uint8Array) => Buffer.from(hash).toString('base64')
  const remove = (n: number): void => {
    const row = rows.get(n)
    if (row?.hash) hashes.get(row.line)?.delete(key(row.hash))
    rows.delete(n)
  }
  const table: ValueTable = {
    add(added) {
      last += 1
      rows.set(last, { ...added, n: last })
      if (added.hash) within(hashes, added.line, () => new Map<string, number>()).set(key(added.hash), last)
      return last
    },
    get: (n) => rows.get(n),
    hash: ({ encoding, text }) => createHash('sha256').update(`${encoding}`).update(text).digest().subarray(0, 20),
    find: (line, hash) => hashes.get(line)?.get(key(hash)),
    ofLine: (line) => [...rows.values()].filter((row) => row.line === line),
    deleteLine(line) {
      for (const row of rows.values()) if (row.line === line) rows.delete(row.n)
      hashes.delete(line)
    },
    delete(numbers) {
      for (const n of numbers) remove(n)
    },
  }
  return { table, bytes: () => sum(rows.values(), ({ text }) => text.length) }
}

function createWriteTable() {
  /** Set → (task, idx) → row. */
  const sets = new Map<number, Map<string, WriteRow>>()
  const table: WriteTable = {
    put(set, row) {
      const rows = within(sets, set, () => new Map<string, WriteRow>())
      const place = JSON.stringify([row.taskId, row.idx])
      const known = rows.has(place)
      if (row.idx < 0 || !known) rows.set(place, row)
      return !known
    },
    of: (set) => [...(sets.get(set)?.values() ?? [])].sort(inSortKeyOrder),
    deleteSet(set) {
      sets.delete(set)
    },
  }
  const size = ({ ref }: WriteRow) => (typeof ref === 'number' ? 0 : ref[1].length)
  return { table, bytes: () => sum(sets.values(), (rows) => sum(rows.values(), size)) }
}

/** What stands at `key`, made when nothing does. */
function within<K, T>(map: Map<K, T>, key: K, make: () => T): T {
  const known = map.get(key) ?? make()
  map.set(key, known)
  return known
}

const inSortKeyOrder = (a: WriteRow, b: WriteRow): number =>
  compareWritesSortKeys(writesSortKey(a.taskPath, a.taskId, a.idx), writesSortKey(b.taskPath, b.taskId, b.idx))

function sum<T>(items: Iterable<T>, sizeOf: (item: T) => number): number {
  let total = 0
  for (const item of items) total += sizeOf(item)
  return total
}

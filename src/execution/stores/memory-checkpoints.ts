/**
 * Checkpoints, channel values and writes of the memory store.
 */
import { compareWritesSortKeys, writesSortKey } from '@langchain/langgraph-checkpoint'
import type { EncodedValue } from '../serializer.ts'
import type {
  CheckpointFilter,
  CheckpointKey,
  CheckpointRow,
  CheckpointTable,
  ValueRow,
  WriteRow,
  WriteTable,
} from './tables.ts'

interface MemoryCheckpoints {
  readonly checkpoints: CheckpointTable
  readonly writes: WriteTable
  /** Characters of text kept. */
  readonly bytes: () => number
}

export function createMemoryCheckpoints(): MemoryCheckpoints {
  const { table: checkpoints, bytes } = createCheckpointTable()
  const { table: writes, bytes: writeBytes } = createWriteTable()
  return { checkpoints, writes, bytes: () => bytes() + writeBytes() }
}

function createCheckpointTable() {
  const rows = new Map<string, CheckpointRow>()
  /** Thread → keys of its rows. */
  const threads = new Map<string, Set<string>>()
  /** Thread → namespace → key of its newest row. */
  const newest = new Map<string, Map<string, string>>()
  const values = new Map<number, ValueRow>()
  /** (thread, namespace, channel, version) → ids of values. */
  const versions = new Map<string, number[]>()
  let lastSeq = 0
  let lastValue = 0

  const inOrder = (thread: string | undefined): CheckpointRow[] => {
    const found = thread === undefined ? [...rows.values()] : rowsOf(thread)
    return found.sort((a, b) => b.seq - a.seq)
  }
  const rowsOf = (thread: string) => [...(threads.get(thread) ?? [])].flatMap((key) => rows.get(key) ?? [])

  const table: CheckpointTable = {
    addValue(row) {
      lastValue += 1
      values.set(lastValue, row)
      const at = versionKey(row)
      versions.set(at, [...(versions.get(at) ?? []), lastValue])
      return lastValue
    },
    values: (ids) => new Map(ids.flatMap((id): [number, EncodedValue][] => pair(id, values.get(id)?.value))),
    valuesAt: (at) => (versions.get(versionKey(at)) ?? []).flatMap((id) => withId(id, values.get(id)?.value)),
    put(row) {
      const key = keyText(row)
      const known = rows.get(key)
      rows.set(key, { ...row, seq: known?.seq ?? ++lastSeq })
      if (known) return
      within(threads, row.thread, () => new Set<string>()).add(key)
      within(newest, row.thread, () => new Map<string, string>()).set(row.ns, key)
    },
    get: (key) => rows.get(keyText(key)),
    latest: (thread, ns) => rows.get(newest.get(thread)?.get(ns) ?? ''),
    page: (filter, limit) =>
      inOrder(filter.thread)
        .filter((row) => matches(row, filter))
        .slice(0, limit),
    deleteThread(thread) {
      for (const key of threads.get(thread) ?? []) rows.delete(key)
      for (const [id, row] of values) if (row.thread === thread) values.delete(id)
      for (const at of versions.keys()) if (JSON.parse(at)[0] === thread) versions.delete(at)
      newest.delete(thread)
      return threads.delete(thread)
    },
  }
  const bytes = () =>
    sum(rows.values(), ({ versions, seen, refs, metadata }) => [versions, seen, refs, metadata.text]) +
    sum(values.values(), ({ value }) => [value.text])
  return { table, bytes }
}

function createWriteTable() {
  /** Checkpoint → (task, idx) → row. */
  const checkpoints = new Map<string, { readonly thread: string; readonly rows: Map<string, WriteRow> }>()
  const table: WriteTable = {
    put(key, row) {
      const at = keyText(key)
      const rows = checkpoints.get(at)?.rows ?? new Map<string, WriteRow>()
      if (rows.size === 0) checkpoints.set(at, { thread: key.thread, rows })
      const place = JSON.stringify([row.taskId, row.idx])
      if (row.idx < 0 || !rows.has(place)) rows.set(place, row)
    },
    of: (key) => [...(checkpoints.get(keyText(key))?.rows.values() ?? [])].sort(inSortKeyOrder),
    deleteThread(thread) {
      const before = checkpoints.size
      for (const [at, { thread: owner }] of checkpoints) if (owner === thread) checkpoints.delete(at)
      return checkpoints.size < before
    },
  }
  const bytes = () => sum(checkpoints.values(), ({ rows }) => [...rows.values()].map(({ value }) => value.text))
  return { table, bytes }
}

/** What stands at `key`, made when nothing does. */
function within<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key) ?? make()
  map.set(key, known)
  return known
}

const inSortKeyOrder = (a: WriteRow, b: WriteRow): number =>
  compareWritesSortKeys(writesSortKey(a.taskPath, a.taskId, a.idx), writesSortKey(b.taskPath, b.taskId, b.idx))

const keyText = ({ thread, ns, id }: CheckpointKey): string => JSON.stringify([thread, ns, id])

const versionKey = ({ thread, ns, channel, version }: Omit<ValueRow, 'value'>): string =>
  JSON.stringify([thread, ns, channel, version])

const pair = (id: number, value: EncodedValue | undefined): [number, EncodedValue][] => (value ? [[id, value]] : [])
const withId = (id: number, value: EncodedValue | undefined) => (value ? [{ id, value }] : [])

const matches = (row: CheckpointRow, { ns, id, beforeSeq, belowId }: CheckpointFilter): boolean =>
  (ns === undefined || row.ns === ns) &&
  (id === undefined || row.id === id) &&
  (beforeSeq === undefined || row.seq < beforeSeq) &&
  (belowId === undefined || row.id < belowId)

function sum<T>(items: Iterable<T>, textsOf: (item: T) => readonly string[]): number {
  let total = 0
  for (const item of items) for (const text of textsOf(item)) total += text.length
  return total
}

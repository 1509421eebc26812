/**
 * The checkpoints of threads: what a new one refers to, in which order they stand, and what was written to them.
 *
 * A checkpoint's row names its head, a value that holds LangGraph's versions and says where each channel's value is.
 * The head is kept like any value: as a change of the parent's head. So a step costs what changed in it, and branches of
 * a thread may use the same version numbers without seeing each other's values.
 *
 * Every line knows its newest checkpoint, every checkpoint the one before it and how many writes it has. So a row that
 * is missing is missed.
 */
import type { Checkpoint, CheckpointMetadata } from '@langchain/langgraph-checkpoint'
import { StoreError } from '../../foundation/errors.ts'
import { encodeValue, plain } from '../serializer.ts'
import { type OutcomesForm, outcomesChannel, type Places } from './places.ts'
import { readPlaces } from './read-places.ts'
import type { CheckpointKey, CheckpointRow, LineRow, Ref, Tables, WriteRow } from './tables.ts'
import { type NewValue, Placed, type Values } from './values.ts'

/** Channel → where its value is. */
export type Refs = Readonly<Record<string, Ref>>

/** What a checkpoint holds. */
export interface Head {
  readonly v: number
  readonly ts: string
  readonly versions: Readonly<Record<string, number | string>>
  /** Node → channel → version. */
  readonly seen: Readonly<Record<string, Readonly<Record<string, number | string>>>>
  readonly refs: Refs
}

export interface History {
  readonly tables: CheckpointTables
  readonly values: Values
  readonly places: Places
}

export type CheckpointTables = Pick<Tables, 'lines' | 'checkpoints' | 'values' | 'writes' | 'runs' | 'logs'>

export interface NewCheckpoint extends CheckpointKey {
  readonly parent: string | null
  readonly checkpoint: Checkpoint
  readonly metadata: CheckpointMetadata
  /** Says of a channel whether its value is new. */
  readonly isNew: (channel: string) => boolean
}

export interface NewWrite {
  readonly idx: number
  readonly channel: string
  readonly value: unknown
}

/** The line and row of a checkpoint that is there, by its id or, without one, the newest. */
export function findCheckpoint({ tables }: History, thread: string, ns: string, id: string): CheckpointRow | undefined {
  const line = tables.lines.get(thread, ns)
  if (!line) return undefined
  if (id === '') return line.tip === null ? undefined : linked(tables, line.n, line.tip)
  const row = tables.checkpoints.find(line.n, id)
  if (!row) requireAbsent(tables, line, id)
  return row && row.head !== null ? row : undefined
}

/** An index that lost an entry must not look like a checkpoint that never was. */
function requireAbsent(tables: CheckpointTables, line: LineRow, id: string): void {
  for (let seq = line.tip; seq !== null; ) {
    const row = linked(tables, line.n, seq)
    if (row.id === id) throw damaged(`checkpoint ${seq} cannot be found by its id`)
    seq = row.prev
  }
}

/** A checkpoint that something refers to by its place. */
export function linked(tables: CheckpointTables, line: number, seq: number): CheckpointRow {
  const row = tables.checkpoints.get(seq)
  if (row && row.line === line && row.head !== null) return row
  throw damaged(`checkpoint ${seq} is missing`)
}

const damaged = (what: string) =>
  new StoreError('store_corrupt', `The store is damaged: ${what}.`, {
    hint: 'Restore the file from a backup, or use another store.',
  })

export const headOf = ({ values }: History, row: CheckpointRow): Head => values.load(row.head as number) as Head

/** Stores a checkpoint; one with the same id is replaced and keeps its place. */
export function putCheckpoint(history: History, added: NewCheckpoint): void {
  const { tables } = history
  const metadata = encodeValue(added.metadata, ['metadata'])
  const line = tables.lines.get(added.thread, added.ns) ?? tables.lines.add(added.thread, added.ns)
  const known = tables.checkpoints.find(line.n, added.id)
  const head = putHead(history, line, added)
  const { parent } = added
  if (known && known.head !== null) {
    tables.checkpoints.update({ ...known, parent, head, metadata })
    return
  }
  if (known) tables.checkpoints.delete(known.seq)
  const { id } = added
  const set = known?.set ?? null
  const row = { line: line.n, id, parent, prev: line.tip, head, set, writes: known?.writes ?? 0, metadata }
  tables.lines.setTip(line, tables.checkpoints.add(row).seq)
}

function putHead(history: History, line: LineRow, added: NewCheckpoint): number {
  const { checkpoint, parent } = added
  const parentRow = parent === null ? undefined : history.tables.checkpoints.find(line.n, parent)
  const parentHead = parentRow && parentRow.head !== null ? headOf(history, parentRow) : undefined
  const head: Head = {
    v: checkpoint.v,
    ts: checkpoint.ts,
    versions: inOrderOf(parentHead?.versions, checkpoint.channel_versions ?? {}),
    seen: inOrderOf(parentHead?.seen, checkpoint.versions_seen ?? {}),
    refs: inOrderOf(parentHead?.refs, refsOf(history, line, added, parentHead)),
  }
  const before = parentHead && parentRow ? (parentRow.head ?? undefined) : undefined
  return history.values.keepApart({ line: line.n, value: head, name: 'checkpoint', before, replaces: true })
}

/** What is new stands behind what was there, so that the change is as small as it can be. LangGraph minds no order. */
function inOrderOf<T>(
  before: Readonly<Record<string, unknown>> = {},
  now: Readonly<Record<string, T>>,
): Readonly<Record<string, T>> {
  const old = Object.keys(before).filter((key) => Object.hasOwn(now, key))
  const added = Object.keys(now).filter((key) => !Object.hasOwn(before, key))
  return Object.fromEntries([...old, ...added].map((key) => [key, now[key] as T]))
}

function refsOf(history: History, line: LineRow, added: NewCheckpoint, parent: Head | undefined): Refs {
  const { checkpoint, isNew } = added
  const refs: [string, Ref][] = []
  for (const [channel, value] of Object.entries(checkpoint.channel_values ?? {})) {
    const before = parent && Object.hasOwn(parent.refs, channel) ? parent.refs[channel] : undefined
    if (isNew(channel)) {
      refs.push([channel, keepValue(history, line, { value, name: channel, before, replaces: true })])
    } else if (before !== undefined && sameVersion(parent as Head, checkpoint, channel)) {
      refs.push([channel, before])
    } else {
      const copied = copyOf(history, line, added, channel)
      if (copied !== undefined) refs.push([channel, copied])
    }
  }
  return Object.fromEntries(refs)
}

/** Outcomes that the log of the thread's run holds are kept as their places in it. */
function keepValue(history: History, { n: line, thread }: LineRow, added: Omit<NewValue, 'line' | 'form'>): Ref {
  const run = added.name === outcomesChannel ? history.tables.runs.place(thread) : undefined
  const form = run && history.places.toForm(run.n, added.value)
  return history.values.keep({ ...added, line, form })
}

/** `older` as in `Values`. */
export function loadValue(history: History, { thread }: Pick<LineRow, 'thread'>, ref: Ref, older?: boolean): unknown {
  const value = history.values.load(ref, older)
  if (!(value instanceof Placed)) return value
  const { runs, logs } = history.tables
  const run = runs.place(thread)
  if (!run) throw damaged(`thread ${thread} has no run any more`)
  return history.places.fromForm(run.n, value.form as OutcomesForm, (places) => readPlaces(logs, places))
}

const sameVersion = ({ versions }: Head, { channel_versions }: Checkpoint, channel: string): boolean =>
  JSON.stringify(versions[channel] ?? null) === JSON.stringify(channel_versions?.[channel] ?? null)

/**
 * A channel that neither changed nor stands so in the parent: a copy of another checkpoint of that parent, made by
 * `updateState`. It refers to an equal value of the same version; without one it is stored, so that nothing is lost —
 * but for a checkpoint without a parent, which LangGraph defines to hold only what it calls new.
 */
function copyOf(history: History, line: LineRow, { checkpoint, parent }: NewCheckpoint, channel: string) {
  const value = checkpoint.channel_values[channel]
  for (const sibling of history.tables.checkpoints.ofLine(line.n)) {
    if (sibling.head === null || sibling.parent !== parent) continue
    const head = headOf(history, sibling)
    const ref = Object.hasOwn(head.refs, channel) ? head.refs[channel] : undefined
    if (ref !== undefined && sameVersion(head, checkpoint, channel) && sameValue(history, line, ref, value)) return ref
  }
  if (parent === null) return undefined
  return keepValue(history, line, { value, name: channel, before: undefined, replaces: false })
}

function sameValue(history: History, line: LineRow, ref: Ref, value: unknown): boolean {
  const stored = encodeValue(loadValue(history, line, ref))
  const wanted = encodeValue(value)
  return stored.encoding === wanted.encoding && stored.text === wanted.text
}

/** Stores what a task has written to the channels of a checkpoint, which may come later. */
export function putWrites(
  history: History,
  key: CheckpointKey,
  task: Pick<WriteRow, 'taskId' | 'taskPath'>,
  added: readonly NewWrite[],
): void {
  const { tables } = history
  const line = tables.lines.get(key.thread, key.ns) ?? tables.lines.add(key.thread, key.ns)
  const known = tables.checkpoints.find(line.n, key.id)
  const refs = known && known.head !== null ? headOf(history, known).refs : {}
  const rows = added.map(({ idx, channel, value }): WriteRow => {
    const before = Object.hasOwn(refs, channel) ? refs[channel] : undefined
    const ref = keepValue(history, line, { value, name: channel, before, replaces: false })
    return { ...task, idx, channel, ref }
  })
  const row = known ?? tables.checkpoints.add({ ...announced, line: line.n, id: key.id })
  const more = rows.filter((each) => tables.writes.put(row.set, each)).length
  if (more > 0) tables.checkpoints.update({ ...row, writes: row.writes + more })
}

const announced: Omit<CheckpointRow, 'seq' | 'line' | 'id' | 'set'> & { readonly set: null } = {
  parent: null,
  prev: null,
  head: null,
  set: null,
  writes: 0,
  metadata: { encoding: plain, text: '' },
}

/** What was written to a checkpoint, in LangGraph's order. */
export function writesOf({ tables }: History, row: CheckpointRow): readonly WriteRow[] {
  if (row.writes === 0) return []
  const rows = tables.writes.of(row.set)
  if (rows.length === row.writes) return rows
  throw damaged(`checkpoint ${row.seq} has ${row.writes} writes, but ${rows.length} are there`)
}

/** Removes a thread; false when there was nothing of it. */
export function deleteThread({ tables, values }: History, thread: string): boolean {
  const lines = tables.lines.ofThread(thread)
  for (const { n } of lines) {
    for (const row of tables.checkpoints.ofLine(n)) {
      if (row.writes > 0) tables.writes.deleteSet(row.set)
      tables.checkpoints.delete(row.seq)
    }
    tables.values.deleteLine(n)
    tables.lines.delete(n)
    values.forgetLine(n)
  }
  return lines.length > 0
}

/** What is held of a thread in memory. */
export function forgetThread({ tables, values }: History, thread: string): void {
  for (const { n } of tables.lines.ofThread(thread)) values.forgetLine(n)
}

/**
 * What a store has to keep, as rows. `store.ts` and `saver.ts` hold everything the stores do; a store beneath them only
 * keeps rows: in maps (`memory.ts`) or in SQLite (`sqlite.ts`).
 *
 * All of it is synchronous, so that several rows can change in one transaction. Rows are plain data; text is JSON that
 * the floor above has already checked. A row that is not as it was written is never given out: `store_corrupt`.
 */

import type { RunStatus } from '../../foundation/outcome.ts'
import type { EncodedValue, Encoding } from '../serializer.ts'
import type { Lease, NewRun, RunFilter, RunOwner, RunVersion } from '../store.ts'

export interface Tables {
  readonly lines: LineTable
  readonly checkpoints: CheckpointTable
  readonly values: ValueTable
  readonly writes: WriteTable
  readonly runs: RunTable
  readonly logs: LogTable
  readonly leases: LeaseTable
  readonly waits: WaitTable
  readonly signals: SignalTable
  readonly plans: PlanTable
  readonly cache: CacheTable
  /** Everything `work` changes is kept, or, when it throws, nothing of it. Throws `store_closed` after `close`. */
  write<T>(work: () => T): T
  /** The same for work that is one statement, which is a transaction in itself. */
  single<T>(work: () => T): T
  /** `work` sees one state of the store. Throws `store_closed` after `close`. */
  read<T>(work: () => T): T
  describe(): StoreFacts
  /** Gives space that was freed back to the system. Outside of transactions. */
  shrink(): void
  /** May be called again. */
  close(): void
}

export interface StoreFacts {
  readonly kind: string
  readonly location: string
  readonly schemaVersion: number
  readonly bytes: number
}

/** One checkpoint of a thread, or one of a subgraph's namespace in it. */
export interface CheckpointKey {
  readonly thread: string
  readonly ns: string
  readonly id: string
}

/** The checkpoints of one namespace of one thread. */
export interface LineRow {
  readonly n: number
  readonly thread: string
  readonly ns: string
  /** `seq` of its newest checkpoint. */
  readonly tip: number | null
}

export interface LineTable {
  get(thread: string, ns: string): LineRow | undefined
  byNumber(n: number): LineRow | undefined
  ofThread(thread: string): readonly LineRow[]
  add(thread: string, ns: string): LineRow
  setTip(line: LineRow, tip: number | null): void
  delete(n: number): void
}

export interface CheckpointRow {
  /** The order of the store; time plays no part in it. */
  readonly seq: number
  readonly line: number
  readonly id: string
  /** The id of its parent, whether or not the store has that. */
  readonly parent: string | null
  /** `seq` of the one that was the newest of the line before it. */
  readonly prev: number | null
  /** Number of the value that says what it holds; null while there are only writes that came before it. */
  readonly head: number | null
  /** Under which number its writes stand. */
  readonly set: number
  /** How many writes it has. */
  readonly writes: number
  readonly metadata: EncodedValue
}

export interface CheckpointTable {
  /** Returns its `seq`, higher than any before. Without a `set` it gets one of its own. */
  add(row: Omit<CheckpointRow, 'seq' | 'set'> & { readonly set: number | null }): CheckpointRow
  update(row: CheckpointRow): void
  get(seq: number): CheckpointRow | undefined
  find(line: number, id: string): CheckpointRow | undefined
  /** All of a line, in no order, with those that have only writes. */
  ofLine(line: number): readonly CheckpointRow[]
  /** Of all lines, newest first, below `beforeSeq`. */
  before(beforeSeq: number, limit: number): readonly CheckpointRow[]
  delete(seq: number): void
}

/** Plain JSON that stands for another value: outcomes that the log holds, by their places in it. */
export const placed = 2
export type StoredEncoding = Encoding | typeof placed

export interface StoredText {
  readonly encoding: StoredEncoding
  readonly text: string
}

/** A value, whole or as a change of another one. Never changes, and its number is never used again. */
export interface ValueRow {
  readonly n: number
  readonly line: number
  /** The value that it is a change of. */
  readonly base: number | null
  /** How many changes lie between it and a whole value. */
  readonly depth: number
  /** The characters of all these changes. */
  readonly weight: number
  /** The characters of that whole value. */
  readonly full: number
  /** The characters of the value itself; of a change an estimate. */
  readonly size: number
  readonly encoding: StoredEncoding
  /** Of whole values that others may share. */
  readonly hash: Uint8Array | null
  readonly text: string
}

export interface ValueTable {
  add(row: Omit<ValueRow, 'n'>): number
  get(n: number): ValueRow | undefined
  /** What equal values of one line have in common, and others do not. */
  hash(value: StoredText): Uint8Array
  /** Throws `store_corrupt` when what has the hash is not of that size. */
  find(line: number, hash: Uint8Array, size: number): number | undefined
  /** Numbers and bases of all values of a line. */
  ofLine(line: number): readonly Pick<ValueRow, 'n' | 'base'>[]
  deleteLine(line: number): void
  delete(numbers: readonly number[]): void
}

/** Where a value is: the number of its row, or, if it is small, the value itself. */
export type Ref = number | readonly [encoding: StoredEncoding, text: string]

export interface WriteRow {
  readonly taskPath: string
  readonly taskId: string
  /** Negative for LangGraph's special channels, of which a task has one each. */
  readonly idx: number
  readonly channel: string
  readonly ref: Ref
}

export interface WriteTable {
  /** One row per (set, task, idx): a special one is replaced, of others the first stands. True when it is one more. */
  put(set: number, row: WriteRow): boolean
  /** In the order of LangGraph's `writesSortKey`. */
  of(set: number): readonly WriteRow[]
  deleteSet(set: number): void
}

/** A run. Its log stands under its number `n`, which is never used again. */
export type RunRow = NewRun & { readonly n: number } & RunChanging

/** What can change of a run. `last_seq` is where its log ended when this was written. */
export type RunChanging = Pick<
  NewRun,
  'status' | 'progress' | 'updated_at' | 'ended_at' | 'active_ms' | 'stretches' | 'cancel_requested'
> & { readonly last_seq: number }

export type RunPlace = Pick<RunRow, 'n' | 'id' | 'last_seq'>

export interface RunTable {
  /** Its number; nothing when the id is taken. */
  insert(row: Omit<RunRow, 'n'>): number | undefined
  get(id: string): RunRow | undefined
  place(id: string): RunPlace | undefined
  /** Newest first. */
  list(filter: RunFilter & { readonly limit: number }): readonly RunRow[]
  /** False when there is no such run. */
  update(id: string, change: Partial<RunChanging>): boolean
  /** The run must be there. */
  rewrite(id: string, version: RunVersion): void
  delete(id: string): boolean
  /** Ids of runs that have one of these statuses and ended before `at`. */
  endedBefore(at: string, statuses: readonly RunStatus[], limit: number): readonly string[]
}

/** What one append added to the log of a run: the events `first` to `last`, as a JSON list. */
export interface LogRow {
  readonly run: number
  readonly first: number
  readonly last: number
  readonly text: string
}

export interface LogTable {
  /** False, and nothing is added, unless the lease is held and the log ends at `first - 1`. One statement. */
  append(lease: Lease, row: LogRow): boolean
  /**
   * From the row that holds `seq + 1` to the end. Throws `store_corrupt` when one is missing, the last one too: no other
   * row says where a log ends.
   */
  after(run: number, seq: number): Iterable<LogRow>
  /** The last `seq`; 0 when it is empty. */
  end(run: number): number
  delete(run: number): void
}

/** Who holds a thread, or, without an owner, who held it last. */
export interface LeaseRow {
  readonly thread: string
  readonly epoch: number
  readonly owner: RunOwner | null
  readonly expiresAtMs: number
}

export interface LeaseTable {
  get(thread: string): LeaseRow | undefined
  isHeld(lease: Lease): boolean
  held(): readonly LeaseRow[]
  put(row: LeaseRow): void
  /** False, and nothing is changed, unless the lease is held. One statement. */
  change(lease: Lease, owner: RunOwner | null, expiresAtMs: number): boolean
  delete(thread: string): void
  /** The highest epoch of leases that were deleted; those of new threads are higher. */
  floor(): number
}

export interface PlanTable {
  /** A plan that is there already stays. */
  put(hash: string, text: string): void
  get(hash: string): string | undefined
}

export interface CacheTable {
  put(key: string, text: string, expiresAtMs: number): void
  get(key: string): { readonly text: string; readonly expiresAtMs: number } | undefined
  /** Forgets everything that has expired by then. */
  purge(nowMs: number): void
}

/** An open wait. */
export interface WaitRow {
  readonly id: string
  readonly thread: string
  /** When something is due of it; 0 once it is answered. */
  readonly dueMs: number | null
  /** Names of the events that it waits for. */
  readonly events: readonly string[]
  /** JSON of it. */
  readonly text: string
  /** JSON of the answer that was handed in, with its time. */
  readonly answer: string | null
}

export interface WaitTable {
  /** Replaces the one with this id. */
  put(row: WaitRow): void
  get(id: string): WaitRow | undefined
  ofThread(thread: string): readonly WaitRow[]
  forEvent(event: string): readonly WaitRow[]
  dueBy(ms: number): readonly WaitRow[]
  all(): readonly WaitRow[]
  nextDue(): number | undefined
  delete(id: string): void
  deleteThread(thread: string): void
}

export interface SignalRow {
  readonly n: number
  readonly id: string
  readonly event: string
  readonly expiresAtMs: number
  /** JSON of it. */
  readonly text: string
}

export interface SignalTable {
  /** Nothing when the id is taken. */
  add(row: Omit<SignalRow, 'n'>): SignalRow | undefined
  get(id: string): SignalRow | undefined
  named(event: string): readonly SignalRow[]
  after(n: number): readonly SignalRow[]
  purge(nowMs: number): void
  /** Notes that a stage of a thread was given it. */
  give(thread: string, stage: string, id: string): void
  given(thread: string, stage: string): readonly string[]
  deleteThread(thread: string): void
}

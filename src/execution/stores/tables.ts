/**
 * What a store has to keep, as rows. `store.ts` and `saver.ts` hold everything the stores do; a store beneath them only
 * keeps rows: in maps (`memory.ts`) or in SQLite (`sqlite.ts`).
 *
 * All of it is synchronous, so that several rows can change in one transaction. Rows are plain data; text is JSON that
 * the floor above has already checked.
 */

import type { EncodedValue } from '../serializer.ts'
import type { RunFilter, RunRecord } from '../store.ts'

export interface Tables {
  readonly checkpoints: CheckpointTable
  readonly writes: WriteTable
  readonly runs: RunTable
  readonly events: EventTable
  readonly plans: PlanTable
  readonly cache: CacheTable
  /** Everything `work` changes is kept, or, when it throws, nothing of it. Throws `store_closed` after `close`. */
  write<T>(work: () => T): T
  /** `work` sees one state of the store. Throws `store_closed` after `close`. */
  read<T>(work: () => T): T
  describe(): StoreFacts
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

export interface CheckpointRow extends CheckpointKey {
  /** The order of the store; time plays no part in it. */
  readonly seq: number
  readonly parent: string | null
  readonly v: number
  readonly ts: string
  /** JSON: channel → version. */
  readonly versions: string
  /** JSON: node → channel → version. */
  readonly seen: string
  /** JSON: channel → id of its stored value. */
  readonly refs: string
  readonly metadata: EncodedValue
}

/** A channel's value at one version. Checkpoints refer to it by id, so that branches of a thread never collide. */
export interface ValueRow {
  readonly thread: string
  readonly ns: string
  readonly channel: string
  /** JSON. */
  readonly version: string
  readonly value: EncodedValue
}

/** What a page of the history must match. */
export interface CheckpointFilter {
  readonly thread?: string
  readonly ns?: string
  readonly id?: string
  /** Only checkpoints of a lower `seq`. */
  readonly beforeSeq?: number
  /** Only checkpoints whose id sorts lower. */
  readonly belowId?: string
}

export interface CheckpointTable {
  addValue(row: ValueRow): number
  /** Values by id; what is not there is not in the map. */
  values(ids: readonly number[]): ReadonlyMap<number, EncodedValue>
  valuesAt(row: Omit<ValueRow, 'value'>): readonly { readonly id: number; readonly value: EncodedValue }[]
  /** Replaces a checkpoint with the same key, which keeps its `seq`. */
  put(row: Omit<CheckpointRow, 'seq'>): void
  get(key: CheckpointKey): CheckpointRow | undefined
  latest(thread: string, ns: string): CheckpointRow | undefined
  /** Newest first. */
  page(
    filter: CheckpointFilter,
    limit: number,
  ): readonly Pick<CheckpointRow, 'seq' | 'metadata' | keyof CheckpointKey>[]
  /** With values and checkpoints; false when there were none. */
  deleteThread(thread: string): boolean
}

export interface WriteRow {
  readonly taskPath: string
  readonly taskId: string
  /** Negative for LangGraph's special channels, of which a task has one each. */
  readonly idx: number
  readonly channel: string
  readonly value: EncodedValue
}

export interface WriteTable {
  /** One row per (checkpoint, task, idx): a special one is replaced, of others the first stands. */
  put(key: CheckpointKey, row: WriteRow): void
  /** In the order of LangGraph's `writesSortKey`. */
  of(key: CheckpointKey): readonly WriteRow[]
  deleteThread(thread: string): boolean
}

/** A run and the last `seq` of its events. */
export type RunRow = RunRecord & { readonly last_seq: number }

export interface RunTable {
  /** False when the id is taken. */
  insert(row: RunRow): boolean
  get(id: string): RunRow | undefined
  /** Newest first. */
  list(filter: RunFilter & { readonly limit: number }): readonly RunRow[]
  /** Writes everything that can change. */
  update(row: RunRow): void
  delete(id: string): boolean
}

export interface EventTable {
  append(run: string, seq: number, text: string): void
  /** In order; a negative limit means all. */
  after(run: string, seq: number, limit: number): readonly { readonly seq: number; readonly text: string }[]
  deleteRun(run: string): void
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

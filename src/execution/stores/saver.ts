/**
 * LangGraph's checkpointer over the tables of a store.
 *
 * What is stored and how is in `history.ts` and `values.ts`. Values that are read are frozen: whoever changes state in
 * place gets an error instead of a change that nobody stores. Order is the order in which the store got things, never
 * the clock's.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type DeltaChannelHistory,
  getCheckpointId,
  maxChannelVersion,
  type PendingWrite,
  TASKS,
  WRITES_IDX_MAP,
} from '@langchain/langgraph-checkpoint'
import { decodeValue, type EncodedValue, strictSerializer } from '../serializer.ts'
import type { Lease } from '../store.ts'
import { deltaHistory } from './delta-history.ts'
import {
  deleteThread,
  findCheckpoint,
  forgetThread,
  type History,
  headOf,
  loadValue,
  putCheckpoint,
  putWrites,
  writesOf,
} from './history.ts'
import { fenced } from './run-numbers.ts'
import type { CheckpointKey, CheckpointRow, LineRow, Tables, WriteRow } from './tables.ts'
import { readPage, type Step, type WalkFilter } from './walk.ts'

/** How many checkpoints `list` looks at in one go. */
const pageSize = 64

/** With the transactions of the store. */
export interface SavedHistory extends History {
  readonly tables: Tables
}

export class StoreSaver extends BaseCheckpointSaver {
  readonly #history: SavedHistory
  readonly #lease: Lease | undefined

  /** With a lease it writes for its holder only. */
  constructor(history: SavedHistory, lease?: Lease) {
    super(strictSerializer)
    this.#history = history
    this.#lease = lease
  }

  #read<T>(work: () => T): T {
    return settled(this.#history, () => this.#history.tables.read(work))
  }

  #write(thread: string, work: () => void): void {
    const lease = this.#lease
    const held = settled(this.#history, () =>
      this.#history.tables.write(() => {
        if (lease && !(lease.thread === thread && this.#history.tables.leases.isHeld(lease))) return false
        work()
        return true
      }),
    )
    if (held || !lease) return
    this.#read(() => forgetThread(this.#history, thread)) // whoever holds it now works elsewhere
    throw fenced(lease)
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const thread = threadOf(config)
    if (thread === undefined) return undefined
    const ns = nsOf(config) ?? ''
    return this.#read(() => {
      const row = findCheckpoint(this.#history, thread, ns, getCheckpointId(config))
      return row && toTuple(this.#history, { thread, ns }, row)
    })
  }

  /** Newest first. Checkpoints that are deleted meanwhile are left out. */
  override async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    let left = options.limit ?? Number.POSITIVE_INFINITY
    const match = metadataFilter(options.filter)
    const filter = walkFilter(config)
    const place = this.#read(() => placeOf(this.#history, options.before))
    let next: number | undefined = place.beforeSeq
    while (next !== undefined && left > 0) {
      const from: number = next
      const page = this.#read(() => readPage(this.#history.tables, { ...filter, ...place.filter }, from, pageSize))
      for (const step of page.steps) {
        if (left <= 0) return
        if (!match(step.row.metadata)) continue
        const tuple = this.#read(() => tupleAt(this.#history, step))
        if (!tuple) continue
        left -= 1
        yield tuple
      }
      next = page.next
    }
  }

  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const key = { thread: needed(threadOf(config), 'thread_id'), ns: nsOf(config) ?? '', id: name(checkpoint.id, 'id') }
    const parent = textOf(config, 'checkpoint_id') ?? null
    const isNew = (channel: string) => Object.hasOwn(newVersions, channel)
    this.#write(key.thread, () => putCheckpoint(this.#history, { ...key, parent, checkpoint, metadata, isNew }))
    return configOf(key)
  }

  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = '',
  ): Promise<void> {
    const thread = needed(threadOf(config), 'thread_id')
    const key = { thread, ns: nsOf(config) ?? '', id: needed(textOf(config, 'checkpoint_id'), 'checkpoint_id') }
    const added = writes.map(([channel, value], position) => {
      return { idx: WRITES_IDX_MAP[channel] ?? position, channel: name(channel, 'channel'), value }
    })
    const task = { taskId: name(taskId, 'task_id'), taskPath }
    this.#write(thread, () => putWrites(this.#history, key, task, added))
  }

  override async deleteThread(threadId: string): Promise<void> {
    this.#write(threadId, () => void deleteThread(this.#history, threadId))
  }

  override async getDeltaChannelHistory(options: {
    config: RunnableConfig
    channels: string[]
  }): Promise<Record<string, DeltaChannelHistory>> {
    const thread = threadOf(options.config)
    return this.#read(() => {
      const id = getCheckpointId(options.config)
      const target =
        thread === undefined ? undefined : findCheckpoint(this.#history, thread, nsOf(options.config) ?? '', id)
      return deltaHistory(this.#history, target, options.channels)
    })
  }
}

function tupleAt(history: History, { line, row }: Step): CheckpointTuple | undefined {
  const now = history.tables.checkpoints.get(row.seq)
  return now && now.line === line.n && now.id === row.id ? toTuple(history, line, now, true) : undefined
}

/** A new tuple; versions and lists in it are the caller's, values of channels are frozen. */
function toTuple(
  history: History,
  { thread, ns }: Pick<LineRow, 'thread' | 'ns'>,
  row: CheckpointRow,
  older = false,
): CheckpointTuple {
  const parent = row.parent === null ? undefined : { thread, ns, id: row.parent }
  return {
    config: configOf({ thread, ns, id: row.id }),
    checkpoint: toCheckpoint(history, { thread }, row, older),
    metadata: decodeValue(row.metadata) as CheckpointMetadata,
    pendingWrites: writesOf(history, row).map(({ taskId, channel, ref }) => [
      taskId,
      channel,
      loadValue(history, { thread }, ref),
    ]),
    ...(parent && { parentConfig: configOf(parent) }),
  }
}

function toCheckpoint(history: History, line: Pick<LineRow, 'thread'>, row: CheckpointRow, older: boolean): Checkpoint {
  const { v, ts, versions, seen, refs } = headOf(history, row)
  const checkpoint = {
    v,
    id: row.id,
    ts,
    channel_values: mapped(refs, (ref) => loadValue(history, line, ref, older)),
    channel_versions: mapped(versions, (version) => version),
    versions_seen: mapped(seen, (channels) => mapped(channels, (version) => version)),
  }
  const parent = v < 4 && row.parent !== null ? history.tables.checkpoints.find(row.line, row.parent) : undefined
  return v < 4 && row.parent !== null ? withPendingSends(history, line, checkpoint, parent) : checkpoint
}

const mapped = <T, U>(record: Readonly<Record<string, T>>, make: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, make(value)]))

/** Checkpoints before format 4 keep the sends of a step among the writes of the parent. */
function withPendingSends(
  history: History,
  line: Pick<LineRow, 'thread'>,
  checkpoint: Checkpoint,
  parent: CheckpointRow | undefined,
): Checkpoint {
  const writes: readonly WriteRow[] = parent ? writesOf(history, parent) : []
  const sends = writes.filter(({ channel }) => channel === TASKS).map(({ ref }) => loadValue(history, line, ref))
  const versions = Object.values(checkpoint.channel_versions)
  const version = versions.length > 0 ? maxChannelVersion(...versions) : 1
  return {
    ...checkpoint,
    channel_values: { ...checkpoint.channel_values, [TASKS]: sends },
    channel_versions: { ...checkpoint.channel_versions, [TASKS]: version },
  }
}

const configOf = ({ thread, ns, id }: CheckpointKey) => ({
  configurable: { thread_id: thread, checkpoint_ns: ns, checkpoint_id: id },
})

function walkFilter(config: RunnableConfig): WalkFilter {
  const thread = threadOf(config)
  const ns = nsOf(config)
  const id = getCheckpointId(config)
  return { ...(thread !== undefined && { thread }), ...(ns !== undefined && { ns }), ...(id !== '' && { id }) }
}

/** `before` a checkpoint that the store knows means stored earlier; of an unknown one only the id is there to go by. */
function placeOf(history: History, before: RunnableConfig | undefined) {
  const id = before && getCheckpointId(before)
  if (!before || !id) return { beforeSeq: Number.MAX_SAFE_INTEGER, filter: {} }
  const row = findCheckpoint(history, threadOf(before) ?? '', nsOf(before) ?? '', id)
  return row ? { beforeSeq: row.seq, filter: {} } : { beforeSeq: Number.MAX_SAFE_INTEGER, filter: { belowId: id } }
}

function metadataFilter(filter: CheckpointListOptions['filter']): (metadata: EncodedValue) => boolean {
  const wanted = Object.entries(filter ?? {}).filter(([, value]) => value !== undefined)
  if (wanted.length === 0) return () => true
  return (metadata) => {
    const found = decodeValue(metadata) as Record<string, unknown>
    return wanted.every(([key, value]) => Object.hasOwn(found, key) && sameText(found[key], value))
  }
}

/** What a transaction has read or written is remembered when it has ended well. */
export function settled<T>({ values }: History, transaction: () => T): T {
  let committed = false
  try {
    const result = transaction()
    committed = true
    return result
  } finally {
    values.settle(committed)
  }
}

const sameText = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

const threadOf = (config: RunnableConfig) => textOf(config, 'thread_id')
const nsOf = (config: RunnableConfig) => textOf(config, 'checkpoint_ns')

function textOf(config: RunnableConfig, key: string): string | undefined {
  const value: unknown = config.configurable?.[key]
  return value === undefined || value === null ? undefined : name(value, key)
}

/** SQLite keeps text as UTF-8, in which half a surrogate pair has no form. */
function name(value: unknown, key: string): string {
  if (typeof value === 'string' && value.isWellFormed()) return value
  throw new TypeError(
    `"${key}" must be well-formed text, but it is ${typeof value === 'string' ? 'not' : typeof value}.`,
  )
}

function needed(value: string | undefined, key: string): string {
  if (value !== undefined) return value
  throw new TypeError(`"${key}" is missing: pass { configurable: { ${key}: '…' } }.`)
}

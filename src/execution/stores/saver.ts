/**
 * LangGraph's checkpointer over the tables of a store.
 *
 * A checkpoint's row refers to the stored values of its channels by id. What did not change since the parent is not
 * stored again: the reference is taken over. So the branches of a thread may well use the same version numbers without
 * seeing each other's values. Order is the order in which the store got things, never the clock's.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  type DeltaChannelHistory,
  getCheckpointId,
  maxChannelVersion,
  type PendingWrite,
  TASKS,
  WRITES_IDX_MAP,
} from '@langchain/langgraph-checkpoint'
import { decodeValue, type EncodedValue, encodeValue, strictSerializer } from '../serializer.ts'
import { deltaHistory } from './delta-history.ts'
import type { CheckpointFilter, CheckpointKey, CheckpointRow, Tables, WriteRow } from './tables.ts'
import { type EncodedChannel, readRefs, referTo } from './values.ts'

/** How many checkpoints `list` looks at in one go. */
const pageSize = 64

export class StoreSaver extends BaseCheckpointSaver {
  readonly #tables: Tables

  constructor(tables: Tables) {
    super(strictSerializer)
    this.#tables = tables
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const thread = threadOf(config)
    if (thread === undefined) return undefined
    return this.#tables.read(() => {
      const row = findRow(this.#tables, thread, nsOf(config) ?? '', getCheckpointId(config))
      return row && toTuple(this.#tables, row)
    })
  }

  /** Newest first. Checkpoints that are deleted meanwhile are left out. */
  override async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    let left = options.limit ?? Number.POSITIVE_INFINITY
    const match = metadataFilter(options.filter)
    let filter = this.#tables.read(() => listFilter(this.#tables, config, options.before))
    while (left > 0) {
      const page = this.#tables.read(() => this.#tables.checkpoints.page(filter, pageSize))
      for (const key of page) {
        if (left <= 0) return
        if (!match(key.metadata)) continue
        const tuple = this.#tables.read(() => tupleAt(this.#tables, key))
        if (!tuple) continue
        left -= 1
        yield tuple
      }
      const last = page.at(-1)
      if (!last || page.length < pageSize) return
      filter = { ...filter, beforeSeq: last.seq }
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
    const changed = changedChannels(checkpoint, newVersions)
    const encodedMetadata = encodeValue(metadata, ['metadata'])
    this.#tables.write(() => {
      const refs = referTo(this.#tables.checkpoints, { ...key, parent, checkpoint, changed })
      this.#tables.checkpoints.put({
        ...key,
        parent,
        v: checkpoint.v,
        ts: checkpoint.ts,
        versions: JSON.stringify(checkpoint.channel_versions ?? {}),
        seen: JSON.stringify(checkpoint.versions_seen ?? {}),
        refs: JSON.stringify(refs),
        metadata: encodedMetadata,
      })
    })
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
    const rows = writes.map(([channel, value], position): WriteRow => {
      const idx = WRITES_IDX_MAP[channel] ?? position
      return {
        taskPath,
        taskId: name(taskId, 'task_id'),
        idx,
        channel: name(channel, 'channel'),
        value: encodeValue(value, [channel]),
      }
    })
    this.#tables.write(() => {
      for (const row of rows) this.#tables.writes.put(key, row)
    })
  }

  override async deleteThread(threadId: string): Promise<void> {
    this.#tables.write(() => {
      this.#tables.checkpoints.deleteThread(threadId)
      this.#tables.writes.deleteThread(threadId)
    })
  }

  override async getDeltaChannelHistory(options: {
    config: RunnableConfig
    channels: string[]
  }): Promise<Record<string, DeltaChannelHistory>> {
    const thread = threadOf(options.config)
    return this.#tables.read(() => {
      const id = getCheckpointId(options.config)
      const target = thread && findRow(this.#tables, thread, nsOf(options.config) ?? '', id)
      return deltaHistory(this.#tables, target || undefined, options.channels)
    })
  }
}

function findRow(tables: Tables, thread: string, ns: string, id: string): CheckpointRow | undefined {
  return id ? tables.checkpoints.get({ thread, ns, id }) : tables.checkpoints.latest(thread, ns)
}

function tupleAt(tables: Tables, key: CheckpointKey): CheckpointTuple | undefined {
  const row = tables.checkpoints.get(key)
  return row && toTuple(tables, row)
}

/** A new tuple, which the caller may change at will. */
function toTuple(tables: Tables, row: CheckpointRow): CheckpointTuple {
  const parent = row.parent === null ? undefined : { thread: row.thread, ns: row.ns, id: row.parent }
  return {
    config: configOf(row),
    checkpoint: toCheckpoint(tables, row, parent),
    metadata: decodeValue(row.metadata) as CheckpointMetadata,
    pendingWrites: pendingWrites(tables.writes.of(row)),
    ...(parent && { parentConfig: configOf(parent) }),
  }
}

function toCheckpoint(tables: Tables, row: CheckpointRow, parent: CheckpointKey | undefined): Checkpoint {
  const checkpoint = {
    v: row.v,
    id: row.id,
    ts: row.ts,
    channel_values: readRefs(tables.checkpoints, row.refs),
    channel_versions: JSON.parse(row.versions) as ChannelVersions,
    versions_seen: JSON.parse(row.seen) as Checkpoint['versions_seen'],
  }
  return row.v < 4 && parent ? withPendingSends(checkpoint, tables.writes.of(parent)) : checkpoint
}

/** Checkpoints before format 4 keep the sends of a step among the writes of the parent. */
function withPendingSends(checkpoint: Checkpoint, writesOfParent: readonly WriteRow[]): Checkpoint {
  const sends = writesOfParent.filter(({ channel }) => channel === TASKS).map(({ value }) => decodeValue(value))
  const versions = Object.values(checkpoint.channel_versions)
  const version = versions.length > 0 ? maxChannelVersion(...versions) : 1
  return {
    ...checkpoint,
    channel_values: { ...checkpoint.channel_values, [TASKS]: sends },
    channel_versions: { ...checkpoint.channel_versions, [TASKS]: version },
  }
}

const pendingWrites = (rows: readonly WriteRow[]): CheckpointPendingWrite[] =>
  rows.map(({ taskId, channel, value }) => [taskId, channel, decodeValue(value)])

const configOf = ({ thread, ns, id }: CheckpointKey) => ({
  configurable: { thread_id: thread, checkpoint_ns: ns, checkpoint_id: id },
})

function changedChannels(checkpoint: Checkpoint, newVersions: ChannelVersions): readonly EncodedChannel[] {
  return Object.entries(checkpoint.channel_values ?? {})
    .filter(([channel]) => Object.hasOwn(newVersions, channel))
    .map(([channel, value]) => ({ channel: name(channel, 'channel'), value: encodeValue(value, [channel]) }))
}

function listFilter(tables: Tables, config: RunnableConfig, before: RunnableConfig | undefined): CheckpointFilter {
  const thread = threadOf(config)
  const ns = nsOf(config)
  const id = getCheckpointId(config)
  return {
    ...(thread !== undefined && { thread }),
    ...(ns !== undefined && { ns }),
    ...(id !== '' && { id }),
    ...beforeFilter(tables, before),
  }
}

/** `before` a checkpoint that the store knows means stored earlier; of an unknown one only the id is there to go by. */
function beforeFilter(tables: Tables, before: RunnableConfig | undefined): CheckpointFilter {
  const id = before && getCheckpointId(before)
  if (!before || !id) return {}
  const row = tables.checkpoints.get({ thread: threadOf(before) ?? '', ns: nsOf(before) ?? '', id })
  return row ? { beforeSeq: row.seq } : { belowId: id }
}

function metadataFilter(filter: CheckpointListOptions['filter']): (metadata: EncodedValue) => boolean {
  const wanted = Object.entries(filter ?? {}).filter(([, value]) => value !== undefined)
  if (wanted.length === 0) return () => true
  return (metadata) => {
    const found = decodeValue(metadata) as Record<string, unknown>
    return wanted.every(([key, value]) => Object.hasOwn(found, key) && sameText(found[key], value))
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

/**
 * Which stored value each channel of a checkpoint refers to.
 */
import type { Checkpoint } from '@langchain/langgraph-checkpoint'
import { StoreError } from '../../foundation/errors.ts'
import { decodeValue, type EncodedValue, encodeValue } from '../serializer.ts'
import type { CheckpointTable } from './tables.ts'

/** Channel → id of its stored value. */
export type Refs = Readonly<Record<string, number>>

export interface EncodedChannel {
  readonly channel: string
  readonly value: EncodedValue
}

export interface NewCheckpoint {
  readonly thread: string
  readonly ns: string
  readonly parent: string | null
  readonly checkpoint: Checkpoint
  /** The channels with a new version that have a value. */
  readonly changed: readonly EncodedChannel[]
}

/** The references of a new checkpoint. Stores the values that changed, and only those. */
export function referTo(table: CheckpointTable, added: NewCheckpoint): Refs {
  const { thread, ns, parent, checkpoint, changed } = added
  const refs = new Map<string, number>()
  for (const { channel, value } of changed) {
    refs.set(channel, table.addValue({ thread, ns, channel, version: versionOf(checkpoint, channel), value }))
  }
  const carried = Object.keys(checkpoint.channel_values ?? {}).filter((channel) => !refs.has(channel))
  if (carried.length > 0) {
    const inherited = parentRefs(table, added, parent)
    for (const channel of carried) {
      const id = inherited(channel) ?? findEqual(table, added, channel)
      if (id !== undefined) refs.set(channel, id)
    }
  }
  return Object.fromEntries(refs)
}

/** What the parent refers to for a channel, if it has that channel at the same version. */
function parentRefs(table: CheckpointTable, { thread, ns, checkpoint }: NewCheckpoint, parent: string | null) {
  const row = parent === null ? undefined : table.get({ thread, ns, id: parent })
  const refs: Refs = row ? JSON.parse(row.refs) : {}
  const versions = row ? JSON.parse(row.versions) : {}
  return (channel: string): number | undefined =>
    Object.hasOwn(refs, channel) && JSON.stringify(versions[channel]) === versionOf(checkpoint, channel)
      ? refs[channel]
      : undefined
}

/**
 * A channel that neither changed nor stands so in the parent: a copy of another checkpoint, made by `updateState`. It
 * refers to an equal value of the same version; without one it is stored, so that nothing is lost — but for a
 * checkpoint without a parent, which LangGraph defines to hold only what it calls new.
 */
function findEqual(table: CheckpointTable, added: NewCheckpoint, channel: string): number | undefined {
  const { thread, ns, parent, checkpoint } = added
  const value = encodeValue(checkpoint.channel_values[channel], [channel])
  const at = { thread, ns, channel, version: versionOf(checkpoint, channel) }
  const equal = table.valuesAt(at).find((row) => row.value.text === value.text && row.value.encoding === value.encoding)
  if (equal) return equal.id
  return parent === null ? undefined : table.addValue({ ...at, value })
}

const versionOf = (checkpoint: Checkpoint, channel: string): string =>
  JSON.stringify(checkpoint.channel_versions?.[channel] ?? null)

/** The values that `refs` (JSON) refers to. */
export function readRefs(table: CheckpointTable, refs: string): Record<string, unknown> {
  const entries = Object.entries(JSON.parse(refs) as Refs)
  const values = table.values(entries.map(([, id]) => id))
  return Object.fromEntries(entries.map(([channel, id]) => [channel, decodeValue(present(values.get(id), channel))]))
}

/** The stored value of one channel, if the checkpoint has one. */
export function readRef(table: CheckpointTable, refs: Refs, channel: string): unknown {
  const id = Object.hasOwn(refs, channel) ? refs[channel] : undefined
  return id === undefined ? undefined : decodeValue(present(table.values([id]).get(id), channel))
}

function present(value: EncodedValue | undefined, channel: string): EncodedValue {
  if (value) return value
  throw new StoreError('store_corrupt', `A checkpoint refers to a value of "${channel}" that is not in the store.`)
}

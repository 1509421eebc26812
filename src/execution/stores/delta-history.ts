/**
 * The walk from a checkpoint to its ancestors by which LangGraph rebuilds a `DeltaChannel`.
 */
import type { CheckpointPendingWrite, DeltaChannelHistory } from '@langchain/langgraph-checkpoint'
import { decodeValue } from '../serializer.ts'
import type { CheckpointRow, Tables } from './tables.ts'
import { type Refs, readRef } from './values.ts'

/**
 * Per channel: what its ancestors wrote to it, oldest first, since the nearest one that holds a value, which is the
 * seed. The writes of `target` itself are not part of it, those of the seed's checkpoint are.
 */
export function deltaHistory(
  tables: Tables,
  target: CheckpointRow | undefined,
  channels: readonly string[],
): Record<string, DeltaChannelHistory> {
  const histories = new Map(channels.map((channel): [string, Collected] => [channel, { newestFirst: [] }]))
  const open = new Set(channels)
  for (const ancestor of ancestors(tables, target)) {
    if (open.size === 0) break
    collectWrites(tables, ancestor, open, histories)
    const refs = JSON.parse(ancestor.refs) as Refs
    for (const channel of open) {
      const seed = readRef(tables.checkpoints, refs, channel)
      if (seed === undefined) continue
      histories.set(channel, { newestFirst: histories.get(channel)?.newestFirst ?? [], seed })
      open.delete(channel)
    }
  }
  return Object.fromEntries([...histories].map(([channel, collected]) => [channel, toHistory(collected)]))
}

interface Collected {
  readonly newestFirst: CheckpointPendingWrite[]
  readonly seed?: unknown
}

function* ancestors(tables: Tables, target: CheckpointRow | undefined): Generator<CheckpointRow> {
  const seen = new Set<string>()
  let row = target
  while (row && row.parent !== null && !seen.has(row.parent)) {
    seen.add(row.parent)
    row = tables.checkpoints.get({ thread: row.thread, ns: row.ns, id: row.parent })
    if (row) yield row
  }
}

function collectWrites(
  tables: Tables,
  row: CheckpointRow,
  open: ReadonlySet<string>,
  histories: ReadonlyMap<string, Collected>,
): void {
  for (const { taskId, channel, value } of tables.writes.of(row).toReversed()) {
    if (open.has(channel)) histories.get(channel)?.newestFirst.push([taskId, channel, decodeValue(value)])
  }
}

const toHistory = ({ newestFirst, ...seed }: Collected): DeltaChannelHistory => ({
  writes: newestFirst.toReversed(),
  ...seed,
})

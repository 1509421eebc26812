/**
 * The walk from a checkpoint to its ancestors by which LangGraph rebuilds a `DeltaChannel`.
 */
import type { CheckpointPendingWrite, DeltaChannelHistory } from '@langchain/langgraph-checkpoint'
import { decodeValue } from '../serializer.ts'
import { type History, headOf, loadValue, writesOf } from './history.ts'
import type { CheckpointRow, LineRow } from './tables.ts'

/**
 * Per channel: what its ancestors wrote to it, oldest first, since the nearest one that holds a value, which is the
 * seed. The writes of `target` itself are not part of it, those of the seed's checkpoint are.
 */
export function deltaHistory(
  history: History,
  target: CheckpointRow | undefined,
  channels: readonly string[],
): Record<string, DeltaChannelHistory> {
  const histories = new Map(channels.map((channel): [string, Collected] => [channel, { newestFirst: [] }]))
  const open = new Set(channels)
  const line = target && history.tables.lines.byNumber(target.line)
  if (!target || !line) return Object.fromEntries(channels.map((channel) => [channel, { writes: [] }]))
  for (const ancestor of ancestors(history, target)) {
    if (open.size === 0) break
    collectWrites(history, line, ancestor, open, histories)
    const { refs } = headOf(history, ancestor)
    for (const channel of open) {
      const ref = Object.hasOwn(refs, channel) ? refs[channel] : undefined
      const seed = ref === undefined ? undefined : loadValue(history, line, ref)
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

function* ancestors({ tables }: History, target: CheckpointRow | undefined): Generator<CheckpointRow> {
  const seen = new Set<string>()
  let row = target
  while (row && row.parent !== null && !seen.has(row.parent)) {
    seen.add(row.parent)
    row = tables.checkpoints.find(row.line, row.parent)
    if (row && row.head !== null) yield row
  }
}

function collectWrites(
  history: History,
  line: LineRow,
  row: CheckpointRow,
  open: ReadonlySet<string>,
  histories: ReadonlyMap<string, Collected>,
): void {
  for (const { taskId, channel, ref } of writesOf(history, row).toReversed()) {
    if (open.has(channel)) histories.get(channel)?.newestFirst.push([taskId, channel, loadValue(history, line, ref)])
  }
}

const toHistory = ({ newestFirst, ...seed }: Collected): DeltaChannelHistory => ({
  writes: newestFirst.toReversed(),
  ...seed,
})

/**
 * The ancestors that a checkpoint is rebuilt from: those up to the nearest that holds a value, for each channel that
 * LangGraph's metadata calls a delta channel and that the checkpoint holds no value of.
 */
export function deltaHistoryRows(history: History, target: CheckpointRow): readonly CheckpointRow[] {
  const metadata = decodeValue(target.metadata) as { readonly counters_since_delta_snapshot?: unknown }
  const counters = metadata.counters_since_delta_snapshot
  if (typeof counters !== 'object' || counters === null) return []
  const has = (row: CheckpointRow, channel: string) => Object.hasOwn(headOf(history, row).refs, channel)
  const open = new Set(Object.keys(counters).filter((channel) => !has(target, channel)))
  const rows: CheckpointRow[] = []
  for (const ancestor of ancestors(history, target)) {
    if (open.size === 0) break
    rows.push(ancestor)
    for (const channel of open) if (has(ancestor, channel)) open.delete(channel)
  }
  return rows
}

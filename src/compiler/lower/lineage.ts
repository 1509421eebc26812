/**
 * Which rows of a thread's journal count at a checkpoint, and which are another branch's.
 *
 * A row stands at the checkpoint that its node was entered with. What counts are the rows of the checkpoint itself, and of
 * those before it that it was only edited or copied from, as long as no step of LangGraph went on from them: then the
 * edit made a fork, and what was recorded there belongs to the other branch. Earlier rows are in the state.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver, CheckpointTuple } from '@langchain/langgraph-checkpoint'
import type { Outcomes } from '../../foundation/outcome.ts'
import type { DatedEvent } from '../../foundation/past.ts'

/** The channel of the rows. No channel of the graph is called so. */
export const journalChannel = '__journal__'

/** What a row holds: an event and its place among those of its checkpoint. */
export interface JournalRow {
  readonly n: number
  readonly event: DatedEvent
}

export interface Lineage {
  readonly base: CheckpointTuple | undefined
  /** The highest place that a row of the checkpoint has. */
  readonly ofBase: number
  /** What counts, oldest first. */
  readonly events: readonly DatedEvent[]
  /** Ids of the checkpoints whose rows count. */
  readonly counted: ReadonlySet<string>
  /** The thread went on before from where this checkpoint comes from. */
  readonly forks: boolean
}

export async function readLineage(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<Lineage> {
  const base = await saver.getTuple(config)
  const counted = new Set<string>()
  let events: readonly DatedEvent[] = []
  let forks = false
  for (let tuple = base; tuple; ) {
    counted.add(tuple.checkpoint.id)
    events = [...eventsOf(tuple), ...events]
    const { parentConfig, checkpoint } = tuple
    if (!parentConfig || !isCopy(tuple)) break
    const children = await childrenOf(saver, parentConfig)
    const stepped = children.some((child) => !isCopy(child))
    forks ||= stepped || children.some((child) => child.checkpoint.id !== checkpoint.id)
    tuple = stepped ? undefined : await saver.getTuple(parentConfig)
  }
  const ofBase = Math.max(0, ...rowsOf(base).map(({ n }) => n))
  return { base, ofBase, events, counted, forks }
}

/** Made by an edit, or by going back to it: no step led to it. */
const isCopy = ({ metadata }: CheckpointTuple): boolean => metadata?.source !== 'loop'

/** Whether LangGraph made a step from this checkpoint. */
export const isStepped = async (saver: BaseCheckpointSaver, config: RunnableConfig): Promise<boolean> =>
  (await childrenOf(saver, config)).some((child) => !isCopy(child))

async function childrenOf(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<CheckpointTuple[]> {
  const id: unknown = config.configurable?.checkpoint_id
  return (await tuplesOf(saver, config)).filter(({ parentConfig }) => parentConfig?.configurable?.checkpoint_id === id)
}

function rowsOf(tuple: CheckpointTuple | undefined): JournalRow[] {
  const writes = tuple?.pendingWrites ?? []
  return writes.flatMap(([, channel, value]) => (channel === journalChannel ? [value as JournalRow] : []))
}

/** The events at a checkpoint, in the order in which they were said. */
export const eventsOf = (tuple: CheckpointTuple): DatedEvent[] =>
  rowsOf(tuple)
    .sort((a, b) => a.n - b.n)
    .map(({ event }) => event)

/** Everything that was said on the way to a checkpoint, and at it, oldest first. */
export async function eventsUpTo(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<DatedEvent[]> {
  const all: DatedEvent[][] = []
  for (let tuple = await saver.getTuple(config); tuple; ) {
    all.unshift(eventsOf(tuple))
    tuple = tuple.parentConfig && (await saver.getTuple(tuple.parentConfig))
  }
  return all.flat()
}

/** Every checkpoint of a graph's thread. */
export async function tuplesOf(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<CheckpointTuple[]> {
  const { thread_id, checkpoint_ns = '' } = config.configurable ?? {}
  const all: CheckpointTuple[] = []
  for await (const tuple of saver.list({ configurable: { thread_id, checkpoint_ns } })) all.push(tuple)
  return all
}

/** Path → the highest generation it has in branches that the checkpoint of `lineage` does not come from. */
export async function generationsElsewhere(
  saver: BaseCheckpointSaver,
  config: RunnableConfig,
  { base, counted }: Lineage,
): Promise<Readonly<Record<string, number>>> {
  const all = await tuplesOf(saver, config)
  const inside = new Set([...counted, ...steppedThrough(all, base)])
  const found: Record<string, number> = {}
  const note = (path: string, generation = 1) => {
    found[path] = Math.max(found[path] ?? 0, generation)
  }
  for (const tuple of all) {
    if (inside.has(tuple.checkpoint.id)) continue
    for (const event of eventsOf(tuple)) if ('stage' in event) note(event.stage, generationIn(event))
    for (const [path, outcome] of Object.entries(outcomesAt(tuple))) note(path, outcome.generation)
  }
  return found
}

const generationIn = (event: DatedEvent): number | undefined => ('generation' in event ? event.generation : undefined)

/** The checkpoints before it whose rows are in its state: a step led from each of them to the next. */
function steppedThrough(all: readonly CheckpointTuple[], base: CheckpointTuple | undefined): string[] {
  const byId = new Map(all.map((tuple) => [tuple.checkpoint.id, tuple]))
  const ids: string[] = []
  for (let tuple = base; tuple; ) {
    const parent = byId.get(String(tuple.parentConfig?.configurable?.checkpoint_id))
    if (parent && !isCopy(tuple)) ids.push(parent.checkpoint.id)
    tuple = parent
  }
  return ids
}

/** Outcomes that a checkpoint has in its state, or that nodes returned at it. */
function outcomesAt({ checkpoint, pendingWrites = [] }: CheckpointTuple): Outcomes {
  const returned = pendingWrites.flatMap(([, channel, value]) => (channel === 'stages' ? [value as Outcomes] : []))
  return Object.assign({}, checkpoint.channel_values.stages as Outcomes | undefined, ...returned)
}

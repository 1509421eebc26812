/**
 * The journal in any LangGraph checkpointer: events, written as pending writes of the checkpoint that the node was
 * entered with.
 *
 * LangGraph leaves pending writes of tasks it does not know alone, so every commit has a task id of its own. Rows are
 * swept away with their thread. The checkpointer is taken from the configuration of each call and never kept: whoever
 * invokes the graph may bring another.
 *
 * There is no fence in it: that one thread is run by one runner at a time is the caller's duty. And the checkpoint must
 * be stored before the node starts: durability `sync`.
 */
import { hash } from 'node:crypto'
import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver, CheckpointTuple } from '@langchain/langgraph-checkpoint'
import { createBatches } from '../../foundation/batches.ts'
import { isRecorded } from '../../foundation/events.ts'
import { type Journal, JournalError, type Recorded } from '../../foundation/journal.ts'
import type { Outcomes } from '../../foundation/outcome.ts'
import { type DatedEvent, foldPast, noPast } from '../../foundation/past.ts'

/** The channel of the rows. No channel of the graph is called so. */
export const journalChannel = '__journal__'

/** What a row holds: an event and its place among those of its checkpoint. */
export interface JournalRow {
  readonly n: number
  readonly event: DatedEvent
}

/** Where rows go: a thread's checkpoint. */
interface Place {
  readonly saver: BaseCheckpointSaver
  readonly config: { readonly configurable: Readonly<Record<'thread_id' | 'checkpoint_ns' | 'checkpoint_id', string>> }
}

/**
 * The journal of the node that runs with this configuration; undefined when the graph keeps nothing. `goesOn`: there may
 * be rows already.
 */
export async function recordedOfNode(config: RunnableConfig, goesOn: boolean): Promise<Recorded | undefined> {
  const place = placeOf(config)
  if (!place) return undefined
  if (!goesOn) return { journal: createSaverJournal(place, 0), past: noPast }
  const rows = await readLineage(place.saver, place.config)
  return { journal: createSaverJournal(place, rows.ofBase), past: foldPast(rows.events) }
}

function placeOf({ configurable = {} }: RunnableConfig): Place | undefined {
  const saver = configurable.__pregel_checkpointer as BaseCheckpointSaver | undefined
  const ns = namespaceOfGraph(String(configurable.checkpoint_ns ?? ''))
  const base: unknown = configurable.checkpoint_map?.[ns]
  if (!saver || typeof base !== 'string') return undefined
  const thread_id = String(configurable.thread_id)
  return { saver, config: { configurable: { thread_id, checkpoint_ns: ns, checkpoint_id: base } } }
}

/** A task's namespace is its graph's, and the task after a bar. */
const namespaceOfGraph = (ns: string): string => ns.slice(0, Math.max(0, ns.lastIndexOf('|')))

/** `taken`: how many rows the checkpoint has. */
function createSaverJournal({ saver, config }: Place, taken: number): Journal {
  let n = taken
  const batches = createBatches<JournalRow>(async (rows) => {
    try {
      const writes = rows.map((row): [string, JournalRow] => [journalChannel, row])
      await saver.putWrites(config, writes, taskIdOf(rows[0]?.n ?? 0))
    } catch (error) {
      throw new JournalError(error)
    }
  })
  return {
    say(event, at = new Date().toISOString()) {
      if (isRecorded(event)) batches.push({ n: ++n, event: { ...event, at } })
    },
    commit: batches.commit,
  }
}

/** A UUID, because some checkpointers want one. */
function taskIdOf(n: number): string {
  const hex = hash('sha1', `journal:${n}`)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/**
 * The events of a checkpoint, and of those before it that it was only edited from: their stages ran, and no step of
 * LangGraph has taken them in. Where one has, the edit made a fork, and the other branch's rows are none of its business.
 */
async function readLineage(
  saver: BaseCheckpointSaver,
  config: RunnableConfig,
): Promise<{ readonly ofBase: number; readonly events: readonly DatedEvent[] }> {
  let tuple = await saver.getTuple(config)
  let events = tuple ? eventsOf(tuple) : []
  const ofBase = events.length
  while (tuple?.parentConfig && tuple.metadata?.source !== 'loop' && !(await isStepped(saver, tuple.parentConfig))) {
    tuple = await saver.getTuple(tuple.parentConfig)
    if (tuple) events = [...eventsOf(tuple), ...events]
  }
  return { ofBase, events }
}

/** The outcomes as whoever edits this checkpoint has to see them: none, when the thread went on from it: this is a fork. */
export async function readRowsOfHead(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<Outcomes> {
  if (await isStepped(saver, config)) return {}
  const { events } = await readLineage(saver, config)
  return foldPast(events).outcomes
}

/** The events at a checkpoint, in the order in which they were said. */
export function eventsOf({ pendingWrites = [] }: CheckpointTuple): DatedEvent[] {
  const rows = pendingWrites.flatMap(([, channel, value]) => (channel === journalChannel ? [value as JournalRow] : []))
  return rows.sort((a, b) => a.n - b.n).map(({ event }) => event)
}

/** Whether LangGraph made a step from this checkpoint. */
async function isStepped(saver: BaseCheckpointSaver, { configurable = {} }: RunnableConfig): Promise<boolean> {
  const { thread_id, checkpoint_ns = '', checkpoint_id } = configurable
  for await (const { metadata, parentConfig } of saver.list({ configurable: { thread_id, checkpoint_ns } })) {
    if (metadata?.source === 'loop' && parentConfig?.configurable?.checkpoint_id === checkpoint_id) return true
  }
  return false
}

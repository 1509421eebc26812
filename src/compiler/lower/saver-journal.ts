/**
 * The journal in any LangGraph checkpointer: a row per completed stage, written as pending writes of the checkpoint that
 * the node was entered with.
 *
 * LangGraph leaves pending writes of tasks it does not know alone, so every row has a task id of its own, made from the
 * stage's path. Rows are swept away with their thread. The checkpointer is taken from the configuration of each call and
 * never kept: whoever invokes the graph may bring another.
 *
 * There is no fence in it: that one thread is run by one runner at a time is the caller's duty. And the checkpoint must
 * be stored before the node starts: durability `sync`.
 */
import { hash } from 'node:crypto'
import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver, CheckpointTuple } from '@langchain/langgraph-checkpoint'
import type { Journal } from '../../foundation/flow.ts'
import type { Outcome, Outcomes } from '../../foundation/outcome.ts'

/** The channel of the rows. No channel of the graph is called so. */
export const journalChannel = '__journal__'

/** What a row holds. */
export interface JournalRow {
  readonly path: string
  readonly outcome: Outcome
  /** Its place in the order in which rows were written: checkpointers give them back by task id. */
  readonly seq: number
}

/** Where rows go: a thread's checkpoint. */
interface Place {
  readonly saver: BaseCheckpointSaver
  readonly config: { readonly configurable: Readonly<Record<'thread_id' | 'checkpoint_ns' | 'checkpoint_id', string>> }
}

/** The journal of the node that runs with this configuration; undefined when the graph keeps nothing. */
export function journalOfNode(config: RunnableConfig): Journal | undefined {
  const { configurable = {} } = config
  const saver = configurable.__pregel_checkpointer as BaseCheckpointSaver | undefined
  const ns = namespaceOfGraph(String(configurable.checkpoint_ns ?? ''))
  const base: unknown = configurable.checkpoint_map?.[ns]
  if (!saver || typeof base !== 'string') return undefined
  const place: Place = {
    saver,
    config: { configurable: { thread_id: String(configurable.thread_id), checkpoint_ns: ns, checkpoint_id: base } },
  }
  let seq = 0
  return {
    completed: (path, outcome) => write(place, { path, outcome, seq: ++seq }),
    async read() {
      const rows = await readRows(saver, place.config)
      seq = Object.keys(rows).length
      return rows
    },
  }
}

/** A task's namespace is its graph's, and the task after a bar. */
const namespaceOfGraph = (ns: string): string => ns.slice(0, Math.max(0, ns.lastIndexOf('|')))

const write = ({ saver, config }: Place, row: JournalRow): Promise<void> =>
  saver.putWrites(config, [[journalChannel, row]], taskIdOf(row.path))

/** A UUID, because some checkpointers want one. */
function taskIdOf(path: string): string {
  const hex = hash('sha1', path)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/**
 * The rows of a checkpoint, and of those before it that it was only edited from: their stages ran, and no step of
 * LangGraph has taken them in. Where one has, the edit made a fork, and the other branch's rows are none of its business.
 */
export async function readRows(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<Outcomes> {
  let tuple = await saver.getTuple(config)
  let rows: Outcomes = tuple ? rowsOf(tuple) : {}
  while (tuple?.parentConfig && tuple.metadata?.source !== 'loop' && !(await isStepped(saver, tuple.parentConfig))) {
    tuple = await saver.getTuple(tuple.parentConfig)
    if (tuple) rows = { ...rowsOf(tuple), ...rows }
  }
  return rows
}

/** The rows as whoever edits this checkpoint has to see them: none, when the thread went on from it and this is a fork. */
export async function readRowsOfHead(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<Outcomes> {
  return (await isStepped(saver, config)) ? {} : readRows(saver, config)
}

/** The outcomes in a pending write: a journal's row, or what a node returned. */
export function outcomesIn(channel: string, value: unknown): Outcomes {
  if (channel === 'stages') return value as Outcomes
  if (channel !== journalChannel) return {}
  const { path, outcome } = value as JournalRow
  return { [path]: outcome }
}

/** Path → outcome of every row at a checkpoint, in the order in which they were written. */
export function rowsOf({ pendingWrites = [] }: CheckpointTuple): Outcomes {
  const rows = pendingWrites.flatMap(([, channel, value]) => (channel === journalChannel ? [value as JournalRow] : []))
  const inOrder = rows.sort((a, b) => a.seq - b.seq)
  return Object.fromEntries(inOrder.map(({ path, outcome }) => [path, outcome]))
}

/** Whether LangGraph made a step from this checkpoint. */
async function isStepped(saver: BaseCheckpointSaver, { configurable = {} }: RunnableConfig): Promise<boolean> {
  const { thread_id, checkpoint_ns = '', checkpoint_id } = configurable
  for await (const { metadata, parentConfig } of saver.list({ configurable: { thread_id, checkpoint_ns } })) {
    if (metadata?.source === 'loop' && parentConfig?.configurable?.checkpoint_id === checkpoint_id) return true
  }
  return false
}

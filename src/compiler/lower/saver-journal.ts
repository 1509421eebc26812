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
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { createBatches } from '../../foundation/batches.ts'
import { isRecorded, type RunEventBody } from '../../foundation/events.ts'
import { type Journal, JournalError, type Recorded } from '../../foundation/journal.ts'
import type { Outcomes } from '../../foundation/outcome.ts'
import { createFold, foldPast, type Past, type StagePast } from '../../foundation/past.ts'
import type { Entry } from './entry.ts'
import {
  eventsUpTo,
  generationsElsewhere,
  isStepped,
  type JournalRow,
  journalChannel,
  type Lineage,
  readLineage,
} from './lineage.ts'

/** Where rows go: a thread's checkpoint. */
export interface Place {
  readonly saver: BaseCheckpointSaver
  readonly config: { readonly configurable: Readonly<Record<'thread_id' | 'checkpoint_ns' | 'checkpoint_id', string>> }
}

/** A journal that knows by itself what was said to it. */
export interface Kept extends Recorded {
  /** What it holds by now. */
  now(): Past
  /** What stood at its checkpoint when this began; absent when it cannot have held anything. */
  readonly lineage: Lineage | undefined
  /** Stages that another branch of the thread has run, too. */
  readonly begunAnew: readonly string[]
}

/** What is known of stages that are not terminal: the `open` channel's part of it. */
export type OpenStages = Readonly<Record<string, StagePast>>

/** Whose journal it is: nodes that run side by side write rows of their own. */
export interface Keeper {
  /** The node, where there are several. */
  readonly scope: string
  /** Which events it keeps, of those that recovery reads; all of them by default. */
  readonly keeps?: (event: RunEventBody) => boolean
}

/** What a call finds where it begins. */
interface Opening {
  readonly lineage: Lineage
  readonly elsewhere: Readonly<Record<string, number>>
}

/** The journal of the node that runs with this configuration; undefined when the graph keeps nothing. */
export async function keptByNode(
  config: RunnableConfig,
  entry: Entry,
  open: OpenStages,
  keeper: Keeper,
): Promise<Kept | undefined> {
  const place = placeOf(config)
  if (!place) return undefined
  const isFirst = entry.isFirst(place.config.configurable.checkpoint_id)
  const read = isFirst ? entry.once(() => openingAt(place, entry.addressed)) : entry.opened
  const opening = (await read) as Opening | undefined
  return createKept(place, keeper, open, isFirst ? opening?.lineage : undefined, opening?.elsewhere ?? {})
}

async function openingAt({ saver, config }: Place, addressed: boolean): Promise<Opening> {
  const lineage = await readLineage(saver, config)
  const forks = lineage.forks || (addressed && (await isStepped(saver, config)))
  return { lineage, elsewhere: forks ? await generationsElsewhere(saver, config, lineage) : {} }
}

export function createKept(
  place: Place,
  { scope, keeps = () => true }: Keeper,
  open: OpenStages,
  lineage: Lineage | undefined,
  elsewhere: Readonly<Record<string, number>> = {},
): Kept {
  const fold = createFold(open)
  for (const event of lineage?.events ?? []) fold.add(event)
  fold.beginAnew(elsewhere)
  const write = createWriter(place, scope, lineage?.ofBase ?? 0)
  const journal: Journal = {
    say(event, at = new Date().toISOString()) {
      if (!isRecorded(event)) return
      fold.add({ ...event, at })
      if (keeps(event)) write.say(event, at)
    },
    commit: () => write.commit(),
  }
  return {
    journal,
    past: fold.past(),
    now: () => fold.past(),
    lineage,
    begunAnew: Object.keys(elsewhere),
    async reread() {
      await journal.commit()
      return foldPast(await eventsUpTo(place.saver, place.config))
    },
  }
}

/** As a stage is lent it: with what was said up to now. */
export const recordedIn = ({ journal, now, reread }: Kept): Recorded => ({ journal, past: now(), reread })

/** `taken`: the last place among the checkpoint's rows that is not free. */
function createWriter({ saver, config }: Place, scope: string, taken: number) {
  let n = taken
  const batches = createBatches<JournalRow>(async (rows) => {
    try {
      const writes = rows.map((row): [string, JournalRow] => [journalChannel, row])
      await saver.putWrites(config, writes, taskIdOf(scope, rows[0]?.n ?? 0))
    } catch (error) {
      throw new JournalError(error)
    }
  })
  return {
    say(event: RunEventBody, at: string) {
      batches.push({ n: ++n, event: { ...event, at } })
    },
    commit: () => batches.commit(),
  }
}

/** A UUID, because some checkpointers want one. */
function taskIdOf(scope: string, n: number): string {
  const hex = hash('sha1', `journal:${scope}:${n}`)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export function placeOf({ configurable = {} }: RunnableConfig): Place | undefined {
  const saver = configurable.__pregel_checkpointer as BaseCheckpointSaver | undefined
  const ns = namespaceOfGraph(String(configurable.checkpoint_ns ?? ''))
  const base: unknown = configurable.checkpoint_map?.[ns]
  if (!saver || typeof base !== 'string') return undefined
  const thread_id = String(configurable.thread_id)
  return { saver, config: { configurable: { thread_id, checkpoint_ns: ns, checkpoint_id: base } } }
}

/** A task's namespace is its graph's, and the task after a bar. */
const namespaceOfGraph = (ns: string): string => ns.slice(0, Math.max(0, ns.lastIndexOf('|')))

/** The outcomes as whoever edits this checkpoint has to see them: none, when the thread went on from it: this is a fork. */
export async function readRowsOfHead(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<Outcomes> {
  if (await isStepped(saver, config)) return {}
  const fold = createFold()
  for (const event of (await readLineage(saver, config)).events) fold.add(event)
  return fold.past().outcomes
}

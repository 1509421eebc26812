/**
 * What a thread holds when a run is taken up again: its log, which is the truth, and its checkpoint, which is a fold of
 * the log that may be behind, edited, damaged or gone.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver, CheckpointTuple } from '@langchain/langgraph-checkpoint'
import { eventsOf, tuplesOf } from '../compiler/lower/lineage.ts'
import { StoreError } from '../foundation/errors.ts'
import type { RunEvent } from '../foundation/events.ts'
import { joinOutcomes } from '../foundation/join-outcomes.ts'
import { type Json, type JsonObject, jsonEqual } from '../foundation/json.ts'
import type { Lowering, Outcome, Outcomes, RunState, VariablePatch } from '../foundation/outcome.ts'
import { createFold, type DatedEvent, foldPast, type Past } from '../foundation/past.ts'
import type { OpenWait } from '../foundation/wait.ts'
import { storedPages } from './follow.ts'
import type { RunRecord, RunStore } from './store.ts'

/** The log of a run, folded. */
export interface ReadLog {
  readonly past: Past
  /** Absent when the process died before it was stored. */
  readonly opening: Opening | undefined
  readonly lastSeq: number
  /** The highest percentage that it told. */
  readonly reached: number
  /** The last stretch came to its end. */
  readonly closed: boolean
}

export type Opening = Extract<RunEvent, { type: 'run.started' }>

/** Events read at once. */
const pageSize = 5_000

/** `more`: what is about to be added to it. */
export async function readLog(store: RunStore, runId: string, more: readonly DatedEvent[] = []): Promise<ReadLog> {
  const fold = createFold()
  let opening: Opening | undefined
  let lastSeq = 0
  let reached = 0
  let closed = true
  for await (const page of storedPages(store, runId, 0, pageSize)) {
    for (const event of page) {
      fold.add(event)
      opening = opened(opening, event)
      if (event.progress !== undefined && event.progress > reached) reached = event.progress
    }
    const last = page.at(-1)
    if (!last) continue
    lastSeq = last.seq
    closed = last.type === 'run.ended' || last.type === 'run.paused'
  }
  for (const event of more) {
    fold.add(event)
    opening = opened(opening, event)
  }
  return { past: fold.past(), opening, lastSeq, reached, closed }
}

/** How a run was started, as if that had been by the plan that it goes on by. Oldest event first. */
export function opened(opening: Opening | undefined, event: RunEvent | DatedEvent): Opening | undefined {
  if (event.type === 'run.started' && 'seq' in event) return event
  if (event.type !== 'run.migrated' || !opening) return opening
  const { plan, version, inputs, env } = event
  return { ...opening, plan, version, inputs, ...(env && { env }) }
}

export const openingAt = (events: readonly RunEvent[], seq: number): Opening | undefined =>
  events.reduce<Opening | undefined>(
    (opening, event) => (event.seq > seq ? opening : opened(opening, event)),
    undefined,
  )

/** The `run` channel as it was when the run started. */
export function runStateOf(record: RunRecord, opening: Opening): RunState {
  const { env = {}, last, lowering, by } = opening
  return {
    id: record.id,
    thread_id: record.id,
    pipeline: record.pipeline,
    version: record.version,
    plan: record.plan,
    started_at: opening.at,
    env,
    ...(last !== undefined && { last }),
    ...(by !== undefined && { by }),
    ...(lowering === 'flow' && { lowering }),
  }
}

export const loweringOf = (opening: Opening | undefined): Lowering | undefined =>
  opening && (opening.lowering ?? 'stages')

/** What the checkpoint of a thread says. */
export interface ThreadState {
  readonly outcomes: Outcomes
  /** Absent when the graph has not taken its input: no checkpoint, or only the one that LangGraph writes before that. */
  readonly run: RunState | undefined
  readonly outputs: JsonObject | null
  readonly patches: readonly VariablePatch[]
  /** The checkpoint was edited from outside, and nothing ran since. */
  readonly edited: boolean
}

const noThread: ThreadState = { outcomes: {}, run: undefined, outputs: null, patches: [], edited: false }

/** Undefined when what is stored of it is damaged. */
export async function readThread(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<ThreadState | undefined> {
  try {
    const tuple = await saver.getTuple(config)
    return tuple ? threadIn(tuple) : noThread
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store_corrupt') return undefined
    throw error
  }
}

function threadIn(tuple: CheckpointTuple): ThreadState {
  const { checkpoint, metadata, pendingWrites = [] } = tuple
  const { stages, run, outputs, open } = checkpoint.channel_values as Record<string, unknown>
  const pending = pendingWrites.filter(([, channel]) => channel === 'stages').map(([, , value]) => value as Outcomes)
  return {
    outcomes: [foldPast(eventsOf(tuple)).outcomes, ...pending].reduce(joinOutcomes, (stages ?? {}) as Outcomes),
    run: run as RunState | undefined,
    outputs: (outputs as JsonObject | null | undefined) ?? null,
    patches: (open as { readonly patches?: readonly VariablePatch[] } | undefined)?.patches ?? [],
    edited: metadata?.source === 'update',
  }
}

/** Answers to waits of the log that a graph without an engine wrote down on the thread, at whichever checkpoint. */
export async function answersOutside(
  saver: BaseCheckpointSaver,
  config: RunnableConfig,
  open: readonly OpenWait[],
): Promise<DatedEvent[]> {
  const fired = (await tuplesOf(saver, config)).flatMap(eventsOf).filter((event) => event.type === 'wait.fired')
  return open.flatMap(({ id }) => fired.find((event) => event.wait === id) ?? [])
}

/** How a checkpoint and a log differ. */
export interface Difference {
  /** Only the checkpoint has them. */
  readonly added: Outcomes
  /** Both have one, and not the same: the checkpoint's. */
  readonly changed: Outcomes
}

export function compare(thread: ThreadState, past: Past): Difference {
  const added: Record<string, Outcome> = {}
  const changed: Record<string, Outcome> = {}
  for (const path of Object.keys(thread.outcomes)) {
    const outcome = thread.outcomes[path] as Outcome
    const recorded = past.outcomes[path]
    if (!recorded) added[path] = outcome
    else if (recorded !== outcome && !jsonEqual(recorded as unknown as Json, outcome as unknown as Json)) {
      changed[path] = outcome
    }
  }
  return { added, changed }
}

/** Whether anyone ever edited the thread from outside. */
export async function wasEdited(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<boolean> {
  for await (const { metadata } of saver.list(config)) if (metadata?.source === 'update') return true
  return false
}

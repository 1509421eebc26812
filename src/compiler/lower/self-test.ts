/**
 * What `flow` relies on in LangGraph beyond its documentation, each proven before it is relied on.
 *
 * The version is pinned to the exact minor, but people override versions, bundlers deduplicate, and servers bring their
 * own copy. So a small real graph (`self-test-probe.ts`) is run when `flow` is first asked for (12 ms once warm), and
 * what is not as expected is named. Then the pipeline is run by the other lowering, and says so.
 */
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons'
import { CompiledStateGraph, MemorySaver, StateGraph } from '@langchain/langgraph'
import {
  type LangGraphParts,
  noteKey,
  noteValue,
  type Observation,
  probe,
  questions,
  rowChannel,
  rowTask,
  stageId,
  unasked,
} from './self-test-probe.ts'

type Check = (seen: Observation) => boolean

/** By name. What each says holds. */
const checks = {
  /** `config.configurable.__pregel_checkpointer` is the checkpointer of this call. */
  checkpointer_in_config: ({ saver, entries }) => holds(entries, (entry) => entry.saver === saver),
  /** `checkpoint_map[ns]` is the checkpoint that a node was entered with, and with `sync` it is stored by then. */
  base_is_stored: ({ entries }) => holds(entries, ({ base, stored }) => stored?.checkpoint.id === base),
  /** A task's namespace is its graph's, a bar unless that is the root, the node's name, and an id. */
  task_namespace: ({ entries }) => holds(entries, ({ ns }) => typeof ns === 'string' && /^flow:[^|]+$/.test(ns)),
  /** Pending writes of tasks LangGraph does not know are kept with their checkpoint, and change nothing else. */
  foreign_writes: ({ entries }) =>
    holds(entries.slice(2, 4), ({ stored }) => writesOf(stored, rowTask, rowChannel).length === 1) &&
    holds(entries.slice(1), ({ stages }) => Object.keys(stages as object).join() === stageId),
  /** A node with an edge to itself is entered again, from a checkpoint with what it returned. */
  edge_to_self: ({ entries }) => entries.length >= 2 && entries[0]?.base !== entries[1]?.base,
  /** What a node sends through `__pregel_send` is all it writes, when its writers are taken away. */
  own_writes: ({ entries, ended }) =>
    holds(entries.slice(1), ({ stages }) => Object.hasOwn(stages as object, stageId)) && statusOf(ended) === 'done',
  /** Channels of our own are stored and come back; several sets of annotations may share one. */
  own_channels: ({ entries, ended }) =>
    holds(entries.slice(1), ({ stages }) => Object.hasOwn(stages as object, stageId)) && holdsStage(ended),
  /** A GraphInterrupt that we throw is kept and shown with the ids, values and schemas that we gave it. */
  own_interrupts: ({ calls, asked }) => same(calls[0]?.interrupts, questions) && same(asked, questions),
  /** A GraphInterrupt with no question ends the call, and the node runs next. */
  empty_interrupt: ({ calls, next }) =>
    calls[3] !== undefined &&
    calls[3].thrown === undefined &&
    same(calls[3].interrupts ?? [], []) &&
    same(next, ['flow']),
  /** Answers reach the node by the ids they were given to: `__pregel_resume_map`. */
  resume_map: ({ entries }) => same(entries[2]?.resumeMap, { [questions[1].id]: 'b' }),
  /** `__pregel_strict_resume`: an answer to what was not asked is refused before anything is written. */
  strict_resume: ({ calls, entries }) =>
    (calls[1]?.thrown as Error | undefined)?.name === 'UnknownInterruptError' &&
    holds(entries.slice(2), ({ stored }) => writesOf(stored, unasked, '__resume__').length === 0),
  /** An answer is a pending write, too, under the id of its question: found by whoever comes later. */
  answer_in_writes: ({ entries }) => same(writesOf(entries[3]?.stored, questions[1].id, '__resume__'), [['b']]),
  /** An answer without an id is a pending write of no task. */
  plain_answer_in_writes: ({ entries }) => same(writesOf(entries[4]?.stored, noTask, '__resume__'), ['a']),
  /** Every call comes through `_streamIterator`. */
  one_door: ({ doors, calls }) => calls.length >= 5 && doors >= calls.length,
  /** A key of ours travels in the configuration to the nodes, and stays out of what is stored. */
  own_key_in_config: ({ entries }) =>
    holds(entries, ({ note, stored }) => note === noteValue && !Object.hasOwn(stored?.metadata ?? {}, noteKey)),
  /** `withConfig` makes its copy by the constructor of the subclass, with all its fields. */
  copies_keep_fields: ({ copied }) => copied === true,
  /** What a node writes to the `custom` stream comes out of it. */
  custom_stream: ({ custom, entries }) => custom.length >= entries.length && entries.length > 0,
  /** A node is told when the caller gives up. */
  signal_in_config: ({ entries }) => holds(entries, ({ aborts }) => aborts),
  /** A node is told whether the call goes on, and with it a graph inside the node: `__pregel_resuming`. */
  resuming_in_config: ({ entries }) =>
    entries[0]?.resuming !== true && holds(entries.slice(2), ({ resuming }) => resuming === true),
  /** An edit made as the last node runs next what it says and nothing else; its checkpoint is no step. */
  edit_goes_on: ({ nextAfterEdit, editedSource }) => same(nextAfterEdit, ['flow']) && editedSource === 'update',
  /** Gone on with from an old checkpoint, a thread gets a copy of that one first: what was written there stays apart. */
  fork_is_copy: ({ fork, entries: [, old] }) =>
    fork?.stored?.metadata?.source === 'fork' &&
    fork.stored.parentConfig?.configurable?.checkpoint_id === old?.base &&
    old?.stored?.metadata?.source === 'loop',
} as const satisfies Readonly<Record<string, Check>>

/** Something LangGraph does that `flow` relies on. */
export type Internal = keyof typeof checks

export const internals = Object.keys(checks) as readonly Internal[]

/** What failed; empty when `flow` may be used. Tried at the first call, once. */
export type SelfTest = () => Promise<readonly Internal[]>

const noTask = '00000000-0000-0000-0000-000000000000'

export function createSelfTest(parts: LangGraphParts = { StateGraph, CompiledStateGraph, MemorySaver }): SelfTest {
  let result: Promise<readonly Internal[]> | undefined
  return () => {
    result ??= testInternals(parts)
    return result
  }
}

async function testInternals(parts: LangGraphParts): Promise<readonly Internal[]> {
  // Asked for inside a node of someone's graph, LangGraph would take the probe for a part of that graph.
  const seen = await AsyncLocalStorageProviderSingleton.getInstance().run(undefined, () => probe(parts))
  return internals.filter((name) => !passes(checks[name], seen))
}

function passes(check: Check, seen: Observation): boolean {
  try {
    return check(seen)
  } catch {
    return false // what it looks at is not even there
  }
}

function holds<T>(all: readonly T[], check: (each: T) => boolean): boolean {
  return all.length > 0 && all.every(check)
}

const holdsStage = (state: unknown): boolean => Object.hasOwn((state as { readonly stages: object }).stages, stageId)

const statusOf = (state: unknown): unknown => (state as { readonly status?: unknown }).status

const same = (found: unknown, expected: unknown): boolean => JSON.stringify(found) === JSON.stringify(expected)

const writesOf = (stored: Observation['entries'][number]['stored'], task: string, channel: string): unknown[] =>
  (stored?.pendingWrites ?? []).flatMap(([id, name, value]) => (id === task && name === channel ? [value] : []))

/**
 * The probe of the self-test: a real LangGraph graph, built like `flow` and small, that is started, paused, asked,
 * answered, edited and ended, and writes down what it met on the way.
 *
 *   START → flow ⟲ → finish
 *
 * It judges nothing; that is `self-test.ts`'s. What it could not get to see is absent.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import {
  Annotation,
  Command,
  type CompiledStateGraph,
  END,
  GraphInterrupt,
  type Interrupt,
  type LangGraphRunnableConfig,
  type MemorySaver,
  START,
  type StateGraph,
} from '@langchain/langgraph'
import type { BaseCheckpointSaver, CheckpointTuple } from '@langchain/langgraph-checkpoint'
import { StagesChannel } from './channels.ts'
import { WritingNode, withoutWriters } from './writing-node.ts'

/** The parts of LangGraph that are tried. A test hands in a subclass in which one thing is broken. */
export interface LangGraphParts {
  readonly StateGraph: typeof StateGraph
  readonly CompiledStateGraph: typeof CompiledStateGraph
  readonly MemorySaver: typeof MemorySaver
}

/** What the node found at an entry. */
export interface Entry {
  readonly saver: unknown
  readonly base: unknown
  readonly ns: unknown
  readonly resumeMap: unknown
  readonly resuming: unknown
  readonly note: unknown
  readonly writes: boolean
  readonly aborts: boolean
  readonly stages: unknown
  /** What is stored at its base. */
  readonly stored?: CheckpointTuple
}

/** What was met. */
export interface Observation {
  readonly saver: BaseCheckpointSaver
  readonly entries: Entry[]
  /** Calls of the one door. */
  doors: number
  readonly custom: unknown[]
  /** How each call ended, in order: `__interrupt__` of the state, or what was thrown. */
  readonly calls: { readonly interrupts?: unknown; readonly thrown?: unknown }[]
  /** The same interrupts as `getState` has them. */
  asked?: unknown
  next?: unknown
  /** What was to run after an edit, and what its checkpoint says of itself. */
  nextAfterEdit?: unknown
  editedSource?: unknown
  /** What the node found when the thread was gone on with from the checkpoint of its second entry. */
  fork?: Entry
  copied?: boolean
  ended?: unknown
}

export const rowChannel = '__row__'
export const rowTask = '00000000-0000-8000-8000-0000000000aa'
export const noteKey = '__stagegraph_probe'
export const noteValue = 'note'
export const stageId = 'a'
/** As a wait's id is. */
export const questions = [
  { id: `${'0'.repeat(31)}a`, value: 'a?', response_schema: { type: 'string' } },
  { id: `${'0'.repeat(31)}b`, value: 'b?' },
] as const
export const unasked = `${'0'.repeat(31)}c`

const thread = 'self-test'
type Deed = (state: Observation, config: LangGraphRunnableConfig) => Promise<object> | object

/** What the node does, entry by entry. */
const deeds: readonly Deed[] = [
  async (_, config) => {
    await putRow(config)
    return { stages: { [stageId]: { status: 'succeeded' } } }
  },
  async (_, config) => {
    await putRow(config)
    throw ask(0, 1)
  },
  () => {
    throw ask(0)
  },
  () => {
    throw new GraphInterrupt([])
  },
  () => ({ status: 'done' }),
]

/** Interrupts with ids of our own; LangGraph's type has no room for the schema. */
const ask = (...which: number[]): GraphInterrupt =>
  new GraphInterrupt(which.map((index) => questions[index]) as unknown as Interrupt[])

async function putRow({ configurable = {} }: LangGraphRunnableConfig): Promise<void> {
  const saver = configurable.__pregel_checkpointer as BaseCheckpointSaver | undefined
  await saver?.putWrites(baseOf(configurable), [[rowChannel, { path: stageId }]], rowTask)
}

const baseOf = (configurable: Readonly<Record<string, unknown>>): RunnableConfig => ({
  configurable: {
    thread_id: thread,
    checkpoint_ns: '',
    checkpoint_id: (configurable.checkpoint_map as Record<string, unknown> | undefined)?.[''],
  },
})

/** Never rejects: what LangGraph throws is written down, and what comes after it is not seen. */
export async function probe(parts: LangGraphParts): Promise<Observation> {
  const saver = new parts.MemorySaver()
  const seen: Observation = { saver, entries: [], doors: 0, custom: [], calls: [] }
  try {
    await questionAndAnswer(parts, seen)
  } catch (thrown) {
    seen.calls.push({ thrown })
  }
  return seen
}

async function questionAndAnswer(parts: LangGraphParts, seen: Observation): Promise<void> {
  const graph = build(parts, seen)
  await call(graph, { stages: {} }, seen)
  const state = await graph.getState(config())
  seen.asked = state.tasks[0]?.interrupts
  seen.next = state.next
  await call(graph, new Command({ resume: { [unasked]: 1 } }), seen)
  await call(graph, new Command({ resume: { [questions[1].id]: 'b' } }), seen)
  const another = build(parts, seen).withConfig({ tags: ['probe'] })
  seen.copied = (another as { readonly ours?: unknown }).ours === seen
  await call(another, null, seen)
  await call(another, new Command({ resume: 'a' }), seen)
  seen.ended = (await another.getState(config())).values
  await fork(another, seen)
  await edit(parts, seen)
}

/** Goes on from an old checkpoint. */
async function fork(graph: Probe, seen: Observation): Promise<void> {
  const { configurable, ...rest } = config()
  const checkpoint_id = String(seen.entries[1]?.base)
  const before = seen.entries.length
  await graph.invoke(null, { ...rest, configurable: { ...configurable, checkpoint_id } })
  const [entry] = seen.entries.splice(before)
  if (entry) seen.fork = entry
}

/** An edit says as which node it is made, and what runs next. */
async function edit(parts: LangGraphParts, seen: Observation): Promise<void> {
  const graph = build(parts, seen)
  const goto = new Command({ update: { stages: {} }, goto: ['flow'] })
  await graph.updateState(config(), goto as never, 'finish')
  const { next, metadata } = await graph.getState(config())
  seen.nextAfterEdit = next
  seen.editedSource = metadata?.source
}

async function call(graph: Probe, input: unknown, seen: Observation): Promise<void> {
  try {
    const stream = await graph.stream(input as never, { ...config(), streamMode: ['custom', 'updates'] })
    let interrupts: unknown
    for await (const [mode, chunk] of stream as AsyncIterable<[string, Record<string, unknown>]>) {
      if (mode === 'custom') seen.custom.push(chunk)
      else if ('__interrupt__' in chunk) interrupts = chunk.__interrupt__
    }
    seen.calls.push({ interrupts })
  } catch (thrown) {
    seen.calls.push({ thrown })
  }
}

const config = () => ({
  configurable: { thread_id: thread, __pregel_strict_resume: true, [noteKey]: noteValue },
  durability: 'sync' as const,
  recursionLimit: 2 ** 31 - 1,
  signal: new AbortController().signal,
  runName: 'stagegraph self-test',
})

type Probe = ReturnType<typeof build>

function build({ StateGraph, CompiledStateGraph }: LangGraphParts, seen: Observation) {
  const state = Annotation.Root({ stages: () => new StagesChannel(), status: Annotation<string>() })
  const input = Annotation.Root({ stages: state.spec.stages, status: state.spec.status })
  const run = async (found: typeof input.State, at: LangGraphRunnableConfig) => {
    const deed = deeds[Math.min(seen.entries.length, deeds.length - 1)] as Deed
    seen.entries.push(await look(found.stages, at))
    at.writer?.({ told: seen.entries.length })
    return deed(seen, at)
  }
  const next = ({ status }: typeof input.Update) => (status === undefined ? 'flow' : 'finish')
  const node = new WritingNode<typeof input.State, typeof input.Update>('flow', run, (_, update) => next(update))
  const compiled = new StateGraph(state)
    .addNode('flow', node as never, { input })
    .addNode('finish', () => ({}))
    .addEdge(START, 'flow')
    .addConditionalEdges('flow', next, ['flow', 'finish'])
    .addEdge('finish', END)
    .compile({ checkpointer: seen.saver as MemorySaver })
  const lean = withoutWriters(compiled, 'flow')
  return new (doorOf(CompiledStateGraph))({ ...lean, ours: seen } as never) as unknown as typeof compiled
}

async function look(stages: unknown, { configurable = {}, writer, signal }: LangGraphRunnableConfig): Promise<Entry> {
  const saver = configurable.__pregel_checkpointer as BaseCheckpointSaver | undefined
  const base: unknown = configurable.checkpoint_map?.['']
  const stored = typeof base === 'string' ? await saver?.getTuple(baseOf(configurable)) : undefined
  return {
    saver,
    base,
    ns: configurable.checkpoint_ns,
    resumeMap: configurable.__pregel_resume_map,
    resuming: configurable.__pregel_resuming,
    note: configurable[noteKey],
    writes: writer !== undefined,
    aborts: signal instanceof AbortSignal,
    stages,
    ...(stored && { stored }),
  }
}

/** A subclass as PipelineGraph is one: with a door of its own, and a field that copies have to carry. */
function doorOf(Base: typeof CompiledStateGraph) {
  return class Door extends Base<object, object, string> {
    readonly ours: Observation
    constructor({ ours, ...fields }: ConstructorParameters<typeof Base>[0] & { readonly ours: Observation }) {
      super(fields as never)
      this.ours = ours
    }
    override async *_streamIterator(...args: Parameters<CompiledStateGraph<object, object>['_streamIterator']>) {
      this.ours.doors++
      yield* super._streamIterator(...(args as Parameters<CompiledStateGraph<object, object>['_streamIterator']>))
    }
  }
}

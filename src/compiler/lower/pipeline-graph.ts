/**
 * A lowered pipeline as LangGraph knows it: a compiled StateGraph that LangGraph's own tools can run, and that does not
 * fall into LangGraph's traps.
 *
 *   graph.invoke({ inputs }, { configurable: { thread_id } })    starts
 *   graph.invoke(null, { configurable: { thread_id } })          goes on
 *
 * `invoke`, `stream`, `streamEvents`, `batch` and `pipe` all come through `_streamIterator`, so what is checked there is
 * checked everywhere. `withConfig` makes a copy by spreading this object into the constructor, so whatever has to
 * survive it is a plain field.
 *
 * Where LangGraph does not do what `flow` relies on, a graph of that lowering hands its calls to one of `stages`:
 * `await graph.lowering()` tells, and so does a `run.warned` chunk in the `custom` stream of each call.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import { Command, CompiledStateGraph, isCommand, type LangGraphRunnableConfig } from '@langchain/langgraph'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { InputError } from '../../foundation/errors.ts'
import { randomId } from '../../foundation/ids.ts'
import type { Lowering } from '../../foundation/outcome.ts'
import { answer } from './answer.ts'
import { saverForCall } from './call-saver.ts'
import { toEdit } from './edits.ts'
import { createEntry, entryKey } from './entry.ts'
import { createWarning, flowUnsupported, warningKey } from './fallback.ts'
import { type Hold, holdThread } from './hold.ts'
import { refuseUnsupported } from './options.ts'
import type { PipelineSpec, PipelineState, PipelineUpdate } from './pipeline-state.ts'
import type { Internal, SelfTest } from './self-test.ts'
import { EditingTrigger, triggerOf } from './settle-trigger.ts'
import type { PipelineParts, Thread } from './thread.ts'
import { admit, knownThread, refuseFinished, refuseOtherPlan } from './threads.ts'

type Compiled = CompiledStateGraph<PipelineState, PipelineUpdate, string, PipelineSpec, PipelineSpec>
type StreamInput = Parameters<Compiled['_streamIterator']>[0]
type StreamOptions = Parameters<Compiled['_streamIterator']>[1]
type Supersteps = Parameters<Compiled['bulkUpdateState']>[1]
type Updates = Supersteps[number]['updates']

/** What LangGraph's constructor takes, and what is ours. */
export type PipelineGraphFields = ConstructorParameters<
  typeof CompiledStateGraph<PipelineState, PipelineUpdate, string, PipelineSpec, PipelineSpec>
>[0] & { readonly pipeline: PipelineParts; readonly fallback?: Fallback | undefined }

/** What stands in for a graph where LangGraph does not do what it relies on. */
export interface Fallback {
  readonly selfTest: SelfTest
  /** Made once. */
  readonly graph: (failed: readonly Internal[]) => PipelineGraph
}

export class PipelineGraph extends CompiledStateGraph<
  PipelineState,
  PipelineUpdate,
  string,
  PipelineSpec,
  PipelineSpec
> {
  readonly pipeline: PipelineParts
  readonly fallback: Fallback | undefined

  constructor({ pipeline, fallback, ...fields }: PipelineGraphFields) {
    const recursionLimit = fields.config?.recursionLimit ?? pipeline.recursionLimit
    super({ ...fields, config: { ...fields.config, recursionLimit } })
    this.pipeline = pipeline
    this.fallback = fallback
  }

  /** By which lowering its threads are run here. */
  async lowering(): Promise<Lowering> {
    return (await this.#usable()).pipeline.lowering
  }

  /** This graph, or the one that stands in for it. */
  async #usable(): Promise<PipelineGraph> {
    const { fallback } = this
    const failed = (await fallback?.selfTest()) ?? []
    if (!fallback || failed.length === 0) return this
    // Whoever serves a graph may have given it another checkpointer since it was made.
    const { checkpointer, store, cache, config, debug, stepTimeout } = this
    const fields: object = { ...fallback.graph(failed), checkpointer, store, cache, config, debug, stepTimeout }
    return new PipelineGraph(fields as PipelineGraphFields)
  }

  override async *_streamIterator(
    input: StreamInput,
    options?: StreamOptions,
  ): ReturnType<Compiled['_streamIterator']> {
    const usable = await this.#usable()
    if (usable !== this) return yield* usable._streamIterator(input, options)
    refuseUnsupported(this.pipeline, { ...this.config, ...options })
    const safe = this.#safe(options)
    const hold = await this.#hold(safe)
    try {
      const saver = hold?.saver ?? this.#saver(safe)
      const config = saver ? givenSaver(saverForCall(saver), safe) : safe
      // As a node of another graph that is being resumed: LangGraph goes on from the checkpoint and ignores the input.
      const resumed = config.configurable?.__pregel_resuming === true
      const admitted = resumed ? input : await this.#admit(input, config)
      const addressed = config.configurable?.checkpoint_id !== undefined
      const entry = createEntry(resumed || admitted === null || isCommand(admitted), addressed, this.pipeline.enter)
      yield* super._streamIterator(this.#straight(admitted, safe), {
        ...config,
        configurable: { ...config.configurable, [entryKey]: entry, ...this.#warning() },
      })
    } finally {
      await hold?.release()
    }
  }

  /** Where only the last checkpoint is kept, the superstep that does nothing but hand the input on is left out. */
  #straight(input: StreamInput, { durability }: NonNullable<StreamOptions>): StreamInput {
    const { lowering, nodes } = this.pipeline
    if (durability !== 'exit' || lowering !== 'flow' || input === null || isCommand(input)) return input
    return new Command({ update: input as Record<string, unknown>, goto: nodes[0] as string })
  }

  /** A node of another graph runs on that graph's thread, which is that graph's to hold. */
  async #hold(config: RunnableConfig): Promise<Hold | undefined> {
    const { thread_id, checkpoint_ns = '' } = config.configurable ?? {}
    return checkpoint_ns === '' ? holdThread(this.#saver(config), String(thread_id)) : undefined
  }

  #warning(): Record<string, unknown> {
    const { insteadBecause } = this.pipeline
    return insteadBecause ? { [warningKey]: createWarning(flowUnsupported(insteadBecause)) } : {}
  }

  override async getState(...args: Parameters<Compiled['getState']>): ReturnType<Compiled['getState']> {
    const usable = await this.#usable()
    return usable === this ? super.getState(...args) : usable.getState(...args)
  }

  override async *getStateHistory(
    ...args: Parameters<Compiled['getStateHistory']>
  ): ReturnType<Compiled['getStateHistory']> {
    const usable = await this.#usable()
    yield* usable === this ? super.getStateHistory(...args) : usable.getStateHistory(...args)
  }

  async #admit(input: StreamInput, config: NonNullable<StreamOptions>): Promise<StreamInput> {
    const edits = isCommand(input) && input.update != null
    const thread = this.#saves(config) ? await this.#thread(config, edits) : undefined
    const admitted = admit(this.pipeline, input, String(config.configurable?.thread_id), thread)
    return (await this.#answered(admitted, thread, config)) as StreamInput
  }

  /** Answers are written down before LangGraph goes on. */
  async #answered(input: unknown, thread: Thread | undefined, config: LangGraphRunnableConfig): Promise<unknown> {
    const saver = this.#saver(config)
    if (!isCommand(input) || input.resume === undefined || !saver || !thread) return input
    const { checkpoint_ns = '', checkpoint_id } = thread.config.configurable ?? {}
    const configurable = { thread_id: thread.id, checkpoint_ns, checkpoint_id }
    const latest = await saver.getTuple({ configurable: { thread_id: thread.id, checkpoint_ns } })
    const isPast = latest?.checkpoint.id !== checkpoint_id
    return answer(this.pipeline, thread, input, { saver, config: { configurable }, isPast })
  }

  /** The caller's options, and what is safe where they say nothing. */
  #safe(options: StreamOptions): NonNullable<StreamOptions> {
    const unsaid = options?.durability === undefined && options?.checkpointDuring === undefined
    const configurable = { ...this.config?.configurable, ...options?.configurable }
    const thread_id = configurable.thread_id ?? this.#newThreadId({ configurable })
    return {
      ...options,
      ...(unsaid && { durability: 'sync' }),
      configurable: { ...configurable, thread_id, __pregel_strict_resume: true },
    }
  }

  /** Without a checkpointer nobody can come back to the thread, so any name will do. */
  #newThreadId(config: LangGraphRunnableConfig): string {
    if (!this.#saves(config)) return randomId('r')
    const message = 'This graph keeps its threads, so a call has to say which one it means'
    throw new InputError(`${message}.`, [{ name: 'thread_id', message }], 'Pass { configurable: { thread_id: "…" } }.')
  }

  #saves(config: LangGraphRunnableConfig): boolean {
    return this.#saver(config) !== undefined
  }

  #saver({ configurable }: LangGraphRunnableConfig): BaseCheckpointSaver | undefined {
    const given = configurable?.[saverKey] as BaseCheckpointSaver | undefined
    return given ?? (typeof this.checkpointer === 'object' ? this.checkpointer : undefined)
  }

  /** `whole`: with the outcomes that are only in the journal, as whoever edits the thread has to see it. */
  async #thread(config: LangGraphRunnableConfig, whole: boolean): Promise<Thread | undefined> {
    const { values, next, config: found } = await this.getState(config as RunnableConfig)
    if (values.run === undefined) return undefined
    const saver = this.#saver(config)
    const rows = whole && saver ? await this.pipeline.readRows?.(saver, found) : undefined
    const state = { ...values, stages: { ...rows, ...values.stages } } as PipelineState
    return { id: String(config.configurable?.thread_id), state, next, config: found }
  }

  /**
   * Edits from outside. A variable (`vars.x`) is patched for every stage that starts later; an outcome (`stages.x`) is
   * replaced, or given to a stage that then does not run. Nothing else can be edited, and what was to run next still is.
   */
  override async bulkUpdateState(config: LangGraphRunnableConfig, supersteps: Supersteps): Promise<RunnableConfig> {
    const usable = await this.#usable()
    if (usable !== this) return usable.bulkUpdateState(config, supersteps)
    const hold = await this.#hold(config)
    try {
      let current = heldBy(hold, config)
      for (const { updates } of supersteps) current = heldBy(hold, await this.#updateOnce(current, updates))
      return withoutHold(current)
    } finally {
      await hold?.release()
    }
  }

  async #updateOnce(config: LangGraphRunnableConfig, updates: Updates): Promise<RunnableConfig> {
    // An empty or a copied checkpoint: nothing of ours is written.
    if (updates.every(({ values }) => values == null)) return super.bulkUpdateState(config, [{ updates }])
    const thread = knownThread(await this.#thread(config, true), String(config.configurable?.thread_id))
    refuseOtherPlan(this.pipeline, thread)
    refuseFinished(thread)
    const update = updates.flatMap(({ values, asNode }) => toEdit(this.pipeline, thread, values, asNode))
    // `finish` has no edges. LangGraph clears the triggers of what did not run in the step before an update, so they are
    // set again.
    const goto = thread.next.filter((node) => node !== 'settle')
    const values = new Command({ update, goto })
    return super.bulkUpdateState.call(this.#editing(), config, [{ updates: [{ values, asNode: 'finish' }] }])
  }

  #editing(): PipelineGraph {
    if (!Object.hasOwn(this.channels, triggerOf('settle'))) return this
    const channels = { ...this.channels, [triggerOf('settle')]: new EditingTrigger() }
    const fields: object = { ...this, channels } // as `withConfig` copies a graph
    return new PipelineGraph(fields as PipelineGraphFields)
  }
}

/** LangGraph takes the checkpointer of a call from here, when there is one, and not the graph's. */
const saverKey = '__pregel_checkpointer'

const heldBy = <Config extends RunnableConfig>(hold: Hold | undefined, config: Config): Config =>
  hold ? givenSaver(hold.saver, config) : config

const givenSaver = <Config extends RunnableConfig>(saver: BaseCheckpointSaver, config: Config): Config => ({
  ...config,
  configurable: { ...config.configurable, [saverKey]: saver },
})

function withoutHold(config: RunnableConfig): RunnableConfig {
  const { [saverKey]: _, ...configurable } = config.configurable ?? {}
  return { ...config, configurable }
}

/**
 * LangGraph with one thing broken, by subclasses of the real one: what another version, a wrapper or a server of someone
 * else's might do.
 */
import { Runnable, type RunnableConfig } from '@langchain/core/runnables'
import {
  CompiledStateGraph,
  GraphInterrupt,
  type LangGraphRunnableConfig,
  MemorySaver,
  StateGraph,
} from '@langchain/langgraph'
import type { CheckpointTuple, PendingWrite } from '@langchain/langgraph-checkpoint'
import type { Internal } from '../../../src/compiler/lower/self-test.ts'
import { type LangGraphParts, noteKey } from '../../../src/compiler/lower/self-test-probe.ts'

const whole: LangGraphParts = { StateGraph, CompiledStateGraph, MemorySaver }

type Body = (state: unknown, config: LangGraphRunnableConfig) => Promise<unknown>
type Wrap = (body: Body) => Body

function wrapped(node: Runnable, wrap: Wrap): Runnable {
  const invoke = node.invoke.bind(node)
  return Object.assign(node, { invoke: wrap((state, config) => invoke(state, config)) })
}

/** Every node that is a Runnable is wrapped. */
function nodes(wrap: Wrap): LangGraphParts {
  class Wrapping extends StateGraph<unknown> {
    override addNode(...args: unknown[]): never {
      const [name, body, ...others] = args
      const given = [name, body instanceof Runnable ? wrapped(body, wrap) : body, ...others]
      return Reflect.apply(super.addNode as (...all: unknown[]) => unknown, this, given) as never
    }
  }
  return { ...whole, StateGraph: Wrapping as unknown as typeof StateGraph }
}

/** What nodes find in `configurable` is another. */
const configurable = (change: (found: Record<string, unknown>) => Record<string, unknown>): LangGraphParts =>
  nodes((body) => (state, config) => body(state, { ...config, configurable: change({ ...config.configurable }) }))

const without = (key: string): LangGraphParts => configurable(({ [key]: _, ...rest }) => rest)

type Sent = readonly (readonly [channel: string, value: unknown])[]

/** Some of what nodes send is lost. */
const losing = (isLost: (channel: string) => boolean): LangGraphParts =>
  configurable(({ __pregel_send: send, ...rest }) => {
    const kept = (sent: Sent) => (send as (sent: Sent) => void)(sent.filter(([channel]) => !isLost(channel)))
    return { ...rest, __pregel_send: kept }
  })

/** Nodes throw another interrupt. */
const interrupts = (change: (thrown: GraphInterrupt) => unknown): LangGraphParts =>
  nodes((body) => async (state, config) => {
    try {
      return await body(state, config)
    } catch (thrown) {
      throw thrown instanceof GraphInterrupt ? change(thrown) : thrown
    }
  })

type Options = Parameters<CompiledStateGraph<object, object>['stream']>[1]

/** Calls are made with other options. */
function options(change: (given: NonNullable<Options>) => object): LangGraphParts {
  class Changing extends CompiledStateGraph<object, object> {
    override stream(...[input, given]: unknown[]): never {
      return super.stream(input as never, change((given ?? {}) as NonNullable<Options>) as never) as never
    }
  }
  return { ...whole, CompiledStateGraph: Changing as unknown as typeof CompiledStateGraph }
}

/** Keeps only some pending writes. */
function writes(keeps: (task: string, channel: string) => boolean): LangGraphParts {
  class Forgetful extends MemorySaver {
    override async putWrites(config: RunnableConfig, all: PendingWrite[], task: string): Promise<void> {
      const kept = all.filter(([channel]) => keeps(task, channel))
      if (kept.length > 0) await super.putWrites(config, kept, task)
    }
  }
  return { ...whole, MemorySaver: Forgetful }
}

class Amnesiac extends MemorySaver {
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const tuple = await super.getTuple(config)
    if (tuple) delete tuple.checkpoint.channel_values.stages
    return tuple
  }
}

/** Stores a checkpoint some turns of the event loop later, and does not make the caller wait for it. */
class Late extends MemorySaver {
  override async put(...args: Parameters<MemorySaver['put']>): ReturnType<MemorySaver['put']> {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    return super.put(...args)
  }
}

/** Makes its calls by another graph. */
class BackDoor extends CompiledStateGraph<object, object> {
  override stream(...args: unknown[]): never {
    const other = new CompiledStateGraph({ ...this } as never)
    return Reflect.apply(other.stream, other, args) as never
  }
}

class PlainCopies extends CompiledStateGraph<object, object> {
  override withConfig(config: object): never {
    return new CompiledStateGraph({ ...this, config } as never) as never
  }
}

class Disobedient extends CompiledStateGraph<object, object> {
  override async bulkUpdateState(...[config]: unknown[]): Promise<RunnableConfig> {
    return config as RunnableConfig
  }
}

const graphs = (Compiled: unknown): LangGraphParts => ({
  ...whole,
  CompiledStateGraph: Compiled as typeof CompiledStateGraph,
})

const noTask = '00000000-0000-0000-0000-000000000000'

const of: Readonly<Record<Internal, LangGraphParts>> = {
  checkpointer_in_config: without('__pregel_checkpointer'),
  base_is_stored: { ...options((given) => ({ ...given, durability: 'async' })), MemorySaver: Late },
  task_namespace: configurable((found) => ({ ...found, checkpoint_ns: 'another' })),
  foreign_writes: writes((_, channel) => channel !== '__row__'),
  edge_to_self: losing((channel) => channel === 'branch:to:flow'),
  own_writes: losing((channel) => channel === 'stages'),
  own_channels: { ...whole, MemorySaver: Amnesiac },
  own_interrupts: interrupts(({ interrupts: asked }) =>
    asked.length === 0 ? new GraphInterrupt([]) : new GraphInterrupt(asked.map((each) => ({ ...each, id: 'other' }))),
  ),
  empty_interrupt: interrupts((thrown) => (thrown.interrupts.length === 0 ? new Error('It paused.') : thrown)),
  resume_map: without('__pregel_resume_map'),
  strict_resume: options((given) => ({
    ...given,
    configurable: { ...given.configurable, __pregel_strict_resume: false },
  })),
  answer_in_writes: writes((task, channel) => channel !== '__resume__' || task === noTask),
  plain_answer_in_writes: writes((task, channel) => channel !== '__resume__' || task !== noTask),
  one_door: graphs(BackDoor),
  own_key_in_config: without(noteKey),
  copies_keep_fields: graphs(PlainCopies),
  custom_stream: nodes(
    (body) =>
      (state, { writer: _, ...config }) =>
        body(state, config),
  ),
  signal_in_config: nodes(
    (body) =>
      (state, { signal: _, ...config }) =>
        body(state, config),
  ),
  resuming_in_config: without('__pregel_resuming'),
  edit_goes_on: graphs(Disobedient),
  fork_is_copy: options(({ configurable: { checkpoint_id: _, ...rest } = {}, ...given }) => ({
    ...given,
    configurable: rest,
  })),
}

export const breakages = { none: whole, of }

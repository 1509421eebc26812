/**
 * A node that writes what it returns, and which node runs next, itself.
 *
 * LangGraph takes what a node returns through a Runnable for every kind of write and every edge, and enters a context of
 * its own for each; for a short run that is much of what it costs. For whoever listens (callbacks, `streamEvents`, the
 * streams) this is a node as LangGraph makes one: a run with the node's name, whose configuration is what models that are
 * called inside find.
 */
import type { CallbackManagerForChainRun } from '@langchain/core/callbacks/manager'
import { patchConfig, Runnable, type RunnableConfig } from '@langchain/core/runnables'
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons'
import { END } from '@langchain/langgraph'

/** The name of the node that runs after one that returned `update`, or `END`. */
type Next<State, Update> = (state: State, update: Update) => string

type Run<State, Update> = (state: State, config: RunnableConfig) => Promise<Update> | Update

/** Takes the writes of a task. */
const sendKey = '__pregel_send'

type Send = (writes: readonly (readonly [channel: string, value: unknown])[]) => void

/** The channel that makes LangGraph run a node. */
const triggerOf = (node: string): string => `branch:to:${node}`

export class WritingNode<State extends object, Update extends object> extends Runnable<State, Update> {
  override lc_namespace = ['stagegraph']
  readonly #name: string
  readonly #run: Run<State, Update>
  readonly #next: Next<State, Update>

  constructor(name: string, run: Run<State, Update>, next: Next<State, Update>) {
    super()
    this.#name = name
    this.#run = run
    this.#next = next
  }

  override async invoke(state: State, config: RunnableConfig): Promise<Update> {
    const update = await this._callWithConfig(this.#inContext, state, config)
    const next = this.#next(state, update)
    const send = config.configurable?.[sendKey] as Send
    send([...Object.entries(update), ...(next === END ? [] : [[triggerOf(next), this.#name] as const])])
    return update
  }

  readonly #inContext = (
    state: State,
    config: RunnableConfig = {},
    manager?: CallbackManagerForChainRun,
  ): Promise<Update> => {
    const own = manager ? patchConfig(config, { callbacks: manager.getChild() }) : config
    return AsyncLocalStorageProviderSingleton.runWithConfig(own, async () => this.#run(state, own))
  }
}

interface Compiled {
  readonly nodes: Readonly<Record<string, { writers: unknown[] }>>
}

/** LangGraph gives every node writers when it compiles a graph; this one needs none. */
export function withoutWriters<Graph extends Compiled>(compiled: Graph, name: string): Graph {
  const node = compiled.nodes[name]
  if (node) node.writers = []
  return compiled
}

/**
 * The checkpointer that a run of ours gives to LangGraph: the store's, and a word when a task's writes are durable.
 *
 * A stage is finished when its closing event is stored, and that event may be stored only after LangGraph's writes for
 * the stage are. This is the place that knows when they are.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type PendingWrite,
} from '@langchain/langgraph-checkpoint'
import { outcomesIn } from '../compiler/lower/saver-journal.ts'

/** Called with the paths of the stages whose outcomes have just become durable. */
export type OutcomesDurable = (paths: readonly string[]) => Promise<void>

export class RunSaver extends BaseCheckpointSaver {
  readonly #store: BaseCheckpointSaver
  readonly #durable: OutcomesDurable

  constructor(store: BaseCheckpointSaver, durable: OutcomesDurable) {
    super(store.serde)
    this.#store = store
    this.#durable = durable
  }

  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath?: string,
  ): Promise<void> {
    await this.#store.putWrites(config, writes, taskId, taskPath)
    const paths = writes.flatMap(([channel, value]) => Object.keys(outcomesIn(channel, value)))
    if (paths.length > 0) await this.#durable(paths)
  }

  override getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    return this.#store.getTuple(config)
  }

  override list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    return this.#store.list(config, options)
  }

  override put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    return this.#store.put(config, checkpoint, metadata, newVersions)
  }

  override deleteThread(threadId: string): Promise<void> {
    return this.#store.deleteThread(threadId)
  }

  override getDeltaChannelHistory(
    options: Parameters<BaseCheckpointSaver['getDeltaChannelHistory']>[0],
  ): ReturnType<BaseCheckpointSaver['getDeltaChannelHistory']> {
    return this.#store.getDeltaChannelHistory(options)
  }

  override getNextVersion(current: number | undefined): number {
    return this.#store.getNextVersion(current)
  }
}

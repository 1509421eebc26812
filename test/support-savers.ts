/** A checkpointer whose process dies: for tests that go on with another graph on the same data. */
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
import { type JournalRow, journalChannel } from '../src/compiler/lower/lineage.ts'

export interface Death {
  /** The process dies at this write, counted from 1 over checkpoints, tasks' writes and journal rows. */
  readonly at: number
  /** Whether that write is still stored. */
  readonly stored: boolean
}

export class MortalSaver extends BaseCheckpointSaver {
  /** Paths whose end was stored, and whoever asked for it may have been told. */
  readonly recorded = new Set<string>()
  /** Resolves when the process is dead. From then on nothing answers. */
  readonly died: Promise<'died'>
  readonly #saver: BaseCheckpointSaver
  readonly #death: Death | undefined
  #die: () => void = () => {}
  #writes = 0
  #dead = false

  constructor(saver: BaseCheckpointSaver, death?: Death) {
    super(saver.serde)
    this.#saver = saver
    this.#death = death
    this.died = new Promise((resolve) => {
      this.#die = () => resolve('died')
    })
  }

  get dead(): boolean {
    return this.#dead
  }

  async #write<T>(store: () => Promise<T>): Promise<T> {
    if (this.#dead) return forever()
    if (++this.#writes !== this.#death?.at) return store()
    this.#dead = true
    if (this.#death.stored) await store()
    this.#die()
    return forever()
  }

  #note(event: JournalRow['event']): void {
    if (/^stage\.(succeeded|failed|skipped|cancelled)$/.test(event.type) && 'stage' in event)
      this.recorded.add(event.stage)
  }

  override async putWrites(config: RunnableConfig, writes: PendingWrite[], task: string, path?: string): Promise<void> {
    await this.#write(async () => {
      await this.#saver.putWrites(config, writes, task, path)
      for (const [channel, row] of writes) if (channel === journalChannel) this.#note((row as JournalRow).event)
    })
  }

  override put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    versions: ChannelVersions,
  ): Promise<RunnableConfig> {
    return this.#write(() => this.#saver.put(config, checkpoint, metadata, versions))
  }

  override getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    return this.#dead ? forever() : this.#saver.getTuple(config)
  }

  override list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    return this.#saver.list(config, options)
  }

  override deleteThread(threadId: string): Promise<void> {
    return this.#saver.deleteThread(threadId)
  }

  override getNextVersion(current: number | undefined): number {
    return this.#saver.getNextVersion(current)
  }
}

export const forever = <T>(): Promise<T> => new Promise(() => {})

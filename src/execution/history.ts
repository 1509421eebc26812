/** The checkpoints of a thread, as people read them: when, after which step, and which stages had ended by then. */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'

export interface HistoryEntry {
  readonly checkpoint_id: string
  readonly parent_id: string | null
  /** LangGraph's step: -1 is the input, 0 the start. */
  readonly step: number
  readonly source: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** Paths of the stages that were terminal, in the order in which they were recorded. */
  readonly stages: readonly string[]
}

export async function readCheckpoints(saver: BaseCheckpointSaver, threadId: string): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = []
  for await (const tuple of saver.list({ configurable: { thread_id: threadId, checkpoint_ns: '' } })) {
    const { checkpoint, metadata, parentConfig } = tuple
    entries.push({
      checkpoint_id: checkpoint.id,
      parent_id: (parentConfig?.configurable?.checkpoint_id as string | undefined) ?? null,
      step: metadata?.step ?? 0,
      source: metadata?.source ?? 'loop',
      at: checkpoint.ts,
      stages: Object.keys((checkpoint.channel_values.stages as object | undefined) ?? {}),
    })
  }
  return entries
}

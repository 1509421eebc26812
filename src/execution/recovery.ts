/**
 * What a thread holds when a run is taken up again.
 *
 * LangGraph's pending writes count: a stage whose writes are durable is not run again, although no checkpoint has its
 * outcome yet.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { JsonObject } from '../foundation/json.ts'
import type { Outcomes, RunState } from '../foundation/outcome.ts'

export interface ThreadState {
  readonly outcomes: Outcomes
  /** Absent when the graph has not taken its input: no checkpoint, or only the one that LangGraph writes before that. */
  readonly run: RunState | undefined
  readonly outputs: JsonObject | null
}

/** The part of a compiled graph that is needed to read a thread. */
interface Readable {
  getState(config: RunnableConfig): Promise<{ readonly values: Record<string, unknown> }>
}

export async function readThread(
  graph: Readable,
  saver: BaseCheckpointSaver,
  config: RunnableConfig,
): Promise<ThreadState> {
  const tuple = await saver.getTuple(config)
  if (!tuple) return { outcomes: {}, run: undefined, outputs: null }
  const { values } = await graph.getState(config)
  const pending = (tuple.pendingWrites ?? []).flatMap(([, channel, value]) =>
    channel === 'stages' ? [value as Outcomes] : [],
  )
  return {
    outcomes: Object.assign({}, values.stages, ...pending) as Outcomes,
    run: values.run as RunState | undefined,
    outputs: (values.outputs as JsonObject | null | undefined) ?? null,
  }
}

/**
 * What a thread holds when a run is taken up again.
 *
 * LangGraph's pending writes count: a stage whose writes are durable is not run again, although no checkpoint has its
 * outcome yet.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { outcomesIn } from '../compiler/lower/saver-journal.ts'
import type { Lowering } from '../foundation/flow.ts'
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
  const pending = (tuple.pendingWrites ?? []).map(([, channel, value]) => outcomesIn(channel, value))
  return {
    outcomes: Object.assign({}, values.stages, ...pending),
    run: values.run as RunState | undefined,
    outputs: (values.outputs as JsonObject | null | undefined) ?? null,
  }
}

/** The lowering that a thread was started with; undefined when the graph has not taken its input. */
export async function readLowering(saver: BaseCheckpointSaver, config: RunnableConfig): Promise<Lowering | undefined> {
  const run = (await saver.getTuple(config))?.checkpoint.channel_values.run as RunState | undefined
  return run && (run.lowering ?? 'stages')
}

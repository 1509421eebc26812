/**
 * What a thread holds when a run is taken up again, and the closing events that its outcomes ask for.
 *
 * LangGraph's pending writes count: a stage whose writes are durable is not run again, although no checkpoint has its
 * outcome yet.
 */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { Failure } from '../foundation/errors.ts'
import type { RunEventBody } from '../foundation/events.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { Outcome, Outcomes, RunState } from '../foundation/outcome.ts'

export interface ThreadState {
  /** LangGraph has a checkpoint of this thread. */
  readonly exists: boolean
  readonly outcomes: Outcomes
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
  if (!tuple) return { exists: false, outcomes: {}, run: undefined, outputs: null }
  const { values } = await graph.getState(config)
  const pending = (tuple.pendingWrites ?? []).flatMap(([, channel, value]) =>
    channel === 'stages' ? [value as Outcomes] : [],
  )
  return {
    exists: true,
    outcomes: Object.assign({}, values.stages, ...pending) as Outcomes,
    run: values.run as RunState | undefined,
    outputs: (values.outputs as JsonObject | null | undefined) ?? null,
  }
}

/** What the stage wrapper would have said of this outcome. */
export function closingEvents(stage: string, outcome: Outcome): RunEventBody[] {
  const { attempts } = outcome
  const duration_ms = Math.max(0, Date.parse(outcome.ended_at) - Date.parse(outcome.started_at))
  const changes = Object.entries(outcome.set).map(
    ([variable, value]): RunEventBody => ({ type: 'variable.changed', stage, variable, value }),
  )
  switch (outcome.status) {
    case 'succeeded': {
      const cached = outcome.cached ? { cached: true as const } : {}
      return [{ type: 'stage.succeeded', stage, output: outcome.output, attempts, duration_ms, ...cached }, ...changes]
    }
    case 'failed': {
      const { tolerated, output } = outcome
      return [
        { type: 'stage.failed', stage, error: failureOf(stage, outcome), tolerated, output, attempts, duration_ms },
        ...changes,
      ]
    }
    case 'skipped':
      return [{ type: 'stage.skipped', stage, reason: outcome.reason ?? 'condition' }]
    case 'cancelled':
      return [{ type: 'stage.cancelled', stage, error: failureOf(stage, outcome), attempts, duration_ms }]
  }
}

const failureOf = (stage: string, outcome: Outcome): Failure =>
  outcome.error ?? { stage, category: 'internal', code: 'internal', message: 'The stage ended without saying why.' }

/**
 * What starts runs by itself: events, and runs of other pipelines that end.
 *
 * The thread of such a run follows from what started it, so that it is started once, whoever sees to it and however often.
 */
import { StagegraphError, ThreadError } from '../foundation/errors.ts'
import type { Evaluator } from '../foundation/expression/evaluate.ts'
import { digest, type Json, type JsonObject } from '../foundation/json.ts'
import type { Plan, TriggerPlan } from '../foundation/plan.ts'
import type { EngineHost } from './engine-host.ts'
import type { StartOptions } from './engine-options.ts'
import type { Run } from './run.ts'
import type { RunRecord, StoredSignal } from './store.ts'

/** How a run was started, or why it was not. */
export type Triggered =
  | { readonly id: string; readonly pipeline: string; readonly run: Run }
  | { readonly id: string; readonly pipeline: string; readonly error: StagegraphError }

export interface Triggers {
  readonly any: boolean
  /** Starts what these events start, unless it was. */
  byEvents(signals: readonly StoredSignal[]): Promise<readonly Triggered[]>
  /** Starts what the runs start that ended of late, unless it was. */
  byEnds(): Promise<readonly Triggered[]>
}

/** How long after its end a run still starts others. Milliseconds. */
const endsMatterMs = 86_400_000
/** How long such a run may have taken, and how many are looked at, newest first. */
const [longestRunMs, mostRuns] = [7 * 86_400_000, 200]

type Ports = Pick<EngineHost, 'store' | 'clock' | 'logger'> & {
  readonly evaluator: Evaluator
  start(plan: Plan, inputs: JsonObject, options: StartOptions): Promise<Run>
}

type OfKind<K extends TriggerPlan['kind']> = {
  readonly plan: Plan
  readonly trigger: Extract<TriggerPlan, { readonly kind: K }>
}

export function createTriggers(pipelines: readonly Plan[], ports: Ports): Triggers {
  const { store, clock, logger, evaluator } = ports
  const all = pipelines.flatMap((plan) => (plan.triggers ?? []).map((trigger) => ({ plan, trigger })))
  const byEvent = all.filter((each): each is OfKind<'event'> => each.trigger.kind === 'event')
  const byPipeline = all.filter((each): each is OfKind<'pipeline'> => each.trigger.kind === 'pipeline')

  /** They are not tried again here: what is wrong with them is wrong with the pipeline. */
  const failed = new Set<string>()

  function matches({ match }: OfKind<'event'>['trigger'], { id, event, at, data }: StoredSignal): boolean {
    if (match === undefined) return true
    try {
      return evaluator.condition(match, { names: { event: { id, event, at, data } }, nowMs: Date.parse(at) })
    } catch (error) {
      logger.warn('an event could not be matched', { event, id, error: String(error) })
      return false
    }
  }

  async function begin(
    { plan, trigger }: { readonly plan: Plan; readonly trigger: TriggerPlan },
    cause: string,
    names: JsonObject,
  ): Promise<readonly Triggered[]> {
    const { name: pipeline } = plan
    const id = `t_${digest(['trigger', pipeline, trigger.kind, cause]).slice(0, 24)}`
    if (failed.has(id) || (await store.getRun(id))) return []
    try {
      const scope = { names: { trigger: names }, nowMs: clock.now() }
      const entries = Object.entries(trigger.with).map(([key, given]): [string, Json] => [
        key,
        evaluator.template(given, scope),
      ])
      return [{ id, pipeline, run: await ports.start(plan, Object.fromEntries(entries), { threadId: id }) }]
    } catch (thrown) {
      if (thrown instanceof ThreadError) return [] // somebody else was quicker
      failed.add(id)
      const error = thrown instanceof StagegraphError ? thrown : notStarted(pipeline, thrown)
      logger.warn('a run could not be started', { pipeline, cause, error: error.message })
      return [{ id, pipeline, error }]
    }
  }

  async function byEvents(signals: readonly StoredSignal[]): Promise<readonly Triggered[]> {
    const started: Triggered[] = []
    for (const signal of signals) {
      const { id, at, data } = signal
      for (const each of byEvent) {
        if (each.trigger.event !== signal.event || !matches(each.trigger, signal)) continue
        started.push(...(await begin(each, id, { id, at, data })))
      }
    }
    return started
  }

  async function byEnds(): Promise<readonly Triggered[]> {
    const started: Triggered[] = []
    const nowMs = clock.now()
    for (const each of byPipeline) {
      const { pipeline, status } = each.trigger
      const since = new Date(nowMs - longestRunMs).toISOString()
      const runs = await store.listRuns({ pipeline, status, since, limit: mostRuns })
      for (const run of runs.toReversed()) {
        if (run.ended_at === null || Date.parse(run.ended_at) < nowMs - endsMatterMs) continue
        started.push(...(await begin(each, run.id, { run: run.id, status: run.status, outputs: await outputsOf(run) })))
      }
    }
    return started
  }

  async function outputsOf({ id }: RunRecord): Promise<Json> {
    const last = (await store.readEvents(id)).findLast(({ type }) => type === 'run.ended')
    return last?.type === 'run.ended' ? last.result.outputs : null
  }

  return { any: all.length > 0, byEvents, byEnds }
}

const notStarted = (pipeline: string, cause: unknown): ThreadError =>
  new ThreadError('unsupported_option', `"${pipeline}" could not be started: ${String(cause)}`, { cause })

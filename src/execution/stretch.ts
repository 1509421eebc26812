/**
 * One stretch of a run: from a start or a resume until it ended or paused.
 *
 * It lowers the plan to LangGraph's graph, hands the graph a checkpointer that reports durable outcomes, invokes it once
 * and reads off how it ended. Everything a stage does on the way is the runner's; everything that is said goes through
 * the event log.
 */
import { lowerToFlow } from '../compiler/lower/flow.ts'
import type { PipelineGraph } from '../compiler/lower/pipeline-graph.ts'
import { lowerToStages } from '../compiler/lower/stages.ts'
import type { Failure } from '../foundation/errors.ts'
import { StagegraphError } from '../foundation/errors.ts'
import type { RunEventBody, RunResult } from '../foundation/events.ts'
import type { Lowering } from '../foundation/flow.ts'
import type { JsonObject } from '../foundation/json.ts'
import { isFinished, type Outcomes, type RunState, type RunStatus } from '../foundation/outcome.ts'
import type { Plan } from '../foundation/plan.ts'
import type { StageRunner } from '../foundation/stage-runner.ts'
import { createControl } from './control.ts'
import type { EngineHost } from './engine-host.ts'
import { createEventLog, type EventLog } from './event-log.ts'
import { createFlow } from './flow.ts'
import { followLive } from './follow.ts'
import { createProgress, type Progress } from './progress.ts'
import { readLowering, readThread } from './recovery.ts'
import { type PipelineResult, type Run, toPipelineResult } from './run.ts'
import type { RunHistory } from './run-history.ts'
import { RunSaver } from './run-saver.ts'
import { closeStage } from './stage-events.ts'
import { createStageRunner } from './stage-runner.ts'
import type { RunOwner, RunPatch, RunRecord } from './store.ts'

export interface StretchInput {
  readonly plan: Plan
  /** As it stood when the run was claimed. */
  readonly record: RunRecord
  readonly owner: RunOwner
  readonly history: RunHistory
  /** Made by the runner when the run starts; a resumed run has it in its checkpoint. */
  readonly runState?: RunState
  readonly until?: string
  readonly signal?: AbortSignal
  /** The run is only claimed to end it as cancelled. */
  readonly cancelled?: boolean
}

/** How often the store is asked whether another process wants the run cancelled. Milliseconds. */
const cancelPollMs = 300
/** The time left is worked out at most this often. Milliseconds. */
const etaEveryMs = 250

export function startStretch(host: EngineHost, input: StretchInput): Run {
  const { plan, record, history } = input
  const { store, clock } = host
  const control = createControl()
  const startedMs = clock.monotonic()
  const activeMs = () => record.active_ms + Math.round(clock.monotonic() - startedMs)
  const known = new Map<string, number>()
  const progress = replay(plan, history, known)
  let storeError: unknown
  let lowering = host.lowering

  const log = createEventLog({
    store,
    runId: record.id,
    clock,
    seq: history.lastSeq,
    annotate: annotator(progress, () => clock.now()),
    patch: (): RunPatch => ({ progress: progress.percentage, active_ms: activeMs() }),
    onFailure(error) {
      storeError = error
      control.abandon()
    },
  })

  const runner = createStageRunner(plan, {
    ...host.stageHost(plan),
    control,
    emit(body) {
      log.say(body)
    },
    priorFailures: (path) => history.failures.get(path) ?? 0,
    priorAttempts: (path) => history.attempts.get(path) ?? 0,
  })
  const saver = new RunSaver(store.saver, async (paths) => {
    // In `flow` the outcome itself is what the next stage waits for; events follow, and are found again if they do not.
    if (lowering === 'flow') log.permit(paths)
    else await log.release(paths)
    if (input.until !== undefined && paths.includes(input.until)) control.pause('until')
  })
  const lower = () => lowerTo(lowering, plan, resumable(runner, input), saver)
  let graph = lower()
  const config = { configurable: { thread_id: record.id } }

  async function drive(): Promise<PipelineResult> {
    const stretch = record.stretches + 1
    log.say(opening(plan, record, stretch))
    await log.flush({ status: 'running', stretches: stretch })
    if (input.cancelled || record.cancel_requested) beginCancel()

    lowering = (await readLowering(saver, config)) ?? host.lowering
    if (lowering !== host.lowering) graph = lower()
    const thread = await readThread(graph, saver, config)
    await adopt(log, history, thread.outcomes)
    await graph.invoke(thread.run ? null : { inputs: record.inputs }, config)
    return close(await readThread(graph, saver, config))
  }

  function beginCancel(): void {
    if (control.signal.aborted) return
    log.say({ type: 'run.cancelling' })
    control.cancel()
  }

  async function close(thread: Awaited<ReturnType<typeof readThread>>): Promise<PipelineResult> {
    const status = thread.run?.status
    if (status !== undefined) return end(status, thread.run, thread.outputs)
    if (control.pausing()) return pause()
    return end('incomplete', thread.run, null, incomplete(plan, thread.outcomes))
  }

  async function end(
    status: RunStatus,
    run: RunState | undefined,
    outputs: JsonObject | null,
    error: Failure | null = run?.error ?? null,
  ): Promise<PipelineResult> {
    const endedAt = run?.ended_at ?? new Date(clock.now()).toISOString()
    const result = describe(status, { outputs, error, tolerated: run?.tolerated ?? [], endedAt })
    log.say({ type: 'run.ended', result })
    await log.flush({ status, ended_at: isFinished(status) ? endedAt : null })
    return toPipelineResult(result)
  }

  async function pause(): Promise<PipelineResult> {
    log.say({ type: 'run.paused', reason: control.pauseReason ?? 'interrupted' })
    await log.flush({ status: 'paused' })
    return toPipelineResult(describe('paused', {}))
  }

  function describe(
    status: RunStatus,
    end: { outputs?: JsonObject | null; error?: Failure | null; tolerated?: readonly string[]; endedAt?: string },
  ): RunResult {
    return {
      run_id: record.id,
      thread_id: record.id,
      pipeline: plan.name,
      status,
      outputs: end.outputs ?? null,
      error: end.error ?? null,
      tolerated: end.tolerated ?? [],
      started_at: record.created_at,
      ended_at: end.endedAt ?? null,
      execution_time_ms: activeMs(),
    }
  }

  /** The store or LangGraph itself gave up: what is stored stands, and the run can be resumed. */
  async function broken(thrown: unknown): Promise<PipelineResult> {
    const error = storeError ?? thrown
    host.logger.error('a run was stopped by an error outside its stages', { run: record.id, error: String(error) })
    await log.flush({ status: 'paused' }).catch(() => undefined)
    const code = error instanceof StagegraphError ? error.code : 'internal'
    const message = error instanceof Error ? error.message : String(error)
    return toPipelineResult(describe('paused', { error: { category: 'internal', code, message } }))
  }

  const stopWatching = watch()
  const result = drive()
    .catch(broken)
    .finally(async () => {
      stopWatching()
      log.close()
      await store.releaseRun(record.id, input.owner).catch(() => undefined)
    })

  /** Everything that can stop the run from outside: the caller's signal, another process, the time limit. */
  function watch(): () => void {
    const onAbort = () => void cancel()
    input.signal?.addEventListener('abort', onAbort, { once: true })
    if (input.signal?.aborted) onAbort()
    const poll = setInterval(() => {
      store.getRun(record.id).then(
        (row) => row?.cancel_requested && beginCancel(),
        () => undefined,
      )
    }, cancelPollMs)
    poll.unref()
    const durations = setTimeout(() => void host.knownDurations(plan, known).catch(() => undefined), etaEveryMs)
    durations.unref()
    const limit = new AbortController()
    if (plan.limits.timeoutMs !== undefined) {
      const limitMs = plan.limits.timeoutMs
      clock.sleep(Math.max(0, limitMs - record.active_ms), limit.signal).then(
        () => control.exceed(limitMs),
        () => undefined,
      )
    }
    return () => {
      input.signal?.removeEventListener('abort', onAbort)
      clearInterval(poll)
      clearTimeout(durations)
      limit.abort()
    }
  }

  async function cancel(): Promise<void> {
    await store.updateRun(record.id, { cancel_requested: true })
    beginCancel()
  }

  return {
    id: record.id,
    events: ({ after = 0 } = {}) =>
      followLive(store, record.id, after, { subscribe: (listener) => log.subscribe(listener), ended: result }),
    result,
    pause: () => control.pause('interrupted'),
    abandon: () => control.abandon(),
    cancel,
  }
}

function lowerTo(lowering: Lowering, plan: Plan, runner: StageRunner, checkpointer: RunSaver): PipelineGraph {
  const options = { checkpointer, onFailure: 'return' } as const
  return lowering === 'flow' ? lowerToFlow(plan, runner, createFlow, options) : lowerToStages(plan, runner, options)
}

/** A started run has its `run` channel already; the graph must not make another. */
function resumable(runner: StageRunner, { runState, record }: StretchInput): StageRunner {
  return runState ? { ...runner, start: () => ({ inputs: record.inputs, run: runState }) } : runner
}

function opening(plan: Plan, record: RunRecord, stretch: number): RunEventBody {
  if (stretch > 1) return { type: 'run.resumed', stretch }
  const { name, version, hash, stages } = plan
  return {
    type: 'run.started',
    pipeline: name,
    version: version ?? null,
    plan: hash,
    inputs: record.inputs,
    stages: stages.length,
  }
}

/** Outcomes that are durable but whose closing events are not: the process died between the two. */
async function adopt(log: EventLog, history: RunHistory, outcomes: Outcomes): Promise<void> {
  const missing = Object.entries(outcomes).filter(([path]) => !isClosed(history, path))
  for (const [path, outcome] of missing) for (const event of closeStage(path, outcome)) log.say(event)
  if (missing.length > 0) await log.release(missing.map(([path]) => path))
}

const isClosed = (history: RunHistory, path: string): boolean => {
  const status = history.stages.get(path)?.status
  return status === 'succeeded' || status === 'failed' || status === 'skipped' || status === 'cancelled'
}

function incomplete(plan: Plan, outcomes: Outcomes): Failure {
  const missing = plan.stages.map(({ id }) => id).filter((id) => !Object.hasOwn(outcomes, id))
  const message = `The run ended before every stage did: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}.`
  return { category: 'internal', code: 'incomplete', message, details: { missing: missing.slice(0, 100) } }
}

/** Progress as the history left it. */
function replay(plan: Plan, history: RunHistory, known: ReadonlyMap<string, number>): Progress {
  const progress = createProgress(plan, known)
  for (const stage of history.stages.values()) {
    if (isClosed(history, stage.id)) progress.finished(stage.id, stage.duration_ms ?? undefined)
  }
  return progress
}

function annotator(progress: Progress, nowMs: () => number) {
  let lastEta = Number.NEGATIVE_INFINITY
  return (body: RunEventBody): { progress?: number; eta_ms?: number | null } => {
    if (!('stage' in body)) return { progress: progress.percentage }
    if (body.type === 'stage.started') progress.started(body.stage, nowMs())
    else if (body.type === 'stage.progressed') progress.advanced(body.stage, body.fraction)
    else if (body.type === 'stage.skipped') progress.finished(body.stage, undefined)
    else if (body.type === 'stage.succeeded' || body.type === 'stage.failed' || body.type === 'stage.cancelled')
      progress.finished(body.stage, body.duration_ms)
    else return {}
    if (nowMs() - lastEta < etaEveryMs) return { progress: progress.percentage }
    lastEta = nowMs()
    return { progress: progress.percentage, eta_ms: progress.etaMs(lastEta) }
  }
}

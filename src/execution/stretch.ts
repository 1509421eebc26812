/**
 * One stretch of a run: from a start or a resume until it ended or paused.
 *
 * It opens the run's log, which is its journal, lowers the plan to LangGraph's graph, invokes that once and reads off how
 * it ended. Everything a stage does on the way is the runner's.
 */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { FlowGraphs } from '../compiler/lower/flow.ts'
import type { PipelineGraph } from '../compiler/lower/pipeline-graph.ts'
import { lowerToStages } from '../compiler/lower/stages.ts'
import { type Failure, StagegraphError } from '../foundation/errors.ts'
import type { RunEventBody, RunResult } from '../foundation/events.ts'
import { isFinished, type Lowering, type Outcome, type RunState, type RunStatus } from '../foundation/outcome.ts'
import type { DatedEvent, Past } from '../foundation/past.ts'
import type { Plan, StagePlan } from '../foundation/plan.ts'
import type { RunView, Settled, StageRunner } from '../foundation/stage-runner.ts'
import { createControl } from './control.ts'
import { describeCrashes } from './crashes.ts'
import type { EngineHost } from './engine-host.ts'
import { followLive } from './follow.ts'
import { outside } from './outside.ts'
import { readLog, readThread } from './recovery.ts'
import { type PipelineResult, type Run, toPipelineResult } from './run.ts'
import { createRunLog } from './run-log.ts'
import { createAnnotator, etaEveryMs, resumeProgress } from './run-progress.ts'
import { createStageRunner } from './stage-runner.ts'
import type { Lease, RunRecord, RunVersion } from './store.ts'
import { incomplete, opening, resultOf, type StretchEnd } from './stretch-ends.ts'
import { followOpen, pausingAt } from './stretch-journal.ts'
import { createStretchNews } from './stretch-news.ts'
import { takeUp } from './take-up.ts'
import { deadlineOf, limitsOf, watchStretch } from './watch.ts'

export interface StretchInput {
  readonly plan: Plan
  /** As it stood when the run was claimed. */
  readonly record: RunRecord
  readonly lease: Lease
  /** Until when the lease was given. Milliseconds since 1970. */
  readonly leaseUntilMs: number
  /** What its log said then, and where it stood. */
  readonly past: Past
  readonly lastSeq: number
  /** The percentage that its last event told. */
  readonly reached: number
  /** What the graph begins with when it has no checkpoint. */
  readonly runState: RunState
  /** 1 for the first, … */
  readonly number: number
  readonly lowering: Lowering
  readonly until?: string
  readonly signal?: AbortSignal
  /** The run is only claimed to end it as cancelled. */
  readonly cancelled?: boolean
  /** Of a fork: the events it begins with, which `past` has already. */
  readonly inherited?: readonly DatedEvent[]
  /** Answers that came with the resume, which `past` has already. */
  readonly fired?: readonly DatedEvent[]
  /** It goes on by another plan than its row says. */
  readonly runsBy?: RunVersion
  /** Said once the run has started. */
  readonly warning?: RunEventBody
}

export interface StretchHost extends EngineHost {
  /** What came for its waits. */
  newsOf(run: RunRecord): Promise<readonly DatedEvent[]>
  /** What the runs of a plan by `flow` have in common. */
  flowOf(plan: Plan): FlowGraphs
}

export function startStretch(host: StretchHost, input: StretchInput): Run {
  const { plan, record, lease, past } = input
  const { store, clock } = host
  const config = { configurable: { thread_id: record.id } }
  const control = createControl()
  const startedMs = clock.monotonic()
  const activeMs = () => record.active_ms + Math.round(clock.monotonic() - startedMs)
  const lasted = new Map<string, number>()
  const progress = resumeProgress(plan, past, lasted, input.reached)
  const inFlight = new Set<Promise<unknown>>()
  const ended: Record<string, Outcome> = {}
  let storeError: unknown
  let settled: Settled | undefined

  const log = createRunLog({
    async append(first, events, patch) {
      await store.append(lease, first, events, patch)
      await watch.stillOurs() // what waits for this commit is an effect
    },
    runId: record.id,
    clock,
    seq: input.lastSeq,
    annotate: createAnnotator(progress, () => clock.now()),
    patch: () => ({ progress: progress.percentage, active_ms: activeMs() }),
    onFailure(error) {
      storeError = error
      control.abandon()
    },
  })
  let endedStages = 0
  const journal = pausingAt(input.until, log, control)
  const known = followOpen(journal, past, {
    reread: async () => (await readLog(store, record.id)).past,
    now: () => new Date(clock.now()).toISOString(),
    onEnd: () => endedStages++,
  })
  const news = createStretchNews({ ...host, ended: () => endedStages }, record, known)
  const recorded = { ...known, onNews: news.onNews }
  const runner = createStageRunner(plan, {
    ...host.stageHost(plan),
    control,
    recorded,
    engine: lease.owner.engine,
    ...deadlineOf(plan, record.created_at),
  })
  const saver = store.saverOf(lease)
  const graph = lower(observed(runner), saver)
  // The log has everything: of a `flow` only what a call leaves is worth a checkpoint, unless one was asked for.
  const durability = input.lowering === 'flow' && !plan.stages.some(({ checkpoint }) => checkpoint) ? 'exit' : 'sync'

  function lower(runner: StageRunner, checkpointer: BaseCheckpointSaver): PipelineGraph {
    if (input.lowering === 'flow') return host.flowOf(plan)(runner, { checkpointer })
    return lowerToStages(plan, runner, { checkpointer, onFailure: 'return' })
  }

  /** The engine made the `run` channel already; and what the graph settles on is what the run ends with. */
  function observed(original: StageRunner): StageRunner {
    return {
      ...original,
      ...(input.lowering === 'stages' && {
        runStage: (stage, view, line) => follow(stage.id, original.runStage(stage, besides(stage, view), line)),
      }),
      start: () => ({ inputs: record.inputs, run: input.runState, patches: past.patches }),
      async settle(view, line) {
        settled = await original.settle(view, line)
        return settled
      },
    }
  }

  /** LangGraph gives up when one node throws, and the nodes beside it run on; a `flow` waits for its stages itself. */
  function follow(id: string, stage: Promise<Outcome>): Promise<Outcome> {
    inFlight.add(stage)
    const left = () => void inFlight.delete(stage)
    stage.then((outcome) => {
      ended[id] = outcome
      left()
    }, left)
    return stage
  }

  /** LangGraph keeps to itself what ended beside a node that waits; and that may be what it waits for. */
  const besides = ({ kind }: StagePlan, view: RunView): RunView =>
    host.kinds.get(kind)?.waits ? { ...view, outcomes: { ...ended, ...view.outcomes } } : view

  async function drive(): Promise<PipelineResult> {
    log.say(opening(input), input.number === 1 ? input.runState.started_at : undefined)
    if (input.warning) log.say(input.warning)
    for (const { at, ...event } of [...(input.inherited ?? []), ...(input.fired ?? [])]) log.say(event, at)
    // An answer is durable before anything is done with it; and how the run was begun before there is a checkpoint of it,
    // which there is also when the graph fails.
    const { number, runsBy } = input
    const isRenewed = isFinished(record.status) // a cancel is done with: it goes on because somebody wants it to
    const row = number > 1 ? ({ status: 'running', stretches: number, ended_at: null } as const) : {}
    const more = { ...(isRenewed && { cancel_requested: false }), ...(runsBy && { runsBy }) }
    await log.flush(number > 1 || runsBy ? { ...row, ...more } : undefined)
    const crashed = describeCrashes(past)
    for (const event of crashed.events) log.say(event)
    if (crashed.quarantined) return end('quarantined', { error: crashed.quarantined })
    if (input.cancelled || (record.cancel_requested && !isRenewed)) beginCancel()
    const thread = input.number === 1 ? undefined : await takeUp({ ...input, config, saver, runner, log })
    return close(await toQuiet(thread?.run ? null : { inputs: record.inputs }))
  }

  /** Invokes the graph until it ended, or waits for what has not come yet. True: it waits. */
  async function toQuiet(first: object | null): Promise<boolean> {
    for (let given = first; ; given = null) {
      const before = endedStages
      const state: object = await outside(() => graph.invoke(given, { ...config, durability }))
      const waits = '__interrupt__' in state && Array.isArray(state.__interrupt__) && state.__interrupt__.length > 0
      if (!waits || control.pausing() || control.signal.aborted) return waits
      const came = await news.take()
      // What ended beside a wait may be what it waits for; a `flow` looks for itself.
      const mayHaveCome = input.lowering === 'stages' && endedStages > before
      if (!came && !mayHaveCome) return true
      await log.flush()
    }
  }

  function beginCancel(): void {
    if (control.signal.aborted) return
    log.say({ type: 'run.cancelling' })
    control.cancel()
  }

  async function close(waits: boolean): Promise<PipelineResult> {
    const thread = settled ?? (await readThread(saver, config)) ?? { run: undefined, outputs: null, outcomes: {} }
    const { run, outputs } = thread
    if (run?.status !== undefined) return end(run.status, { run, outputs })
    if (control.pausing()) return pause('paused', control.pauseReason ?? 'interrupted')
    if (waits) return pause('waiting', 'waiting')
    return end('incomplete', { error: incomplete(plan, 'outcomes' in thread ? thread.outcomes : {}) })
  }

  async function end(
    status: RunStatus,
    {
      run,
      outputs = null,
      error = run?.error ?? null,
    }: Partial<Omit<Settled, 'run'>> & { run?: RunState; error?: Failure | null },
  ): Promise<PipelineResult> {
    const endedAt = run?.ended_at ?? new Date(clock.now()).toISOString()
    const { not_undone } = run ?? {}
    const result = describe(status, {
      outputs,
      error,
      tolerated: run?.tolerated ?? [],
      endedAt,
      ...(not_undone && { not_undone }),
    })
    log.say({ type: 'run.ended', result })
    await log.flush({ ...rowNow(), status, ended_at: isFinished(status) ? endedAt : null })
    return toPipelineResult(result)
  }

  async function pause(
    status: 'paused' | 'waiting',
    reason: Extract<RunEventBody, { type: 'run.paused' }>['reason'],
  ): Promise<PipelineResult> {
    log.say({ type: 'run.paused', reason })
    await log.flush({ ...rowNow(), status })
    return toPipelineResult(describe(status, {}))
  }

  const rowNow = () => ({ progress: progress.percentage, active_ms: activeMs() })

  const describe = (status: RunStatus, end: StretchEnd): RunResult =>
    resultOf({ record, plan, activeMs: activeMs() }, status, end)

  /** The store or LangGraph itself gave up: what is stored stands, and the run can be resumed. */
  async function broken(thrown: unknown): Promise<PipelineResult> {
    const error = storeError ?? thrown
    control.abandon()
    await Promise.allSettled(inFlight) // nobody else may have the run while something of it goes on here
    host.logger.error('a run was stopped by an error outside its stages', { run: record.id, error: String(error) })
    log.say({ type: 'run.paused', reason: 'interrupted' })
    await log.flush({ ...rowNow(), status: 'paused' }).catch(ignore)
    const code = error instanceof StagegraphError && 'code' in error ? String(error.code) : 'internal'
    const message = error instanceof Error ? error.message : String(error)
    return toPipelineResult(describe('paused', { error: { category: 'internal', code, message } }))
  }

  const watch = watchStretch(host, {
    lease,
    leaseUntilMs: input.leaseUntilMs,
    control,
    signal: input.signal,
    limits: limitsOf(plan, { activeMs: record.active_ms, createdMs: Date.parse(record.created_at) }, host.clock.now()),
    onCancelRequested: beginCancel,
    onSignal: () => void cancel(),
    onLost(error) {
      storeError ??= error
      control.abandon()
    },
  })
  const durations = setTimeout(() => void host.knownDurations(plan, lasted).catch(ignore), etaEveryMs)
  durations.unref()

  const result = drive()
    .catch(broken)
    .finally(async () => {
      watch.stop()
      clearTimeout(durations)
      log.close()
      await store.release(lease).catch(ignore)
    })

  async function cancel(): Promise<void> {
    await store.requestCancel(record.id)
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

const ignore = (): void => undefined

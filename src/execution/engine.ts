/**
 * The engine: plans in, runs out.
 *
 *   await using engine = createEngine({ store: openStore('.stagegraph/runs.db') })
 *   const run = await engine.start(compile(yaml), { topic: 'tea' })
 *   for await (const event of run.events()) console.log(event.type)
 *   const result = await run.result          // settles, never rejects
 */
import { dirname } from 'node:path'
import { InputError, ThreadError } from '../foundation/errors.ts'
import type { RunEvent, RunResult } from '../foundation/events.ts'
import { threadIdPattern } from '../foundation/ids.ts'
import { type JsonObject, jsonEqual } from '../foundation/json.ts'
import { isFinished, type RunState } from '../foundation/outcome.ts'
import { type Plan, planFormat } from '../foundation/plan.ts'
import { didYouMean } from '../foundation/suggest.ts'
import { createControl } from './control.ts'
import type { EngineHost } from './engine-host.ts'
import { followStored, storedEvents } from './follow.ts'
import { type HistoryEntry, readCheckpoints } from './history.ts'
import { findLastRun, readsLastRun } from './last-run.ts'
import { currentOwner, isOwnerDead } from './owner.ts'
import { preflight } from './preflight.ts'
import type { PipelineResult, Run } from './run.ts'
import { type RunHistory, readHistory, type StageState } from './run-history.ts'
import { changedSources } from './sources.ts'
import { createStageRunner } from './stage-runner.ts'
import type { RunFilter, RunOwner, RunRecord } from './store.ts'
import { startStretch } from './stretch.ts'

/** A plan, or what `compile` returned. */
export type Runnable = Plan | { readonly plan: Plan }

export interface StartOptions {
  /** The thread to use; made up when absent. On an existing thread, equal inputs continue it and others are refused. */
  readonly threadId?: string
  /** Cancels the run when aborted. */
  readonly signal?: AbortSignal
  /** Pause when this stage is terminal. */
  readonly until?: string
}

export interface ResumeOptions extends Omit<StartOptions, 'threadId'> {
  /** Go on although a `uses:` source changed since the run started. */
  readonly migrate?: boolean
}

export interface FollowOptions {
  /** Only events after this `seq`. */
  readonly after?: number
  /** Wait for what is still to come, also from another process. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

/** A run as it stands in the store. */
export interface PipelineState extends RunRecord {
  readonly result: RunResult | null
  readonly stages: readonly StageState[]
}

export interface PipelineEngine extends AsyncDisposable {
  /** Starts a run. Rejects with InputError or ThreadError before any effect. */
  start(pipeline: Runnable, inputs?: JsonObject, options?: StartOptions): Promise<Run>
  /** Goes on with a run that paused, crashed or was left, by its stored plan. */
  resume(threadId: string, options?: ResumeOptions): Promise<Run>
  /** Starts a run and waits for its end. */
  execute(pipeline: Runnable, inputs?: JsonObject, options?: StartOptions): Promise<PipelineResult>
  /** Ends a run, wherever it runs, or when nobody runs it. Idempotent. */
  cancel(threadId: string): Promise<void>
  get(threadId: string): Promise<PipelineState | undefined>
  list(filter?: RunFilter): Promise<readonly RunRecord[]>
  /** The thread's checkpoints, newest first. */
  history(threadId: string): Promise<readonly HistoryEntry[]>
  events(threadId: string, options?: FollowOptions): AsyncIterable<RunEvent>
  /** The plan a run is pinned to. */
  plan(threadId: string): Promise<Plan | undefined>
  /** Removes a run with all it left behind. Refused while it runs. False when there is none. */
  delete(threadId: string): Promise<boolean>
  /** Pauses what runs here and waits for it. The store stays open: it is whoever opened it who closes it. */
  close(): Promise<void>
}

/** How often another process's run is looked at. Milliseconds. */
const followPollMs = 200

export function createPipelineEngine(host: EngineHost): PipelineEngine {
  const { store, clock } = host
  const owner = currentOwner(host.newId('e'))
  const running = new Map<string, Run>()
  let closed = false

  async function start(pipeline: Runnable, inputs: JsonObject = {}, options: StartOptions = {}): Promise<Run> {
    const plan = 'plan' in pipeline ? pipeline.plan : pipeline
    refuseWhenClosed()
    refuseUnknownOptions(options, ['threadId', 'signal', 'until'])
    checkUntil(plan, options.until)
    const id = options.threadId === undefined ? host.newId('r') : checkedThreadId(options.threadId)
    const ready = prepare(plan, inputs, id)
    const existing = options.threadId === undefined ? undefined : await store.getRun(id)
    if (existing) return continueThread(existing, plan, ready.inputs, options)
    await preflight(plan, host.kinds, { directory: plan.origin.directory, services: host.stageHost(plan).services })
    await store.savePlan(plan)
    const record = newRecord(plan, id, ready.inputs, new Date(clock.now()).toISOString(), owner)
    if (!(await store.createRun(record))) throw inUse(id, 'was started by someone else just now')
    const history = await emptyHistory(plan)
    const runState = readsLastRun(plan) ? { ...ready.run, last: await findLastRun(plan, store) } : ready.run
    try {
      return take(startStretch(host, { plan, record, owner, history, runState, ...taken(options) }))
    } catch (error) {
      await store.deleteRun(id) // it could not even be lowered, so nothing has happened
      throw error
    }
  }

  /** Inputs validated and completed, env and secrets found, before anything is written. */
  function prepare(plan: Plan, inputs: JsonObject, threadId: string): { inputs: JsonObject; run: RunState } {
    const runner = createStageRunner(plan, {
      ...host.stageHost(plan),
      control: createControl(),
      emit() {},
      priorFailures: () => 0,
      priorAttempts: () => 0,
    })
    return runner.start(inputs, threadId)
  }

  async function continueThread(
    record: RunRecord,
    plan: Plan,
    inputs: JsonObject,
    options: StartOptions,
  ): Promise<Run> {
    if (record.plan !== plan.hash) {
      throw new ThreadError('plan_changed', `Thread "${record.id}" runs another version of "${record.pipeline}".`, {
        hint: `Resume it with its own plan: stagegraph resume ${record.id} — or start a new thread.`,
      })
    }
    if (isFinished(record.status)) throw finished(record)
    if (!jsonEqual(record.inputs, inputs)) throw inUse(record.id, 'was started with other inputs')
    return resume(record.id, options)
  }

  async function resume(threadId: string, options: ResumeOptions = {}): Promise<Run> {
    refuseWhenClosed()
    refuseUnknownOptions(options, ['signal', 'until', 'migrate', 'threadId'])
    const before = await known(threadId)
    if (isFinished(before.status)) throw finished(before)
    const plan = await planOf(before)
    checkUntil(plan, options.until)
    refuseChangedSources(plan, before, options.migrate ?? false)
    return take(await claimed(threadId, plan, taken(options)))
  }

  /** Makes this engine the run's owner and takes it up where it stands. */
  async function claimed(
    threadId: string,
    plan: Plan,
    options: Pick<StartOptions, 'signal' | 'until'> & { cancelled?: boolean },
  ): Promise<Run> {
    if (running.has(threadId)) throw busy(threadId, owner)
    const claim = await store.claimRun(threadId, owner, isOwnerDead)
    if (claim === 'unknown') throw unknown(threadId)
    if (claim !== 'claimed') throw busy(threadId, claim)
    try {
      const record = await known(threadId) // read again: it may have ended between the first look and the claim
      if (isFinished(record.status)) throw finished(record)
      const history = await readHistory(plan.stages, storedEvents(store, threadId, 0))
      return startStretch(host, { plan, record, owner, history, ...options })
    } catch (error) {
      await store.releaseRun(threadId, owner)
      throw error
    }
  }

  function take(run: Run): Run {
    running.set(run.id, run)
    void run.result.finally(() => running.delete(run.id))
    return run
  }

  async function cancel(threadId: string): Promise<void> {
    const here = running.get(threadId)
    if (here) return here.cancel()
    const record = await known(threadId)
    if (record.status === 'cancelled') return
    if (isFinished(record.status)) throw finished(record)
    await store.updateRun(threadId, { cancel_requested: true })
    if (record.owner && !isOwnerDead(record.owner)) return // its process sees the request and stops
    const run = take(await claimed(threadId, await planOf(record), { cancelled: true }))
    await run.result
  }

  async function get(threadId: string): Promise<PipelineState | undefined> {
    const record = await store.getRun(threadId)
    if (!record) return undefined
    const plan = await store.loadPlan(record.plan)
    const history = await readHistory(plan?.stages ?? [], storedEvents(store, threadId, 0))
    return { ...record, result: history.result, stages: [...history.stages.values()] }
  }

  function events(
    threadId: string,
    { after = 0, follow = false, signal }: FollowOptions = {},
  ): AsyncIterable<RunEvent> {
    if (!follow) return storedEvents(store, threadId, after)
    const here = running.get(threadId)
    if (here) return here.events({ after })
    return followStored(store, threadId, after, { signal, pollMs: followPollMs, active: () => isActive(threadId) })
  }

  async function isActive(threadId: string): Promise<boolean> {
    const record = await store.getRun(threadId)
    return record?.owner != null && !isOwnerDead(record.owner)
  }

  async function remove(threadId: string): Promise<boolean> {
    const record = await store.getRun(threadId)
    if (!record) return false
    if (record.owner && !isOwnerDead(record.owner)) throw busy(threadId, record.owner)
    return store.deleteRun(threadId)
  }

  async function close(): Promise<void> {
    closed = true
    for (const run of running.values()) run.pause()
    await Promise.all([...running.values()].map(({ result }) => result))
  }

  function refuseWhenClosed(): void {
    if (closed) throw new ThreadError('unsupported_option', 'This engine is closed.')
  }

  async function known(threadId: string): Promise<RunRecord> {
    checkedThreadId(threadId)
    const record = await store.getRun(threadId)
    if (!record) throw unknown(threadId)
    return record
  }

  async function planOf(record: RunRecord): Promise<Plan> {
    const plan = await store.loadPlan(record.plan)
    if (plan?.format === planFormat) return at(plan, record)
    throw new ThreadError(
      'plan_changed',
      `The plan of thread "${record.id}" was made by another version of stagegraph.`,
      {
        hint: 'Resume it with the version that started it.',
      },
    )
  }

  return {
    start,
    resume,
    cancel,
    get,
    events,
    close,
    delete: remove,
    execute: async (pipeline, inputs, options) => (await start(pipeline, inputs, options)).result,
    list: (filter) => store.listRuns(filter),
    history: (threadId) => readCheckpoints(store.saver, threadId),
    plan: async (threadId) => {
      const record = await store.getRun(threadId)
      return record && store.loadPlan(record.plan)
    },
    [Symbol.asyncDispose]: close,
  }
}

function newRecord(plan: Plan, id: string, inputs: JsonObject, at: string, owner: RunOwner): RunRecord {
  return {
    id,
    pipeline: plan.name,
    version: plan.version ?? null,
    plan: plan.hash,
    file: plan.origin.file,
    status: 'queued',
    inputs,
    progress: 0,
    created_at: at,
    updated_at: at,
    ended_at: null,
    active_ms: 0,
    stretches: 0,
    cancel_requested: false,
    owner,
  }
}

/** Copies of a pipeline in several folders share one stored plan; a run starts from its own file's folder. */
const at = (plan: Plan, { file }: RunRecord): Plan =>
  file === null ? plan : { ...plan, origin: { file, directory: dirname(file) } }

const emptyHistory = (plan: Plan): Promise<RunHistory> => readHistory(plan.stages, (async function* () {})())

/** Only what was given: an option that is there but undefined is none. */
function taken({ signal, until }: Pick<StartOptions, 'signal' | 'until'>): { signal?: AbortSignal; until?: string } {
  return { ...(signal && { signal }), ...(until !== undefined && { until }) }
}

/** Callers without types slip, too: an option that does nothing would be worse than an error. */
function refuseUnknownOptions(options: object, known: readonly string[]): void {
  const wrong = Object.keys(options).find((name) => !known.includes(name))
  if (wrong === undefined) return
  const message = `There is no option "${wrong}".`
  throw new InputError(
    message,
    [{ name: wrong, message }],
    didYouMean(wrong, known) ?? `Options are: ${known.join(', ')}.`,
  )
}

function checkedThreadId(id: string): string {
  if (typeof id === 'string' && threadIdPattern.test(id)) return id
  throw new InputError(`"${id}" cannot be a thread id.`, [
    { name: 'thread', message: 'Use letters, digits, "-", "_" and ".", at most 128 of them.' },
  ])
}

function checkUntil(plan: Plan, until: string | undefined): void {
  const ids = plan.stages.map(({ id }) => id)
  if (until === undefined || ids.includes(until)) return
  const hint = didYouMean(until, ids)
  throw new ThreadError('unknown_stage', `"${plan.name}" has no stage "${until}".`, hint === undefined ? {} : { hint })
}

function refuseChangedSources(plan: Plan, { id }: RunRecord, migrate: boolean): void {
  const changed = migrate ? [] : changedSources(plan)
  if (changed.length === 0) return
  throw new ThreadError('source_changed', `${changed.join(', ')} changed since thread "${id}" was started.`, {
    hint: `Restore the file, or accept the change: stagegraph resume ${id} --migrate`,
  })
}

const unknown = (id: string) =>
  new ThreadError('thread_unknown', `There is no thread "${id}" in this store.`, {
    hint: 'List what there is: stagegraph runs',
  })

const finished = ({ id, status }: RunRecord) =>
  new ThreadError(
    'thread_finished',
    `Thread "${id}" is finished: it ${status === 'cancelled' ? 'was' : 'has'} ${status}.`,
    {
      hint: `Look at it: stagegraph show ${id} — a new run needs a new thread.`,
    },
  )

const inUse = (id: string, why: string) =>
  new ThreadError('thread_in_use', `Thread "${id}" ${why}.`, {
    hint: `Resume it (stagegraph resume ${id}) or choose another thread id.`,
  })

const busy = (id: string, { pid, host }: RunOwner) =>
  new ThreadError('thread_busy', `Thread "${id}" is being run by process ${pid} on ${host}.`, {
    hint: `Follow it: stagegraph watch ${id} — or stop it: stagegraph cancel ${id}`,
  })

/**
 * The engine: plans in, runs out.
 *
 *   await using engine = createEngine({ store: openStore('.stagegraph/runs.db') })
 *   const run = await engine.start(compile(yaml), { topic: 'tea' })
 *   for await (const event of run.events()) console.log(event.type)
 *   const result = await run.result          // settles, never rejects
 */
import { dirname } from 'node:path'
import { lacking } from '../compiler/lower/fallback.ts'
import { ThreadError } from '../foundation/errors.ts'
import type { RunEvent } from '../foundation/events.ts'
import { assertJson, type JsonObject, jsonEqual } from '../foundation/json.ts'
import { isFinished, type Lowering, type RunState } from '../foundation/outcome.ts'
import { amend, type DatedEvent, foldPast, type Past } from '../foundation/past.ts'
import { type Plan, planFormat } from '../foundation/plan.ts'
import { createControl } from './control.ts'
import { type Answers, answerEvents } from './engine-answers.ts'
import type { EngineHost, Lowered } from './engine-host.ts'
import {
  checkedThreadId,
  checkUntil,
  type FollowOptions,
  type ForkOptions,
  type ResumeOptions,
  refuseChangedSources,
  refuseUnknownOptions,
  type StartOptions,
  taken,
} from './engine-options.ts'
import { followStored, storedEvents } from './follow.ts'
import { type ForkPoint, forkEvents, patchesOf } from './fork.ts'
import { readCommits } from './history.ts'
import { findLastRun, readsLastRun } from './last-run.ts'
import { endOrphans } from './orphans.ts'
import { currentOwner, isOwnerDead } from './owner.ts'
import type { PipelineEngine, PipelineState, Runnable } from './pipeline-engine.ts'
import { preflight } from './preflight.ts'
import { loweringOf, readLog, runStateOf } from './recovery.ts'
import type { Run } from './run.ts'
import { readHistory } from './run-history.ts'
import { createStageRunner } from './stage-runner.ts'
import type { Claim, NewRun, RunOwner, RunRecord } from './store.ts'
import { startStretch } from './stretch.ts'
import { busy, finished, inUse, notEnded, noVariable, orphaned, unknown } from './thread-errors.ts'

/** How often another process's run is looked at. Milliseconds. */
const followPollMs = 200

export function createPipelineEngine(host: EngineHost): PipelineEngine {
  const { store, clock } = host
  const owner = currentOwner(host.newId('e'))
  const running = new Map<string, Run>()
  const saved = new Set<string>()
  let closed = false

  async function start(pipeline: Runnable, inputs: JsonObject = {}, options: StartOptions = {}): Promise<Run> {
    const plan = 'plan' in pipeline ? pipeline.plan : pipeline
    refuseWhenClosed()
    refuseUnknownOptions(options, ['threadId', 'signal', 'until'])
    checkUntil(plan, options.until)
    const id = newId(options)
    const ready = prepare(plan, inputs, id)
    const existing = options.threadId === undefined ? undefined : await store.getRun(id)
    if (existing) return continueThread(existing, plan, ready.inputs, options)
    await preflight(plan, host.kinds, { directory: plan.origin.directory, services: host.stageHost(plan).services })
    return begin(plan, await begun(ready.run, plan), ready.inputs, options)
  }

  /** Writes the run, and runs it. `inherited`: what a fork begins with. */
  async function begin(
    plan: Plan,
    runState: RunState,
    inputs: JsonObject,
    options: StartOptions,
    inherited: readonly DatedEvent[] = [],
  ): Promise<Run> {
    await savePlan(plan)
    const record = newRecord(plan, runState.id, inputs, runState.started_at)
    const claim = claimNow()
    const lease = await store.createRun(record, claim)
    if (!lease) throw inUse(record.id, 'was started by someone else just now')
    const run = {
      plan,
      record: { ...record, owner },
      lease,
      leaseUntilMs: claim.expiresAtMs,
      past: foldPast(inherited),
      lastSeq: 0,
      runState,
      number: 1,
      ...(await host.lowering()),
      inherited,
    }
    try {
      return take(startStretch(host, { ...run, ...taken(options) }))
    } catch (error) {
      await store.deleteRun(record.id) // it could not even be lowered, so nothing has happened
      throw error
    }
  }

  /** Once per plan: the store never forgets one. */
  async function savePlan(plan: Plan): Promise<void> {
    if (saved.has(plan.hash)) return
    await store.savePlan(plan)
    saved.add(plan.hash)
  }

  const claimNow = (): Claim => ({ owner, expiresAtMs: clock.now() + host.leaseMs })

  const begun = async (run: RunState, plan: Plan): Promise<RunState> => ({
    ...run,
    ...(readsLastRun(plan) && { last: await findLastRun(plan, store) }),
    ...((await host.lowering()).lowering === 'flow' && { lowering: 'flow' }),
  })

  /** Inputs validated and completed, env and secrets found, before anything is written. */
  function prepare(plan: Plan, inputs: JsonObject, threadId: string): { inputs: JsonObject; run: RunState } {
    const runner = createStageRunner(plan, {
      ...host.stageHost(plan),
      control: createControl(),
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
    refuseUnknownOptions(options, ['signal', 'until', 'migrate', 'threadId', 'answers'])
    const before = await known(threadId)
    if (isFinished(before.status)) throw finished(before)
    const plan = await planOf(before)
    checkUntil(plan, options.until)
    refuseChangedSources(plan, before, options.migrate ?? false)
    const { answers = {} } = options
    return take(await claimed(before, plan, { ...taken(options), answers }))
  }

  async function fork(threadId: string, point: ForkPoint, options: ForkOptions = {}): Promise<Run> {
    refuseWhenClosed()
    refuseUnknownOptions(options, ['threadId', 'signal', 'until', 'set'])
    const from = await known(threadId)
    const plan = await planOf(from)
    checkUntil(plan, options.until)
    refuseChangedSources(plan, from, false)
    const events = await store.readEvents(threadId)
    const cut = forkEvents(events, point)
    if (!cut) throw notEnded(threadId, point)
    const patches = patchesOf(checkedSet(plan, options.set), cut.events)
    const { opening } = await readLog(storedEvents(store, threadId, 0))
    const id = newId(options)
    if (await store.getRun(id)) throw inUse(id, 'exists already')
    const { run } = prepare(plan, from.inputs, id)
    const { env = run.env, last } = opening ?? {}
    return begin(plan, { ...run, env, ...(last !== undefined && { last }) }, from.inputs, options, [
      { type: 'run.forked', from: { run: threadId, seq: cut.seq }, at: run.started_at },
      ...cut.events,
      ...patches.map((patch) => ({ ...patch, at: run.started_at })),
    ])
  }

  const newId = ({ threadId }: StartOptions): string =>
    threadId === undefined ? host.newId('r') : checkedThreadId(threadId)

  /** Variables as a fork may set them. Throws InputError. */
  function checkedSet(plan: Plan, set: JsonObject = {}): JsonObject {
    const runner = createStageRunner(plan, { ...host.stageHost(plan), control: createControl() })
    const unknownName = Object.keys(set).find((name) => !Object.hasOwn(plan.vars, name))
    if (unknownName !== undefined) throw noVariable(plan, unknownName)
    for (const [name, value] of Object.entries(set)) {
      assertJson(value)
      runner.checkVariable(name, value)
    }
    return set
  }

  /** Makes this engine the run's owner and takes it up where it stands. */
  async function claimed(
    { id: threadId, owner: last }: RunRecord,
    plan: Plan,
    { answers = {}, ...options }: Pick<ResumeOptions, 'signal' | 'until' | 'answers'> & { cancelled?: boolean },
  ): Promise<Run> {
    if (running.has(threadId)) throw busy(threadId, owner)
    if (last && isOwnerDead(last)) await endOrphansOf(last, threadId)
    const now = clock.now()
    const claim = claimNow()
    const given = await store.claim(threadId, claim, (held) => held.expiresAtMs <= now || isOwnerDead(held.owner))
    if ('heldBy' in given) throw busy(threadId, given.heldBy.owner)
    const { lease, lost } = given
    try {
      if (lost && !isOwnerDead(lost.owner)) await endOrphansOf(lost.owner, threadId) // it stands still: so must they
      const record = await known(threadId) // read again: it may have ended between the first look and the claim
      if (isFinished(record.status)) throw finished(record)
      const log = await readLog(storedEvents(store, threadId, 0))
      const { lastSeq, opening } = log
      const fired = answersFor(plan, log.past, threadId, answers)
      const { past } = fired.length > 0 ? amend(log.past, fired) : log
      const runState = opening
        ? runStateOf(record, opening)
        : await begun(prepare(plan, record.inputs, threadId).run, plan)
      const lowered = await loweredAs(loweringOf(opening))
      const number = opening ? record.stretches + 1 : 1
      const input = { plan, record, lease, past, lastSeq, runState, number, fired, ...lowered, ...options }
      return startStretch(host, { ...input, leaseUntilMs: claim.expiresAtMs })
    } catch (error) {
      await store.release(lease)
      throw error
    }
  }

  /** Before the claim: were we killed in between, the next one would not know whose orphans to look for. */
  async function endOrphansOf(last: RunOwner, threadId: string): Promise<void> {
    const inFlight = async () => (await readLog(storedEvents(store, threadId, 0))).past.open
    const ended = await endOrphans(last, threadId, inFlight)
    if (ended === false) throw orphaned(threadId)
    if (ended.length > 0) host.logger.warn('commands of a process that died were ended', { thread: threadId })
  }

  function answersFor(plan: Plan, past: Past, thread: string, answers: Answers): DatedEvent[] {
    if (Object.keys(answers).length === 0) return []
    const runner = createStageRunner(plan, { ...host.stageHost(plan), control: createControl() })
    return answerEvents(answers, { plan, past, thread, at: new Date(clock.now()).toISOString() }, runner)
  }

  /** A run goes on by the lowering that it was started by, or not at all. */
  async function loweredAs(started: Lowering | undefined): Promise<Lowered> {
    if (started === undefined) return host.lowering()
    const failed = started === 'flow' ? await host.selfTest() : []
    if (failed.length === 0) return { lowering: started }
    throw new ThreadError('unsupported_option', lacking(failed), {
      hint: 'Go on with the run with the version of LangGraph that it was started with.',
    })
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
    await store.requestCancel(threadId)
    if (record.owner && !isOwnerDead(record.owner)) return // its process sees the request and stops
    const run = take(await claimed(record, await planOf(record), { cancelled: true }))
    await run.result
  }

  async function get(threadId: string): Promise<PipelineState | undefined> {
    const record = await store.getRun(threadId)
    if (!record) return undefined
    const plan = await store.loadPlan(record.plan)
    const history = await readHistory(plan?.stages ?? [], storedEvents(store, threadId, 0))
    const { result, stages, waits } = history
    return { ...record, result, stages: [...stages.values()], waits: [...waits.values()] }
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
    fork,
    history: (threadId) => readCommits(storedEvents(store, threadId, 0)),
    plan: async (threadId) => {
      const record = await store.getRun(threadId)
      return record && store.loadPlan(record.plan)
    },
    [Symbol.asyncDispose]: close,
  }
}

function newRecord(plan: Plan, id: string, inputs: JsonObject, at: string): NewRun {
  return {
    id,
    pipeline: plan.name,
    version: plan.version ?? null,
    plan: plan.hash,
    file: plan.origin.file,
    status: 'running',
    inputs,
    progress: 0,
    created_at: at,
    updated_at: at,
    ended_at: null,
    active_ms: 0,
    stretches: 1,
    cancel_requested: false,
  }
}

/** Copies of a pipeline in several folders share one stored plan; a run starts from its own file's folder. */
const at = (plan: Plan, { file }: RunRecord): Plan =>
  file === null ? plan : { ...plan, origin: { file, directory: dirname(file) } }

/**
 * The engine: plans in, runs out.
 *
 *   await using engine = createEngine({ store: openStore('.stagegraph/runs.db') })
 *   const run = await engine.start(compile(yaml), { topic: 'tea' })
 *   for await (const event of run.events()) console.log(event.type)
 *   const result = await run.result          // settles, never rejects
 */
import { dirname } from 'node:path'
import { ThreadError } from '../foundation/errors.ts'
import type { RunEvent } from '../foundation/events.ts'
import { createEvaluator } from '../foundation/expression/evaluate.ts'
import { assertJson, type JsonObject, jsonEqual } from '../foundation/json.ts'
import { isFinished } from '../foundation/outcome.ts'
import { type Plan, planFormat, type StagePlan } from '../foundation/plan.ts'
import { createBackground } from './background.ts'
import { createControl } from './control.ts'
import type { EngineHost, StageHost } from './engine-host.ts'
import {
  checkedThreadId,
  checkStage,
  type FollowOptions,
  type ForkOptions,
  migrationTo,
  type PlanOptions,
  planIn,
  type ResumeOptions,
  type Runnable,
  refuseChangedSources,
  refuseUnknownOptions,
  type StartOptions,
  taken,
} from './engine-options.ts'
import { createEngineWaits } from './engine-waits.ts'
import { followStored, storedEvents } from './follow.ts'
import { endedIn, type ForkPoint, forkEvents, patchesOf } from './fork.ts'
import { readCommits } from './history.ts'
import { currentOwner, isOwnerDead } from './owner.ts'
import type { PipelineEngine, PipelineState } from './pipeline-engine.ts'
import { plannedMigration } from './planned-migration.ts'
import { preflight } from './preflight.ts'
import { recoverRuns } from './recover.ts'
import { openingAt, readLog } from './recovery.ts'
import { type PlannedStage, planRecovery } from './recovery-plan.ts'
import { type Again, refuseReopening } from './reopen.ts'
import type { Run } from './run.ts'
import { readHistory } from './run-history.ts'
import { createStageRunner } from './stage-runner.ts'
import type { RunRecord } from './store.ts'
import { createStretches } from './stretches.ts'
import { busy, finished, inUse, notEnded, noVariable, unknown } from './thread-errors.ts'
import { createTriggers } from './triggers.ts'
import { createNews } from './wait-news.ts'

/** How often another process's run is looked at. Milliseconds. */
const followPollMs = 200

export function createPipelineEngine(host: EngineHost): PipelineEngine {
  const { store } = host
  const owner = currentOwner(host.newId('e'))
  const evaluator = createEvaluator()
  const news = createNews({ ...host, evaluator })
  const stretchHost = { ...host, stageHost: (plan: Plan) => publishing(host.stageHost(plan), plan) }
  const { running, prepare, begin, takeOver } = createStretches(stretchHost, owner, news, () => inBackground.look())
  let closed = false

  async function start(pipeline: Runnable, inputs: JsonObject = {}, options: StartOptions = {}): Promise<Run> {
    const plan = planIn(pipeline)
    refuseWhenClosed()
    refuseUnknownOptions(options, ['threadId', 'signal', 'until', 'by'])
    checkStage(plan, options.until)
    const id = newId(options)
    const ready = prepare(plan, inputs, id)
    const existing = options.threadId === undefined ? undefined : await store.getRun(id)
    const { by, ...others } = options
    if (existing) return continueThread(existing, plan, ready.inputs, others)
    await refuseUnfit(plan)
    return begin(plan, by === undefined ? ready : { ...ready, run: { ...ready.run, by } }, options)
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
    refuseUnknownOptions(options, ['signal', 'until', 'migrate', 'threadId', 'answers', 'from', 'set'])
    const before = await known(threadId)
    const plan = await planOf(before)
    const again = againOf(before, plan, options)
    const migrate = migrationTo(options)
    if (isFinished(before.status) && !again && !migrate) throw finished(before)
    checkStage(migrate ?? plan, options.until)
    refuseChangedSources(migrate ?? plan, before, options.migrate === true)
    const { answers = {} } = options
    if (migrate) await refuseUnfit(migrate)
    return takeOver(before, plan, { ...taken(options), answers, ...(again && { again }), ...(migrate && { migrate }) })
  }

  const refuseUnfit = (plan: Plan): Promise<void> =>
    preflight(plan, host.kinds, { directory: plan.origin.directory, services: host.stageHost(plan).services })

  /** What is to run once more, if that was asked for. */
  function againOf(record: RunRecord, plan: Plan, { from, set }: ResumeOptions): Again | undefined {
    if (from === undefined && set === undefined) return undefined
    refuseReopening(record)
    checkStage(plan, from)
    return { ...(from !== undefined && { from }), ...(set && { set: checkedSet(plan, set) }) }
  }

  async function plannedRecovery(threadId: string, options: PlanOptions = {}): Promise<readonly PlannedStage[]> {
    refuseUnknownOptions(options, ['migrate'])
    const record = await known(threadId)
    const after = migrationTo(options)
    if (isFinished(record.status) && !after) throw finished(record)
    const plan = await planOf(record)
    const hasEffects = ({ kind }: StagePlan) => !host.kinds.get(kind)?.pure
    if (after) return plannedMigration({ store, record, before: plan, after, prepare, hasEffects })
    return planRecovery(plan, (await readLog(store, threadId)).past, hasEffects)
  }

  async function fork(threadId: string, point: ForkPoint, options: ForkOptions = {}): Promise<Run> {
    refuseWhenClosed()
    refuseUnknownOptions(options, ['threadId', 'signal', 'until', 'set'])
    const from = await known(threadId)
    const events = await store.readEvents(threadId)
    const cut = forkEvents(events, point)
    if (!cut) throw notEnded(threadId, point)
    const opening = openingAt(events, cut.seq)
    const { inputs } = opening ?? from
    const plan = await planOf({ ...from, plan: opening?.plan ?? from.plan })
    checkStage(plan, options.until)
    refuseChangedSources(plan, from, false)
    const patches = patchesOf(checkedSet(plan, options.set), endedIn(cut.events))
    const id = newId(options)
    if (await store.getRun(id)) throw inUse(id, 'exists already')
    const { run } = prepare(plan, inputs, id)
    const { env = run.env, last, by } = opening ?? {}
    const more = { ...(last !== undefined && { last }), ...(by !== undefined && { by }) }
    const started = { inputs, run: { ...run, env, ...more } }
    return begin(plan, started, options, [
      { type: 'run.forked', from: { run: threadId, seq: cut.seq }, inherits: cut.events.length, at: run.started_at },
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

  async function cancel(threadId: string): Promise<void> {
    const here = running.get(threadId)
    if (here) return here.cancel()
    const record = await known(threadId)
    if (record.status === 'cancelled') return
    if (isFinished(record.status)) throw finished(record)
    await store.requestCancel(threadId)
    if (record.owner && !isOwnerDead(record.owner)) return // its process sees the request and stops
    const run = await takeOver(record, await planOf(record), { cancelled: true })
    await run.result
  }

  async function get(threadId: string): Promise<PipelineState | undefined> {
    const record = await store.getRun(threadId)
    if (!record) return undefined
    const plan = await store.loadPlan(record.plan)
    const history = await readHistory(plan?.stages ?? [], storedEvents(store, threadId, 0))
    const { result, stages, waits, edited } = history
    return { ...record, result, stages: [...stages.values()], waits: [...waits.values()], edited_vars: edited }
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

  const triggers = createTriggers(host.pipelines ?? [], { ...host, evaluator, start })
  const waits = createEngineWaits({
    host: stretchHost,
    news,
    triggers,
    running,
    known,
    planOf,
    resume,
    isClosed: () => closed,
  })
  const inBackground = createBackground(host, running, waits.tick, triggers.any)

  /** Events of its stages are kept in the store. */
  const publishing = (stageHost: StageHost, plan: Plan): StageHost => ({
    ...stageHost,
    services: { ...stageHost.services, publish: (event) => waits.publish(plan, event) },
  })

  async function close(): Promise<void> {
    closed = true
    inBackground.stop()
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
    pending: waits.pending,
    decide: waits.decide,
    signal: waits.signal,
    tick: waits.tick,
    planRecovery: plannedRecovery,
    recover: () => recoverRuns(store, host.clock.now(), resume),
    history: (threadId) => readCommits(storedEvents(store, threadId, 0)),
    plan: async (threadId) => {
      const record = await store.getRun(threadId)
      return record && store.loadPlan(record.plan)
    },
    [Symbol.asyncDispose]: close,
  }
}

/** Copies of a pipeline in several folders share one stored plan; a run starts from its own file's folder. */
const at = (plan: Plan, { file }: RunRecord): Plan =>
  file === null ? plan : { ...plan, origin: { file, directory: dirname(file) } }

/**
 * How a thread comes to be run by this engine: a new run begins, or one that nobody runs is taken over. Either way it has
 * a lease from then on, and a stretch.
 */
import { type Lowered, lacking } from '../compiler/lower/fallback.ts'
import { flowOf } from '../compiler/lower/flow.ts'
import { ThreadError } from '../foundation/errors.ts'
import type { JsonObject } from '../foundation/json.ts'
import { isFinished, type Lowering, type RunState } from '../foundation/outcome.ts'
import { amend, type DatedEvent, foldPast, openWaitsIn, type Past } from '../foundation/past.ts'
import type { Plan } from '../foundation/plan.ts'
import type { Started } from '../foundation/stage-runner.ts'
import { createControl } from './control.ts'
import { type Answers, answerEvents } from './engine-answers.ts'
import type { EngineHost } from './engine-host.ts'
import { type ResumeOptions, type StartOptions, taken } from './engine-options.ts'
import { createFlow } from './flow.ts'
import { findLastRun, readsLastRun } from './last-run.ts'
import { fitted, migrationEvents } from './migrate.ts'
import { newRecord } from './new-record.ts'
import { endOrphans } from './orphans.ts'
import { hasLapsed, isOwnerDead } from './owner.ts'
import { perPlan } from './per-plan.ts'
import { answersOutside, loweringOf, type ReadLog, readLog, runStateOf } from './recovery.ts'
import { type Again, reopenEvents } from './reopen.ts'
import type { Run } from './run.ts'
import { createStageRunner } from './stage-runner.ts'
import type { Claim, Lease, RunOwner, RunRecord } from './store.ts'
import { type StretchHost, startStretch } from './stretch.ts'
import { busy, finished, inUse, orphaned, unknown } from './thread-errors.ts'
import type { News } from './wait-news.ts'
import { isFailurePause } from './waits.ts'

type TakeOver = Pick<ResumeOptions, 'signal' | 'until' | 'answers'> & {
  readonly cancelled?: boolean
  readonly again?: Again
  /** The plan that it is to go on by. */
  readonly migrate?: Plan
}

export interface Stretches {
  /** What runs here, by thread. */
  readonly running: ReadonlyMap<string, Run>
  /** Inputs validated and completed, env and secrets found, before anything is written. Throws InputError. */
  prepare(plan: Plan, inputs: JsonObject, threadId: string): Started
  /** Writes a new run, and runs it. `inherited`: what a fork begins with. */
  begin(plan: Plan, started: Started, options: StartOptions, inherited?: readonly DatedEvent[]): Promise<Run>
  /** Makes this engine the run's owner and takes it up where it stands. */
  takeOver(record: RunRecord, plan: Plan, options: TakeOver): Promise<Run>
}

/** `owner` is the engine. */
export function createStretches(given: EngineHost, owner: RunOwner, news: News, onTaken: () => void): Stretches {
  const host: StretchHost = {
    ...given,
    newsOf: (run) => news.of(run),
    flowOf: perPlan((plan) => flowOf(plan, createFlow, 'return')),
  }
  const { store, clock } = host
  const running = new Map<string, Run>()
  const claiming = new Set<string>()
  const saved = new Set<string>()
  /** Looked up once per plan: its whole text is searched. */
  const mayReadLastRun = perPlan(readsLastRun)

  function prepare(plan: Plan, inputs: JsonObject, threadId: string): Started {
    return createStageRunner(plan, { ...host.stageHost(plan), control: createControl() }).start(inputs, threadId)
  }

  async function begin(
    plan: Plan,
    { run, inputs }: Started,
    options: StartOptions,
    inherited: readonly DatedEvent[] = [],
  ): Promise<Run> {
    await savePlan(plan)
    const runState = await begun(run, plan)
    const record = newRecord(plan, runState.id, inputs, runState.started_at)
    const claim = claimNow()
    const lease = await store.createRun(record, claim)
    if (!lease) throw inUse(record.id, 'was started by someone else just now')
    const input = {
      plan,
      record: { ...record, owner },
      lease,
      leaseUntilMs: claim.expiresAtMs,
      past: foldPast(inherited),
      lastSeq: 0,
      reached: 0,
      runState,
      number: 1,
      ...(await host.lowering()),
      inherited,
    }
    try {
      return take(startStretch(host, { ...input, ...taken(options) }))
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

  /** What only the engine knows of a run that begins: the run before it, and how it is lowered. */
  const begun = async (run: RunState, plan: Plan): Promise<RunState> => ({
    ...run,
    ...(run.last === undefined && mayReadLastRun(plan) && { last: await findLastRun(plan, store) }),
    ...((await host.lowering()).lowering === 'flow' && { lowering: 'flow' }),
  })

  /** Makes this engine the run's owner and takes it up where it stands. */
  async function takeOver({ id: threadId, owner: last }: RunRecord, plan: Plan, options: TakeOver): Promise<Run> {
    if (running.has(threadId) || claiming.has(threadId)) throw busy(threadId, owner)
    claiming.add(threadId) // a second call of this engine would be its own owner's, and be let in
    try {
      return take(await claimed(last, threadId, plan, options))
    } finally {
      claiming.delete(threadId)
    }
  }

  async function claimed(
    last: RunOwner | null,
    threadId: string,
    plan: Plan,
    { answers = {}, again, migrate, ...options }: TakeOver,
  ): Promise<Run> {
    if (last && isOwnerDead(last)) await endOrphansOf(last, threadId)
    const now = clock.now()
    const claim = claimNow()
    const given = await store.claim(threadId, claim, (held) => hasLapsed(held, now))
    if ('heldBy' in given) throw busy(threadId, given.heldBy.owner)
    const { lease, lost } = given
    try {
      if (lost && !isOwnerDead(lost.owner)) await endOrphansOf(lost.owner, threadId) // it stands still: so must they
      const record = await store.getRun(threadId) // read again: it may have ended between the first look and the claim
      if (!record) throw unknown(threadId)
      if (isFinished(record.status) && !again && !migrate) throw finished(record)
      const log = await readLog(store, threadId)
      if (migrate) return await migrated(plan, migrate, record, lease, { log, answers, ...options })
      if (again) return reopened(plan, record, lease, { log, again, ...options })
      const { lastSeq, reached, opening } = log
      const outside = await cameBefore(log.past, record)
      const known = outside.length > 0 ? amend(log.past, outside).past : log.past
      const fired = [...outside, ...answersFor(plan, known, threadId, { ...triedAgain(known), ...answers })]
      const past = fired.length > 0 ? amend(log.past, fired).past : log.past
      const runState = opening
        ? runStateOf(record, opening)
        : await begun(prepare(plan, record.inputs, threadId).run, plan)
      const lowered = await loweredAs(loweringOf(opening))
      const number = opening ? record.stretches + 1 : 1
      const input = { plan, record, lease, past, lastSeq, reached, runState, number, fired, ...lowered, ...options }
      return startStretch(host, { ...input, leaseUntilMs: claim.expiresAtMs })
    } catch (error) {
      await store.release(lease)
      throw error
    }
  }

  /** Begins stages anew. The checkpoint, which has their outcomes, is made anew from the log. */
  async function reopened(
    plan: Plan,
    record: RunRecord,
    lease: Lease,
    { log, again, ...options }: Omit<TakeOver, 'answers' | 'again'> & { readonly log: ReadLog; readonly again: Again },
  ): Promise<Run> {
    const { opening, lastSeq } = log
    if (!opening) throw unknown(record.id) // it was never begun, so nothing can be begun anew
    const at = new Date(clock.now()).toISOString()
    const fired = reopenEvents(plan, log.past, again, at)
    const { past } = await readLog(store, record.id, fired)
    const lowered = await loweredAs(loweringOf(opening))
    const runState = runStateOf(record, opening)
    await store.saverOf(lease).deleteThread(record.id)
    const stands = { plan, record, lease, past, lastSeq, reached: 0, runState, number: record.stretches + 1, fired }
    return startStretch(host, { ...stands, ...lowered, ...options, leaseUntilMs: clock.now() + host.leaseMs })
  }

  /** Goes on by another plan. The checkpoint, which is one of the old graph, is made anew from the log. */
  async function migrated(
    before: Plan,
    after: Plan,
    record: RunRecord,
    lease: Lease,
    {
      log,
      answers,
      ...options
    }: Omit<TakeOver, 'again' | 'migrate'> & { readonly log: ReadLog; readonly answers: Answers },
  ): Promise<Run> {
    const { opening, lastSeq } = log
    const { inputs, env } = fitted(record, after, log.past, prepare)
    const lowered = await loweredAs(loweringOf(opening))
    const at = new Date(clock.now()).toISOString()
    const came = opening ? await cameBefore(log.past, record) : []
    const known = { ...log, past: (await readLog(store, record.id, came)).past }
    const told = opening ? [...came, ...migrationEvents({ record, log: known, before, after, inputs, env }, at)] : []
    const standing = await readLog(store, record.id, told)
    const fired = [
      ...told,
      ...answersFor(after, standing.past, record.id, { ...triedAgain(standing.past), ...answers }),
    ]
    const { past, opening: opened } = await readLog(store, record.id, fired)
    const version = { plan: after.hash, version: after.version ?? null, file: after.origin.file, inputs }
    await savePlan(after)
    await store.saverOf(lease).deleteThread(record.id)
    return startStretch(host, {
      plan: after,
      record: { ...record, ...version },
      lease,
      leaseUntilMs: clock.now() + host.leaseMs,
      past,
      lastSeq,
      reached: 0,
      runState: opened
        ? runStateOf({ ...record, ...version }, opened)
        : await begun(prepare(after, inputs, record.id).run, after),
      number: opening ? record.stretches + 1 : 1,
      fired,
      runsBy: version,
      ...lowered,
      ...options,
    })
  }

  /** Before the claim: were we killed in between, the next one would not know whose orphans to look for. */
  async function endOrphansOf(last: RunOwner, threadId: string): Promise<void> {
    const inFlight = async () => (await readLog(store, threadId)).past.open
    const ended = await endOrphans(last, threadId, inFlight)
    if (ended === false) throw orphaned(threadId)
    if (ended.length > 0) host.logger.warn('commands of a process that died were ended', { thread: threadId })
  }

  /** A run that waits may have been answered by a graph on its thread, with no engine around it. */
  async function answeredOutside(past: Past, threadId: string): Promise<DatedEvent[]> {
    const open = openWaitsIn(past)
    return open.length > 0 ? answersOutside(store.saver, { configurable: { thread_id: threadId } }, open) : []
  }

  /** A resume tries what failed and paused its run again, unless it says something else. */
  function triedAgain(past: Past): Answers {
    const paused = openWaitsIn(past).filter(isFailurePause)
    return Object.fromEntries(paused.map(({ id }) => [id, { decision: 'retry' }]))
  }

  /** What came while nobody ran it. */
  async function cameBefore(past: Past, record: RunRecord): Promise<DatedEvent[]> {
    const outside = await answeredOutside(past, record.id)
    const told = new Set(outside.flatMap((event) => ('wait' in event ? [event.wait] : [])))
    const came = await news.of(record)
    return [...outside, ...came.filter((event) => !('wait' in event) || !told.has(event.wait))]
  }

  function answersFor(plan: Plan, past: Past, thread: string, answers: Answers): DatedEvent[] {
    if (Object.keys(answers).length === 0) return []
    const runner = createStageRunner(plan, { ...host.stageHost(plan), control: createControl() })
    return answerEvents(answers, { past, thread, at: new Date(clock.now()).toISOString() }, runner)
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
    onTaken()
    void run.result.finally(() => running.delete(run.id))
    return run
  }

  return { running, prepare, begin, takeOver }
}

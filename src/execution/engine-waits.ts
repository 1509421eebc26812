/**
 * Waits as an engine has them: what is open, how it is answered, events that come in, and what is due.
 *
 * What comes for a wait is a row first; then its run is gone on with, here or by whoever holds it. So it makes no
 * difference where in between a process dies.
 */
import { checkAnswer } from '../foundation/answer.ts'
import { systemClock } from '../foundation/clock.ts'
import { StagegraphError, ThreadError } from '../foundation/errors.ts'
import { assertJson, type Json } from '../foundation/json.ts'
import { isFinished } from '../foundation/outcome.ts'
import type { Plan } from '../foundation/plan.ts'
import type { PublishedEvent } from '../foundation/stage-kind.ts'
import { createControl } from './control.ts'
import {
  answerOf,
  byOf,
  byOfPerson,
  type Decision,
  decidedAlready,
  invalid,
  isByAnother,
  loggedWait,
  noCheck,
  noWait,
  takesSeveral,
} from './decision.ts'
import type { EngineHost } from './engine-host.ts'
import { storedEvents } from './follow.ts'
import type { Run } from './run.ts'
import { createStageRunner } from './stage-runner.ts'
import type { RunRecord, StoredSignal, WaitRecord } from './store.ts'
import type { Triggers } from './triggers.ts'
import type { News } from './wait-news.ts'

/** A wait that is open, of a run of this pipeline. */
export interface PendingWait extends WaitRecord {
  readonly pipeline: string
}

/** A wait that was answered. `run` goes on here; absent: someone else runs it, and takes the answer up. */
export interface Decided {
  readonly thread: string
  readonly wait: string
  readonly stage: string
  readonly run?: Run
}

export interface NewSignal {
  readonly event: string
  readonly data?: Json
  /** An id counts once. Made up when absent. */
  readonly id?: string
  /** How long it is kept for waits that are not open yet. Milliseconds; a day by default. */
  readonly retainMs?: number
}

export interface Signalled {
  readonly id: string
  /** It came before, and nothing was done now. */
  readonly duplicate: boolean
  /** Runs that it came to and that go on here, and those that it started. */
  readonly runs: readonly Run[]
}

/** A run that was gone on with because something was due of its waits, or that a trigger started; or why not. */
export type Ticked =
  | { readonly id: string; readonly pipeline: string; readonly run: Run }
  | { readonly id: string; readonly pipeline: string; readonly error: StagegraphError }

export interface EngineWaits {
  pending(thread?: string): Promise<readonly PendingWait[]>
  decide(thread: string, waitOrStage: string, decision: Decision): Promise<Decided>
  signal(signal: NewSignal): Promise<Signalled>
  tick(): Promise<readonly Ticked[]>
  /** For `emit`: keeps the event, and sees to whom it comes. */
  publish(plan: Plan, event: PublishedEvent): Promise<void>
}

export interface EngineWaitsPorts {
  readonly host: EngineHost
  readonly news: News
  readonly triggers: Triggers
  /** Nothing is gone on with any more. */
  readonly isClosed: () => boolean
  readonly running: ReadonlyMap<string, Run>
  known(thread: string): Promise<RunRecord>
  planOf(record: RunRecord): Promise<Plan>
  resume(thread: string): Promise<Run>
}

export const defaultRetainMs = 86_400_000

/** How long, and how often, a run that someone else holds is asked for. Milliseconds, of real time: it is somebody at work. */
const [patienceMs, askEveryMs] = [2_000, 40]
const pause = (): Promise<void> => systemClock.sleep(askEveryMs)

export function createEngineWaits(ports: EngineWaitsPorts): EngineWaits {
  const { host, news, triggers, running, known, planOf, resume } = ports
  const { store, clock } = host
  /** Signals up to this one were seen to by `tick`. */
  let seen = 0

  const now = (): string => new Date(clock.now()).toISOString()

  async function pending(thread?: string): Promise<readonly PendingWait[]> {
    if (thread !== undefined) await known(thread)
    const waits = await store.listWaits(thread === undefined ? {} : { thread })
    const pipelines = new Map<string, string>()
    for (const { thread: id } of waits) {
      if (!pipelines.has(id)) pipelines.set(id, (await store.getRun(id))?.pipeline ?? '')
    }
    return waits
      .filter(({ answered }) => answered === undefined)
      .map((wait) => ({ ...wait, pipeline: pipelines.get(wait.thread) ?? '' }))
  }

  /**
   * Goes on with a run for which something has come. Undefined: someone else runs it and takes it up, for what has come
   * was there before whoever holds it looks for the last time.
   */
  async function wake(thread: string): Promise<Run | undefined> {
    for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += askEveryMs) {
      try {
        return await resume(thread)
      } catch (error) {
        if (!(error instanceof ThreadError)) throw error
        if (error.code === 'thread_finished') return undefined
        if (error.code !== 'thread_busy') throw error
      }
      await pause()
      const record = await store.getRun(thread)
      if (!record || isFinished(record.status) || !(await hasNews(record))) return undefined
    }
    return undefined
  }

  const hasNews = async (record: RunRecord): Promise<boolean> =>
    (await store.listWaits({ thread: record.id, dueMs: clock.now() })).length > 0 || (await news.of(record)).length > 0

  async function decide(thread: string, waitOrStage: string, decision: Decision): Promise<Decided> {
    const record = await known(thread)
    const plan = await planOf(record)
    const runner = createStageRunner(plan, { ...host.stageHost(plan), control: createControl() })
    for (let turns = patienceMs / askEveryMs; ; turns--) {
      const wait = await findWait(thread, waitOrStage, decision)
      if (!wait) {
        const isRun = (await store.getRun(thread))?.owner != null
        if (turns <= 0 || !isRun) throw noWait(thread, waitOrStage, await store.listWaits({ thread }))
        await pause() // it may be asked any moment
        continue
      }
      if (!('thread' in wait)) return { thread, wait: wait.id, stage: wait.stage } // said before, and taken up
      const { id, stage, answered } = wait
      if (turns > 0 && isByAnother(wait, decision)) {
        await ((await wake(thread))?.result ?? pause()) // the next of several is asked by then
        continue
      }
      const given = answerOf(wait, decision)
      checkAnswer(
        { id, given, thread, nowMs: clock.now() },
        { ...wait, ...(answered && { answer: answered.answer }) },
        runner,
      )
      const became = await store.answerWait(id, given, { at: now(), ...byOfPerson(wait, decision) })
      if (became === 'none' || (became === 'other' && takesSeveral(wait))) continue
      if (became === 'other') throw decidedAlready(wait)
      const run = await wake(thread)
      return { thread, wait: id, stage, ...(run && { run }) }
    }
  }

  /** The open wait that is meant; or, of one that was answered just so, what the log says. Throws ThreadError. */
  async function findWait(
    thread: string,
    waitOrStage: string,
    decision: Decision,
  ): Promise<WaitRecord | { readonly id: string; readonly stage: string } | undefined> {
    const open = await store.listWaits({ thread })
    const [found, another] = open.filter(({ id, stage }) => id === waitOrStage || stage === waitOrStage)
    if (found && !another) return found
    const before = await loggedWait(storedEvents(store, thread, 0), waitOrStage)
    if (before) {
      const next = open.find((each) => each.stage === before.stage)
      if (next && byOf(before.answer) !== decision.by) return next // it takes several, and this was another's
      const given = answerOf(before, decision)
      checkAnswer({ id: before.id, given, thread, nowMs: clock.now() }, before, noCheck)
      return { id: before.id, stage: before.stage }
    }
    return undefined
  }

  async function signal(given: NewSignal): Promise<Signalled> {
    const { event, data = null, id = host.newId('ev'), retainMs = defaultRetainMs } = given
    if (typeof event !== 'string' || event === '') throw invalid('event', 'An event has a name.')
    assertJson(data)
    const { signal: kept, isNew } = await store.putSignal({ id, event, data, at: now() }, clock.now() + retainMs)
    return { id, duplicate: !isNew, runs: isNew ? await deliver([kept]) : [] }
  }

  /** To every wait that is open and takes it, and to every trigger. */
  async function deliver(signals: readonly StoredSignal[]): Promise<readonly Run[]> {
    const runs: Run[] = []
    for (const thread of await takersOf(signals)) {
      const record = await store.getRun(thread)
      if (!record || (record.status !== 'waiting' && record.owner === null)) continue // it finds it when it is resumed
      const run = await wake(thread)
      if (run) runs.push(run)
    }
    for (const each of await triggers.byEvents(signals)) if ('run' in each) runs.push(each.run)
    return runs
  }

  async function takersOf(signals: readonly StoredSignal[]): Promise<ReadonlySet<string>> {
    const threads = new Set<string>()
    const starts = new Map<string, string>()
    for (const signal of signals) {
      for (const wait of await store.listWaits({ event: signal.event })) {
        const { thread, stage } = wait
        if (threads.has(thread)) continue
        if (!starts.has(thread)) starts.set(thread, (await store.getRun(thread))?.created_at ?? '')
        if (!news.takes(wait, signal, starts.get(thread) ?? '')) continue
        if (!(await store.signalsGiven(thread, stage)).has(signal.id)) threads.add(thread)
      }
    }
    return threads
  }

  async function publish(plan: Plan, { event, data, id }: PublishedEvent): Promise<void> {
    const retainMs = plan.events?.[event]?.retainMs ?? defaultRetainMs
    const { signal: kept, isNew } = await store.putSignal({ id, event, data, at: now() }, clock.now() + retainMs)
    if (isNew && host.background && !ports.isClosed()) void deliver([kept]).catch(tell)
  }

  const tell = (error: unknown): void => host.logger.warn('a run could not be gone on with', { error: String(error) })

  async function tick(): Promise<readonly Ticked[]> {
    const nowMs = clock.now()
    const signals = await store.listSignals({ after: seen }, nowMs)
    const due = (await store.listWaits({ dueMs: nowMs })).map(({ thread }) => thread)
    const threads = new Set([...due, ...(await takersOf(signals))])
    const done: Ticked[] = []
    for (const id of threads) {
      const record = running.has(id) ? undefined : await store.getRun(id) // who runs it looks for itself
      if (record?.status !== 'waiting') continue // whoever paused it did not mean it to be woken
      const { pipeline } = record
      try {
        done.push({ id, pipeline, run: await resume(id) })
      } catch (error) {
        if (!(error instanceof StagegraphError)) throw error
        const isTaken = error instanceof ThreadError && ['thread_busy', 'thread_finished'].includes(error.code)
        if (!isTaken) done.push({ id, pipeline, error })
      }
    }
    done.push(...(await triggers.byEvents(signals)), ...(await triggers.byEnds()))
    seen = signals.at(-1)?.n ?? seen
    return done
  }

  return { pending, decide, signal, tick, publish }
}

/**
 * The one wrapper around every stage:
 *
 *   recorded? → waits? → join → if → cache → retry( timeout( run )) → check `output` → on failure `on_error` → `set`
 *
 * It ends in an outcome, never in an exception; only a pause, a wait and a broken journal travel as one. Events are said
 * here and nowhere else, to the journal and to whoever listens on the line.
 *
 * Effects are barriers: that an attempt starts is durable before it does, and with it everything said before. What is
 * pure waits for nothing: worked out again, it gives the same.
 */
import type { Clock } from '../foundation/clock.ts'
import type { StageError } from '../foundation/errors.ts'
import { type Journal, JournalError } from '../foundation/journal.ts'
import { deepFreeze, type Json } from '../foundation/json.ts'
import { nothingSet, type Outcome, type SkipReason } from '../foundation/outcome.ts'
import { noPast, openWaitOf, type StagePast } from '../foundation/past.ts'
import type { StagePlan } from '../foundation/plan.ts'
import { StageSkipped } from '../foundation/stage-ends.ts'
import { PauseRequested, type RunView, type StageLine, StageWaits } from '../foundation/stage-runner.ts'
import { sourcesOf } from '../foundation/template.ts'
import type { AttemptLine, TimeLimits } from './attempt.ts'
import { type Attempted, type AttemptsPorts, runAttempts } from './attempts.ts'
import { asStageError } from './failures.ts'
import { judgeJoin } from './join.ts'
import type { NextAttempt } from './retry.ts'
import { evaluateSet } from './set-variables.ts'
import { cacheOf } from './stage-cache.ts'
import { closeStage } from './stage-events.ts'
import { evaluateGiven, type Given, inputHashOf, type StageAtWork, timeLimitsOf, workAloud } from './stage-work.ts'
import type { Stop } from './stop.ts'
import { isAtWait, type Steps, throughWaits } from './through-waits.ts'
import { ambiguity, decided } from './waits.ts'
import type { Say, Workshop } from './workshop.ts'

const untouched = noPast.of('')

/** Rejects with PauseRequested, StageWaits and JournalError only (and with bugs). */
export async function runStage(shop: Workshop, stage: StagePlan, view: RunView, line: StageLine): Promise<Outcome> {
  const past = line.recorded?.past.of(stage.id) ?? untouched
  if (past.outcome) return past.outcome
  const stop = shop.createStop(line.signal)
  const journal = line.recorded?.journal
  const { clock } = shop.deps
  const calledMs = clock.now()
  let startedMs: number | undefined // of the first attempt: a wait for a place is no part of it
  const say: Say = (event, at) => {
    if (event.type === 'stage.started') startedMs ??= clock.now()
    journal?.say(event, at)
    line.tell?.(event)
  }
  const scope = shop.scopes.of(view, shop.topology.indexOf(stage.id))
  try {
    const at = { stage, view, scope, past }
    const way = { stop, say, past, journal }
    let end: End
    try {
      end = isAtWait(at) ? await throughWaits(shop, at, way, stepsOf(shop)) : await toEnd(shop, at, way)
    } catch (thrown) {
      if (!(thrown instanceof StageWaits) || isAtWait(at)) throw thrown
      end = await throughWaits(shop, at, way, stepsOf(shop), thrown)
    }
    const endedMs = clock.now()
    const begunMs = startedMs ?? (end.status === 'skipped' ? endedMs : calledMs)
    const ended_at = shop.dateOf(endedMs)
    const started_at = begunMs === endedMs ? ended_at : shop.dateOf(begunMs)
    const outcome = toOutcome(end, past.generation, started_at, ended_at)
    for (const event of closeStage(stage.id, outcome)) say(event, ended_at)
    if (startedMs !== undefined && hasEffects(shop, stage)) void journal?.commit().catch(ignore) // told to who waits next
    return outcome
  } finally {
    stop.dispose()
  }
}

/** What a stage does between its waits. */
const stepsOf = (shop: Workshop): Steps<Way, End> => ({
  run: (at: StageAtWork, way: Way) => toEnd(shop, at, way),
  failed: (at: StageAtWork, thrown: unknown) => failed(shop, at, asStageError(thrown), at.past.attempts),
  cancelled: () => skipped('cancelled'),
})

const ignore = (): void => undefined

const hasEffects = ({ deps }: Workshop, { kind }: StagePlan): boolean => !deps.kinds.get(kind)?.pure

/** What a stage's way to its end is gone with. */
interface Way {
  readonly stop: Stop
  readonly say: Say
  readonly past: StagePast
  readonly journal: Journal | undefined
}

/** How a stage ended, without its times. */
type End = Pick<Outcome, 'status'> & Partial<Outcome>

/** Frozen. Put together member by member: copying whatever may be there costs more. */
function toOutcome(end: End, generation: number, started_at: string, ended_at: string): Outcome {
  const { output = null, error = null, reason = null, tolerated = false, set = nothingSet, attempts = 0 } = end
  const { status, cached } = end
  for (const part of [output, error, set]) deepFreeze(part)
  const outcome: Outcome = { output, error, reason, tolerated, set, attempts, status, started_at, ended_at }
  if (!cached && generation === 1) return Object.freeze(outcome)
  return Object.freeze({ ...outcome, ...(cached && { cached }), ...(generation > 1 && { generation }) })
}

async function toEnd(shop: Workshop, at: StageAtWork, way: Way): Promise<End> {
  const notNow = refusal(way.stop)
  if (notNow) return notNow
  const before = standing(shop, at, way)
  if (before) return before
  const { stage, view } = at
  const reason =
    stage.needs === 'all_above'
      ? shop.judgeAbove(stage.join, shop.topology.indexOf(stage.id), view.outcomes)
      : judgeJoin(stage.join, stage.needs, true, view.outcomes, gatingOf(shop, stage))
  if (reason) return skipped(reason)
  try {
    if (!isWanted(shop, at)) return skipped('condition')
    const cache = cacheOf(shop, at)
    const cached = cache && (await cache.find())
    if (cached) return { ...succeeded(shop, at, cached.value, 0), cached: true }
    const end = attempted(shop, at, await runAttempts(stage, new StageAttempts(shop, at, way)))
    if (cache && end.status === 'succeeded') await cache.keep(end.output ?? null)
    return end
  } catch (thrown) {
    if (isSignal(thrown)) throw thrown
    if (thrown instanceof StageSkipped) return skipped(thrown.reason)
    return failed(shop, at, asStageError(thrown), 0)
  }
}

/** A stage that was to ask, or has one that was to ask, lets nobody through who waits for it. */
const gatingOf = ({ gates: { gates, waits } }: Workshop, { id }: StagePlan) => ({
  gates,
  ...(waits.has(id) && { unmatched: 'need' as const }),
})

/** What is no failure of the stage. */
const isSignal = (thrown: unknown): boolean =>
  thrown instanceof PauseRequested || thrown instanceof StageWaits || thrown instanceof JournalError

/** Where the stage stands since an earlier stretch. Throws StageWaits. */
function standing(shop: Workshop, at: StageAtWork, { past }: Way): End | undefined {
  const { stage, view } = at
  const wait = openWaitOf(stage.id, past)
  if (wait) throw new StageWaits(wait)
  if ((past.open ?? past.lost) !== undefined && stage.once && hasEffects(shop, stage)) {
    throw new StageWaits(ambiguity(view.run.thread_id, stage, past))
  }
  const end = decided(past, stage.id)
  if (!end) return undefined
  if ('error' in end) return failed(shop, at, end.error, past.attempts)
  try {
    return succeeded(shop, at, checked(shop, at, end.output), past.attempts)
  } catch (thrown) {
    return failed(shop, at, asStageError(thrown), past.attempts)
  }
}

/** Throws PauseRequested; a run that is stopped for good skips what had not started. */
function refusal(stop: Stop): End | undefined {
  try {
    stop.check()
    return undefined
  } catch (reason) {
    if (reason instanceof PauseRequested) throw reason
    return skipped('cancelled')
  }
}

const skipped = (reason: SkipReason): End => ({ status: 'skipped', reason })

function isWanted({ deps }: Workshop, { stage, scope }: StageAtWork): boolean {
  return stage.if === undefined || deps.evaluator.condition(stage.if, scope([stage.if]))
}

/** The attempts of one stage: what goes on in the journal around them. */
class StageAttempts implements AttemptsPorts {
  readonly clock: Clock
  readonly random: () => number
  readonly stop: Stop
  readonly past: StagePast
  private readonly shop: Workshop
  private readonly at: StageAtWork
  private readonly way: Way
  private readonly effects: boolean
  private given: Given | undefined

  constructor(shop: Workshop, at: StageAtWork, way: Way) {
    this.clock = shop.deps.clock
    this.random = shop.deps.random
    this.stop = way.stop
    this.past = at.past
    this.shop = shop
    this.at = at
    this.way = way
    this.effects = hasEffects(shop, at.stage)
  }

  place() {
    if (!this.effects) return undefined
    const { semaphore } = this.shop.deps
    return semaphore.take() ?? semaphore.acquire(this.stop.signal)
  }

  limits(): TimeLimits {
    return timeLimitsOf(this.shop, this.at)
  }

  onStarted(attempt: number): Promise<void> | undefined {
    const { say, journal } = this.way
    const { id: stage, kind } = this.at.stage
    const { generation } = this.past
    const input = this.effects && journal ? this.prepare() : undefined
    const more = { ...(input !== undefined && { input }), ...(generation > 1 && { generation }) }
    say({ type: 'stage.started', stage, kind, attempt, ...more })
    return this.effects ? journal?.commit() : undefined
  }

  /** What the attempt is given, and its hash. What cannot be evaluated fails the attempt, once it is on record. */
  private prepare(): string | undefined {
    try {
      this.given = evaluateGiven(this.shop, this.at)
      return inputHashOf(this.shop, this.at, this.given)
    } catch {
      this.given = undefined
      return undefined
    }
  }

  work(attempt: number, line: AttemptLine): unknown {
    return workAloud(this.shop, this.at, this.way.say, attempt, line, this.given)
  }

  onInterrupted(attempt: number): void {
    const { id: stage, once } = this.at.stage
    if (once && this.effects) return // nobody knows how far it came, and it is not to run again for that
    this.way.say({ type: 'stage.interrupted', stage, attempt })
  }

  onRetrying(attempt: number, thrown: StageError, { delayMs, counts }: NextAttempt): void {
    const { shop, way } = this
    const { id: stage } = this.at.stage
    const nowMs = this.clock.now()
    const next_at = new Date(nowMs + delayMs).toISOString()
    const error = shop.failures.failure(thrown, stage, attempt)
    way.say({ type: 'stage.retrying', stage, attempt, error, next_at, counts }, shop.dateOf(nowMs))
    void way.journal?.commit().catch(ignore)
  }

  onStillRunning(): void {
    this.shop.deps.logger.warn('a stage did not stop when it was told to', { stage: this.at.stage.id })
  }
}

function attempted(shop: Workshop, at: StageAtWork, result: Attempted): End {
  const { attempts } = result
  if ('error' in result) return failed(shop, at, result.error, attempts)
  if ('stopped' in result) return stopped(shop, at, result.stopped, attempts)
  try {
    return succeeded(shop, at, checked(shop, at, result.returned), attempts)
  } catch (thrown) {
    return failed(shop, at, asStageError(thrown), attempts)
  }
}

const checked = ({ keepOutput }: Workshop, { stage }: StageAtWork, value: unknown): Json =>
  keepOutput(value, { schema: stage.output, maxBytes: stage.limits.outputBytes })

function succeeded(shop: Workshop, at: StageAtWork, output: Json, attempts: number): End {
  return { status: 'succeeded', output, attempts, set: evaluateSet(shop, at, output) }
}

function stopped({ failures }: Workshop, { stage }: StageAtWork, error: StageError, attempts: number): End {
  if (attempts === 0) return skipped('cancelled')
  return { status: 'cancelled', error: failures.failure(error, stage.id, attempts), attempts }
}

/** `on_error`. What it gives must itself be right, or the stage fails for that. */
function failed(shop: Workshop, at: StageAtWork, error: StageError, attempts: number): End {
  const { stage, scope } = at
  const failure = shop.failures.failure(error, stage.id, attempts)
  const untolerated: End = { status: 'failed', error: failure, attempts }
  if (stage.onError.do === 'fail' || error.category === 'rejected') return untolerated // nobody tolerates a rejection
  const { value } = stage.onError
  if (!value) return { ...untolerated, tolerated: true }
  try {
    const given = shop.deps.evaluator.template(value, scope(sourcesOf(value), { error: failure }))
    const output = checked(shop, at, given)
    return { ...untolerated, tolerated: true, output, set: evaluateSet(shop, at, output) }
  } catch (thrown) {
    return { ...untolerated, error: shop.failures.failure(asStageError(thrown), stage.id, attempts) }
  }
}

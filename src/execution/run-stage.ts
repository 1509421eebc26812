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
import { JournalError } from '../foundation/journal.ts'
import type { Outcome } from '../foundation/outcome.ts'
import { noPast, openWaitOf } from '../foundation/past.ts'
import type { StagePlan } from '../foundation/plan.ts'
import { StageSkipped } from '../foundation/stage-ends.ts'
import { PauseRequested, type StageLine, StageWaits } from '../foundation/stage-runner.ts'
import { type Attempted, runAttempts } from './attempts.ts'
import { runBody } from './bodies/body.ts'
import { asStageError } from './failures.ts'
import { judgeJoin } from './join.ts'
import { settled } from './on-error.ts'
import { hasEffects, StageAttempts, type Way } from './stage-attempts.ts'
import { cacheOf } from './stage-cache.ts'
import { checked, type End, failed, skipped, stopped, succeeded, toOutcome } from './stage-end.ts'
import { closeStage } from './stage-events.ts'
import type { StageAtWork } from './stage-work.ts'
import type { Stop } from './stop.ts'
import { cancelInside, isAtWait, type Steps, throughWaits } from './through-waits.ts'
import { pathOf, type View } from './view.ts'
import { ambiguity, decided } from './waits.ts'
import { listOf, type Say, scopeOf, type Workshop } from './workshop.ts'

const untouched = noPast.of('')

/** Rejects with PauseRequested, StageWaits and JournalError only (and with bugs). */
export async function runStage(shop: Workshop, stage: StagePlan, view: View, line: StageLine): Promise<Outcome> {
  const path = pathOf(view, stage.id)
  const past = line.recorded?.past.of(path) ?? untouched
  if (past.outcome) return past.outcome
  const create = view.inside?.isLast ? shop.createLastStop : shop.createStop
  const stop = create(line.signal, view.inside?.stop)
  const journal = line.recorded?.journal
  const { clock } = shop.deps
  const calledMs = clock.now()
  let startedMs = past.begun && Date.parse(past.begun.at) // of the first attempt: a wait for a place is no part of it
  const say: Say = (event, at) => {
    if (event.type === 'stage.started') startedMs ??= clock.now()
    journal?.say(event, at)
    line.tell?.(event)
  }
  try {
    const at = { stage, path, view, scope: scopeOf(shop, view, stage), past }
    const end = await toEndOf(shop, at, { stop, say, journal }, line)
    if (stage.body && stop.aborted && line.recorded) cancelInside(path, line.recorded.past, say)
    const endedMs = clock.now()
    const begunMs = startedMs ?? (end.status === 'skipped' ? endedMs : calledMs)
    const ended_at = shop.dateOf(endedMs)
    const started_at = begunMs === endedMs ? ended_at : shop.dateOf(begunMs)
    const outcome = toOutcome(end, past.generation, started_at, ended_at)
    for (const event of closeStage(path, outcome)) say(event, ended_at)
    if (startedMs !== undefined && hasEffects(shop, stage)) void journal?.commit().catch(ignore) // told to who waits next
    return outcome
  } finally {
    stop.dispose()
  }
}

/** Through its waits, if it has any, and through what its `on_error` says. */
async function toEndOf(shop: Workshop, at: StageAtWork, way: Way, line: StageLine): Promise<End> {
  const steps = stepsOf(shop, line)
  if (isAtWait(at)) return throughWaits(shop, at, way, steps)
  try {
    return await steps.run(at, way)
  } catch (thrown) {
    if (thrown instanceof StageWaits) return throughWaits(shop, at, way, steps, thrown)
    throw thrown
  }
}

/** What a stage does between its waits. */
const stepsOf = (shop: Workshop, line: StageLine): Steps<Way, End> => ({
  run: async (at, way) => settled({ shop, at, way, line, runStage }, await toEnd(shop, at, way, line)),
  failed: (at: StageAtWork, thrown: unknown) => failed(shop, at, asStageError(thrown), at.past.attempts),
  cancelled: () => skipped('cancelled'),
})

const ignore = (): void => undefined

async function toEnd(shop: Workshop, at: StageAtWork, way: Way, line: StageLine): Promise<End> {
  const notNow = refusal(way.stop)
  if (notNow) return notNow
  const before = standing(shop, at)
  if (before) return before
  const { handling } = at.past
  if (handling) return { status: 'failed', error: handling, attempts: at.past.attempts }
  const { stage, view } = at
  const reason = at.past.begun ? undefined : judge(shop, stage, view)
  if (reason) return skipped(reason)
  try {
    if (!at.past.begun && !isWanted(shop, at)) return skipped('condition')
    const cache = cacheOf(shop, at)
    const cached = cache && (await cache.find())
    if (cached) {
      const { output = null, ...left } = cached
      return { ...succeeded(shop, at, output, 0), ...left, cached: true }
    }
    const end = stage.body
      ? await runBody({ shop, at, way, line, body: stage.body, runStage })
      : attempted(shop, at, await runAttempts(stage, new StageAttempts(shop, at, way)))
    if (cache && end.status === 'succeeded') await cache.keep(end)
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

/** `join`: the reason to skip the stage, if there is one. */
function judge(shop: Workshop, stage: StagePlan, view: View) {
  const { id, join, needs } = stage
  if (needs !== 'all_above') return judgeJoin(join, needs, true, view.outcomes, gatingOf(shop, stage))
  const { judgeAbove, topology } = listOf(shop, view)
  return judgeAbove(join, topology.indexOf(id), view.outcomes, shop.gates)
}

/** Where the stage stands since an earlier stretch. Throws StageWaits. */
function standing(shop: Workshop, at: StageAtWork): End | undefined {
  const { stage, path, view, past } = at
  const wait = openWaitOf(path, past)
  if (wait) throw new StageWaits(wait)
  if ((past.open ?? past.lost) !== undefined && stage.once && hasEffects(shop, stage)) {
    throw new StageWaits(ambiguity(view.run.thread_id, path, stage, past))
  }
  const end = decided(past, path)
  if (!end) return undefined
  if ('error' in end) {
    const error = past.handling ?? shop.failures.failure(end.error, path, past.attempts)
    return { status: 'failed', error, attempts: past.attempts, isDecided: true }
  }
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

function isWanted({ deps }: Workshop, { stage, scope }: StageAtWork): boolean {
  return stage.if === undefined || deps.evaluator.condition(stage.if, scope([stage.if]))
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

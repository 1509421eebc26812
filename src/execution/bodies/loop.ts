/** `loop`: the stages again and again, until a condition holds or `max` is reached. */
import { failureToJson, StageError } from '../../foundation/errors.ts'
import { deepFreeze, type Json, type JsonObject } from '../../foundation/json.ts'
import type { Outcomes } from '../../foundation/outcome.ts'
import type { Begun } from '../../foundation/past.ts'
import type { LoopPlan } from '../../foundation/plan.ts'
import { sleepUnlessStopped } from '../attempts.ts'
import { durationOf, evaluate } from '../stage-work.ts'
import { noNames, type Parts, type View } from '../view.ts'
import { rootOf, scopeOf } from '../workshop.ts'
import type { BodyGuard } from './body-guard.ts'
import { createBodyProgress } from './body-progress.ts'
import { type BodyWork, done, type ListEnd, type Ran } from './body-work.ts'
import { type Inner, innerView, runToEnd } from './inner-list.ts'
import { combined, joinParts, listValue, partsOf } from './list-end.ts'

export async function runLoop(work: BodyWork, loop: LoopPlan, begun: Begun, guard: BodyGuard): Promise<Ran> {
  const report = createBodyProgress(work)
  const set: Parts[] = []
  let history: readonly JsonObject[] = []
  let since = begun.at
  let value: Json = null
  for (let index = 0; ; index++) {
    const inner: Inner = {
      stages: loop.stages,
      prefix: `${work.at.path}#${index}.`,
      names: iterationNames(work.at.view.inside?.names ?? noNames, index, history),
      earlier: joinParts(set),
      since,
      stop: guard.stop,
      report: (fraction) => report((index + fraction) / loop.max),
    }
    if (loop.while !== undefined && !holds(work, loop.while, innerView(work, inner, {})))
      return ended(done, index, false)
    if (index === loop.max) return exhausted(index)
    const stopped = index > 0 && loop.delay ? await delay(work, loop.delay, since) : undefined
    if (stopped) return ended(stopped, index, false)
    const { view, end } = await runToEnd(work, inner)
    if (end.is !== 'done') return ended(end, index + 1, false)
    value = listValue(work.shop, view, loop.stages, loop.result)
    set.push(partsOf(loop.stages, view.outcomes))
    history = [...history, describeIteration(view.outcomes)].slice(Math.max(0, history.length + 1 - loop.keep))
    since = latestEnd(view.outcomes, since)
    if (loop.until !== undefined && holds(work, loop.until, view)) return ended(done, index + 1, false)
    if (loop.until !== undefined && index + 1 === loop.max) return exhausted(index + 1)
  }

  function ended(end: ListEnd, iterations: number, isExhausted: boolean): Ran {
    const body = { iterations, exhausted: isExhausted }
    if (end.is !== 'done') return { end, body }
    const parts = combined(rootOf(work.shop, work.at.view), joinParts(set))
    return { end, value, body, ...(parts && { parts }) }
  }

  function exhausted(iterations: number): Ran {
    if (loop.onExhausted === 'continue') return ended(done, iterations, true)
    const condition = loop.until === undefined ? 'its "while" still held' : 'its "until" never held'
    const error = new StageError(`After ${iterations} iterations, the most it may have, ${condition}.`, {
      category: 'limit',
      code: 'loop_exhausted',
      details: { iterations },
      retryable: false,
    })
    const failure = work.shop.failures.failure(error, work.at.path, 1)
    return ended({ is: 'failed', failure }, iterations, true)
  }
}

/** What stages inside read of iterations; `history`: those that are kept, oldest first. */
export function iterationNames(outer: JsonObject, index: number, history: readonly JsonObject[]): JsonObject {
  return Object.freeze({ ...outer, iteration: Object.freeze({ index, previous: history.at(-1) ?? null, history }) })
}

/** Throws ExpressionError. */
function holds({ shop }: BodyWork, condition: string, view: View): boolean {
  return shop.deps.evaluator.condition(condition, scopeOf(shop, view)([condition]))
}

/** What the next iterations read of this one. */
export function describeIteration(outcomes: Outcomes): JsonObject {
  const stages = Object.entries(outcomes).map(([id, { output, status, error }]) => {
    return [id, { output, status, error: error === null ? null : failureToJson(error) }] as const
  })
  return deepFreeze(Object.fromEntries(stages))
}

function latestEnd(outcomes: Outcomes, since: string): string {
  return Object.values(outcomes).reduce((latest, { ended_at }) => (ended_at > latest ? ended_at : latest), since)
}

/** From the end of the last iteration, so that a resume does not begin to wait anew. Throws PauseRequested. */
async function delay(work: BodyWork, length: NonNullable<LoopPlan['delay']>, since: string) {
  const { shop, at, way } = work
  const untilMs = Date.parse(since) + durationOf(evaluate(shop, at, length), 'delay')
  const { clock } = shop.deps
  const stopped = await sleepUnlessStopped(untilMs - clock.now(), { clock, stop: way.stop })
  const failure = stopped && shop.failures.failure(stopped, at.path, 1)
  return failure && ({ is: 'cut', error: failure } satisfies ListEnd)
}

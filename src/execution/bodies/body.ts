/**
 * A stage with stages inside: it begins, its lists are run by the same scheduler as the pipeline's own, and what came of
 * them becomes its outcome. What is decided when it begins (the list of a foreach, the case of a switch) is recorded;
 * everything else follows from the outcomes inside, so that a resume finds its way by going the same way again.
 */
import type { Json } from '../../foundation/json.ts'
import type { Begun } from '../../foundation/past.ts'
import { PauseRequested, StageWaits } from '../../foundation/stage-runner.ts'
import { asStageError } from '../failures.ts'
import { checked, type End, failed, failedWith, skipped, stopped, succeeded } from '../stage-end.ts'
import { timeLimitsOf } from '../stage-work.ts'
import { type BodyGuard, createGuard } from './body-guard.ts'
import type { BodyWork, ListEnd, Ran } from './body-work.ts'
import { runChild } from './child.ts'
import { decideItems, runForeach } from './foreach.ts'
import { runLoop } from './loop.ts'
import { runParallel } from './parallel.ts'
import { decideCase, runSwitch } from './switch.ts'

/** Rejects with PauseRequested, StageWaits, JournalError, and with what keeps the stage from beginning. */
export async function runBody(work: BodyWork): Promise<End> {
  const known = work.at.past.begun
  const fixed = known ? known.fixed : decide(work)
  if (fixed === undefined) return skipped('condition')
  const begun = known ?? begin(work, fixed)
  const { totalMs } = timeLimitsOf(work.shop, work.at)
  const guard = createGuard(work, begun, totalMs)
  try {
    return conclude(work, guard, await run(work, begun, guard))
  } catch (thrown) {
    if (thrown instanceof PauseRequested || thrown instanceof StageWaits) guard.interrupted()
    throw thrown
  } finally {
    guard.end()
  }
}

/** Undefined: there is nothing to do. */
function decide({ shop, at, body }: BodyWork): Json | undefined {
  if (body.kind === 'foreach') return decideItems(shop, at, body)
  return body.kind === 'switch' ? decideCase(shop, at, body) : null
}

function begin({ shop, at, way }: BodyWork, fixed: Json): Begun {
  const now = shop.dateOf(shop.deps.clock.now())
  const { generation } = at.past
  const more = generation > 1 && { generation }
  way.say({ type: 'stage.started', stage: at.path, kind: at.stage.kind, attempt: 1, fixed, ...more }, now)
  return { at: now, fixed, activeMs: 0 }
}

function run(work: BodyWork, begun: Begun, guard: BodyGuard): Promise<Ran> {
  const { body } = work
  switch (body.kind) {
    case 'foreach':
      return runForeach(work, body, begun, guard)
    case 'loop':
      return runLoop(work, body, begun, guard)
    case 'switch':
      return runSwitch(work, body, begun, guard)
    case 'parallel':
      return runParallel(work, body, begun, guard)
    case 'pipeline':
      return runChild(work, body, begun, guard)
  }
}

function conclude({ shop, at, way }: BodyWork, guard: BodyGuard, { end, value, parts, body }: Ran): End {
  const left = body && { body }
  switch (end.is) {
    case 'skipped':
      return skipped(end.reason)
    case 'failed':
      return { ...failedWith(shop, at, end.failure, 1, marksOf(end)), ...left }
    case 'cut': {
      const { timedOut } = guard
      if (timedOut) return { ...failed(shop, at, timedOut, 1), ...left }
      return { ...stopped(shop, at, asStageError(way.stop.reason ?? end.error), 1), ...left }
    }
    case 'done':
      try {
        return { ...succeeded(shop, at, checkedValue(shop, at, value ?? null), 1), ...left, ...(parts && { parts }) }
      } catch (thrown) {
        return { ...failed(shop, at, asStageError(thrown), 1), ...left }
      }
  }
}

const marksOf = ({ rollback, shut }: Extract<ListEnd, { is: 'failed' }>) => ({
  ...(rollback && { rollback }),
  ...(shut && { shut }),
})

/** What `output:` says is said of each item of a foreach, and was looked at there. */
function checkedValue(shop: BodyWork['shop'], at: BodyWork['at'], value: Json): Json {
  if (at.stage.body?.kind !== 'foreach') return checked(shop, at, value)
  return shop.keepOutput(value, { schema: undefined, maxBytes: at.stage.limits.outputBytes })
}

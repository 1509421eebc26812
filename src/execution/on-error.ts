/**
 * `on_error` of a stage, beyond `fail` and `continue`: handlers, which run stages of their own first; `rollback`; and
 * `pause`, which asks a person. The failure is recorded before any of it, so that the stage does not run again if the
 * process dies meanwhile; and whatever goes wrong here, the failure stays what it was.
 */
import { type Failure, failureToJson } from '../foundation/errors.ts'
import { deepFreeze } from '../foundation/json.ts'
import type { FailureActionPlan, HandlerPlan } from '../foundation/plan.ts'
import { StageWaits } from '../foundation/stage-runner.ts'
import { type InnerWork, runToEnd } from './bodies/inner-list.ts'
import type { End } from './stage-end.ts'
import { tolerated } from './stage-end.ts'
import { noNames } from './view.ts'
import { failurePause } from './waits.ts'

/** What becomes of the stage. Throws PauseRequested, StageWaits. */
export async function settled(work: InnerWork, end: End): Promise<End> {
  const { onError } = work.at.stage
  if (end.status !== 'failed' || end.tolerated || !end.error || end.isDecided) return end
  if (end.shut || end.error.category === 'rejected' || onError.do === 'fail' || onError.do === 'continue') return end
  if (onError.do === 'pause') note(work, end, end.error)
  if (onError.do !== 'handle') return act(work, onError, end, end.error)
  const handler = handlerFor(work, onError.handlers, end.error)
  if (!handler) return end
  if (handler.stages.length > 0 || handler.then.do === 'pause') note(work, end, end.error)
  if (handler.stages.length > 0) await runHandler(work, handler, end.error)
  return act(work, handler.then, end, end.error)
}

/** A condition that cannot be evaluated matches nothing. */
function handlerFor(
  { shop, at }: InnerWork,
  handlers: readonly HandlerPlan[],
  error: Failure,
): HandlerPlan | undefined {
  const { evaluator, logger } = shop.deps
  return handlers.find(({ when }) => {
    if (when === undefined) return true
    try {
      return evaluator.condition(when, at.scope([when], { error }))
    } catch (thrown) {
      logger.warn('the condition of a handler could not be evaluated', { stage: at.path, error: String(thrown) })
      return false
    }
  })
}

/** Once per failure: what is recorded of its stages is not run again. */
async function runHandler(work: InnerWork, { stages }: HandlerPlan, error: Failure): Promise<void> {
  const { shop, at, way } = work
  const names = deepFreeze({ ...(at.view.inside?.names ?? noNames), error: failureToJson(error) })
  const since = shop.dateOf(shop.deps.clock.now())
  const { end } = await runToEnd(work, { stages, prefix: `${at.path}.`, names, since, stop: at.view.inside?.stop })
  if (end.is === 'failed')
    way.say({
      type: 'stage.logged',
      stage: at.path,
      level: 'warn',
      message: `Its handler failed: ${end.failure.message}`,
    })
}

/** So that the stage itself does not run again if the process dies now. */
function note({ at, way }: InnerWork, { attempts: attempt = 0 }: End, error: Failure): void {
  if (!at.past.handling) way.say({ type: 'stage.handling', stage: at.path, attempt, error })
}

function act(work: InnerWork, action: FailureActionPlan, end: End, error: Failure): End {
  switch (action.do) {
    case 'fail':
      return end
    case 'continue':
      return tolerated(work.shop, work.at, action, end)
    case 'rollback':
      return { ...end, rollback: true }
    case 'pause':
      throw new StageWaits(failurePause(work.at.view.run.thread_id, work.at, error))
  }
}

/**
 * `finally`: stages that run once all others are terminal, however the run ends, also when it was cancelled. They see
 * every outcome and how the run will end; what fails here turns only a success into a failure.
 */
import { type Failure, failureToJson } from '../foundation/errors.ts'
import { deepFreeze } from '../foundation/json.ts'
import type { Outcome, RunStatus } from '../foundation/outcome.ts'
import type { FailureActionPlan, HandlerPlan, StagePlan } from '../foundation/plan.ts'
import { PauseRequested, type StageLine, StageWaits } from '../foundation/stage-runner.ts'
import { endOfList } from './bodies/list-end.ts'
import { runList } from './schedule.ts'
import { type Inside, noNames, type View } from './view.ts'
import { scopeOf, type Workshop } from './workshop.ts'

/** How the run will end. */
export interface Provisional {
  readonly status: RunStatus
  readonly error: Failure | null
}

export interface LastWork {
  readonly shop: Workshop
  readonly line: StageLine
  runStage(shop: Workshop, stage: StagePlan, view: View, line: StageLine): Promise<Outcome>
}

/**
 * `view`: of the list whose pipeline says `finally`. Returns the failure of one of them, if there is one. Throws
 * PauseRequested, StageWaits.
 */
export async function runFinally(
  work: LastWork,
  view: View,
  stages: readonly StagePlan[],
  provisional: Provisional,
): Promise<Failure | undefined> {
  return stages.length === 0
    ? undefined
    : runLast(work, lastView(work.shop, view, { stages, called: 'finally' }, provisional))
}

/**
 * `on_error` of a pipeline: runs the stages of the first handler that matches, and returns what is to be done then. What
 * fails in them is on record and changes nothing.
 */
export async function handleEnd(
  work: LastWork,
  view: View,
  handlers: readonly HandlerPlan[],
  provisional: Provisional,
): Promise<FailureActionPlan['do']> {
  const { evaluator, logger } = work.shop.deps
  for (const { when, stages, then } of handlers) {
    const last = lastView(work.shop, view, { stages, called: 'on_error' }, provisional)
    try {
      const scope = scopeOf(work.shop, last)
      if (when !== undefined && !evaluator.condition(when, scope([when]))) continue
    } catch (thrown) {
      logger.warn('the condition of a handler could not be evaluated', { error: String(thrown) })
      continue
    }
    if (stages.length > 0) await runLast(work, last)
    return then.do
  }
  return 'fail'
}

type LastView = View & { readonly outcomes: Record<string, Outcome>; readonly inside: Inside }

async function runLast({ shop, line, runStage }: LastWork, last: LastView): Promise<Failure | undefined> {
  const { stages } = last.inside.list
  const { paused, waits } = await runList(shop.deps.lists.of(stages).schedule, {
    outcomes: last.outcomes,
    run: (stage) => runStage(shop, stage, last, line),
    onNews: line.recorded?.onNews,
  })
  if (paused) throw new PauseRequested('The run is being paused.')
  if (waits.length > 0) throw new StageWaits(...waits)
  const end = endOfList(stages, last.outcomes, { isStopped: false, gates: shop.gates.gates })
  return end.is === 'failed' ? end.failure : undefined
}

interface LastList {
  readonly stages: readonly StagePlan[]
  readonly called: 'finally' | 'on_error'
}

function lastView(shop: Workshop, view: View, { stages, called }: LastList, { status, error }: Provisional): LastView {
  const ends = Object.values(view.outcomes).map(({ ended_at }) => ended_at)
  const since = ends.reduce((latest, end) => (end > latest ? end : latest), view.inside?.since ?? view.run.started_at)
  return {
    ...view,
    run: Object.freeze({ ...view.run, status, error }),
    outcomes: {},
    inside: {
      prefix: `${view.inside?.prefix ?? ''}${called}.`,
      list: shop.deps.lists.of(stages),
      pipeline: view.inside?.pipeline,
      holder: { view, reader: undefined },
      sealed: false,
      names: error ? deepFreeze({ error: failureToJson(error) }) : noNames,
      earlier: {},
      since,
      stop: undefined,
      isDoomed: () => false,
      isLast: true,
      report: () => undefined,
    },
  }
}

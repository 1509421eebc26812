/**
 * `finally`: stages that run once all others are terminal, however the run ends, also when it was cancelled. They see
 * every outcome and how the run will end; what fails here turns only a success into a failure.
 */
import type { Failure } from '../foundation/errors.ts'
import type { Outcome, RunStatus } from '../foundation/outcome.ts'
import type { StagePlan } from '../foundation/plan.ts'
import { PauseRequested, type StageLine, StageWaits } from '../foundation/stage-runner.ts'
import { endOfList } from './bodies/list-end.ts'
import { runList } from './schedule.ts'
import { noNames, type View } from './view.ts'
import type { Workshop } from './workshop.ts'

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
  { shop, line, runStage }: LastWork,
  view: View,
  stages: readonly StagePlan[],
  provisional: Provisional,
): Promise<Failure | undefined> {
  if (stages.length === 0) return undefined
  const last = lastView(shop, view, stages, provisional)
  const { paused, waits } = await runList(shop.deps.lists.of(stages).schedule, {
    outcomes: last.outcomes,
    run: (stage) => runStage(shop, stage, last, line),
  })
  if (paused) throw new PauseRequested('The run is being paused.')
  if (waits.length > 0) throw new StageWaits(...waits)
  const end = endOfList(stages, last.outcomes, false)
  return end.is === 'failed' ? end.failure : undefined
}

function lastView(
  shop: Workshop,
  view: View,
  stages: readonly StagePlan[],
  { status, error }: Provisional,
): View & { readonly outcomes: Record<string, Outcome> } {
  const ends = Object.values(view.outcomes).map(({ ended_at }) => ended_at)
  const since = ends.reduce((latest, end) => (end > latest ? end : latest), view.inside?.since ?? view.run.started_at)
  return {
    ...view,
    run: Object.freeze({ ...view.run, status, error }),
    outcomes: {},
    inside: {
      prefix: `${view.inside?.prefix ?? ''}finally.`,
      list: shop.deps.lists.of(stages),
      pipeline: view.inside?.pipeline,
      holder: { view, reader: undefined },
      sealed: false,
      names: noNames,
      earlier: {},
      since,
      stop: undefined,
      isLast: true,
      report: () => undefined,
    },
  }
}

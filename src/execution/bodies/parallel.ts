/**
 * `parallel`: named lists side by side. The first failure stops the others, which are waited for, unless `fail_fast` is
 * off: then they run to their end.
 */
import type { Begun } from '../../foundation/past.ts'
import type { ParallelPlan, StagePlan } from '../../foundation/plan.ts'
import { PauseRequested, StageWaits } from '../../foundation/stage-runner.ts'
import { noNames } from '../view.ts'
import { rootOf } from '../workshop.ts'
import type { BodyGuard } from './body-guard.ts'
import { createBodyProgress } from './body-progress.ts'
import { type BodyWork, done, type ListEnd, type Ran } from './body-work.ts'
import { type InnerRun, runInner } from './inner-list.ts'
import { combined, joinParts, listValue, partsOf } from './list-end.ts'

export async function runParallel(
  work: BodyWork,
  { branches }: ParallelPlan,
  begun: Begun,
  guard: BodyGuard,
): Promise<Ran> {
  const { shop, at } = work
  const report = createBodyProgress(work)
  const reached = branches.map(() => 0)
  let hasFailed = false
  const runBranch = (stages: readonly StagePlan[], index: number): Promise<InnerRun> =>
    runInner(work, {
      stages,
      prefix: `${at.path}.`,
      names: at.view.inside?.names ?? noNames,
      since: begun.at,
      stop: guard.stop,
      isDoomed: () => hasFailed,
      onFailure() {
        hasFailed = true
        guard.failed()
      },
      report(fraction) {
        reached[index] = fraction
        report(reached.reduce((sum, each) => sum + each, 0) / branches.length)
      },
    })
  let runs = await allOf(branches.map(({ stages }, index) => runBranch(stages, index)))
  if (hasFailed && runs.some((run) => !run.end)) {
    // Those that wait are come by again: they are stopped, or wait in vain.
    runs = await allOf(
      runs.map((run, index) => (run.end ? Promise.resolve(run) : runBranch(branches[index]?.stages ?? [], index))),
    )
  }
  const end = worst(
    runs.map((run) => run.end),
    work.way.stop.aborted,
  )
  if (!end) throw new StageWaits(...runs.flatMap(({ waits }) => waits))
  if (end.is !== 'done') return { end }
  const values = branches.map(({ name, stages }, index) => {
    return [name, listValue(shop, (runs[index] as InnerRun).view, stages, undefined)] as const
  })
  const set = branches.map(({ stages }, index) => partsOf(stages, (runs[index] as InnerRun).view.outcomes))
  const parts = combined(rootOf(shop, at.view), joinParts(set))
  return { end, value: Object.fromEntries(values), ...(parts && { parts }) }
}

/** What broke is told before a pause. */
async function allOf(running: readonly Promise<InnerRun>[]): Promise<readonly InnerRun[]> {
  const settled = await Promise.allSettled(running)
  const thrown = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
  if (thrown.length > 0) throw thrown.find((reason) => !(reason instanceof PauseRequested)) ?? thrown[0]
  return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
}

const order = ['failed', 'cut', 'skipped'] as const

/** How the whole ended, as a list does. Undefined: a branch still waits. */
function worst(ends: readonly (ListEnd | undefined)[], isStopped: boolean): ListEnd | undefined {
  const cut = ends.find((end) => end?.is === 'cut')
  if (cut && isStopped) return cut
  if (ends.includes(undefined)) return undefined
  for (const is of order) {
    const found = ends.find((end) => end?.is === is)
    if (found) return found
  }
  return done
}

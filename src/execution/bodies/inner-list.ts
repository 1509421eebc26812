/** Runs one list inside a stage: an item, an iteration, a case, a branch, a pipeline. */
import type { JsonObject } from '../../foundation/json.ts'
import type { Outcome, RunState } from '../../foundation/outcome.ts'
import type { ChildPlan, StagePlan } from '../../foundation/plan.ts'
import { PauseRequested, StageWaits } from '../../foundation/stage-runner.ts'
import type { OpenWait } from '../../foundation/wait.ts'
import { runList } from '../schedule.ts'
import type { Inside, Parts, View } from '../view.ts'
import { listOf, type Workshop } from '../workshop.ts'
import type { BodyWork, ListEnd } from './body-work.ts'
import { endOfList, isFailure } from './list-end.ts'

/** Whoever runs a list. */
export type InnerWork = Omit<BodyWork, 'body'>

/** What is particular to a list. */
export interface Inner extends Pick<Inside, 'prefix' | 'names' | 'since' | 'stop'>, Partial<Pick<Inside, 'isDoomed'>> {
  readonly stages: readonly StagePlan[]
  readonly earlier?: Parts
  /** Told how far the list is, 0 to 1. */
  readonly report?: (fraction: number) => void
  readonly onFailure?: () => void
  /** The list of a pipeline inside. */
  readonly child?: { readonly plan: ChildPlan; readonly inputs: JsonObject; readonly run: RunState }
}

/** A list that came as far as it could. */
export interface InnerRun {
  readonly view: View
  /** Undefined: it is not at its end. */
  readonly end: ListEnd | undefined
  readonly waits: readonly OpenWait[]
}

const nothingSet: Parts = Object.freeze({})

/** The state that the stages of a list see; `outcomes` grows. */
export function innerView(
  { shop, at }: { readonly shop: Workshop; readonly at: Pick<InnerWork['at'], 'stage' | 'view'> },
  inner: Inner,
  outcomes: Record<string, Outcome>,
): View {
  const { prefix, names, since, stop, child, stages, earlier = nothingSet, report } = inner
  const { view } = at
  const inside: Inside = {
    prefix,
    list: shop.deps.lists.of(stages),
    pipeline: child?.plan ?? view.inside?.pipeline,
    holder: { view, reader: listOf(shop, view).topology.indexOf(at.stage.id) },
    sealed: child !== undefined,
    names,
    earlier,
    since,
    stop,
    isDoomed: inner.isDoomed ?? never,
    isLast: view.inside?.isLast ?? false,
    report: report ? tracking(stages.length, report) : ignore,
  }
  if (!child) return { ...view, outcomes, inside }
  return { inputs: child.inputs, run: child.run, patches: [], outcomes, inside }
}

const ignore = (): void => undefined

const never = (): boolean => false

/** How far the list is, from how far its stages are. */
function tracking(count: number, report: (fraction: number) => void): Inside['report'] {
  const reached = new Map<string, number>()
  let sum = 0
  return (id, fraction) => {
    const before = reached.get(id) ?? 0
    if (fraction <= before) return
    reached.set(id, fraction)
    sum += fraction - before
    report(Math.min(1, sum / count))
  }
}

/** Rejects with JournalError (and with bugs). Throws PauseRequested when the run is being paused. */
export async function runInner(work: InnerWork, inner: Inner): Promise<InnerRun> {
  const outcomes: Record<string, Outcome> = {}
  const view = innerView(work, inner, outcomes)
  const { list, report } = view.inside as Inside
  const go = () =>
    runList(list.schedule, {
      outcomes,
      run: (stage) => work.runStage(work.shop, stage, view, work.line),
      onEnd({ id }, outcome) {
        if (inner.onFailure && isFailure(outcome)) inner.onFailure()
        report(id, 1)
        return false
      },
      onNews: work.line.recorded?.onNews,
    })
  const first = await go()
  // After a failure, what waits in vain is given up when it is come by again.
  const isInVain = first.waits.length > 0 && !first.paused && Object.values(outcomes).some(isFailure)
  const { paused, waits } = isInVain ? await go() : first
  if (paused) throw new PauseRequested('The run is being paused.')
  const ended = { isStopped: work.way.stop.aborted, gates: work.shop.gates.gates }
  return { view, end: waits.length === 0 ? endOfList(inner.stages, outcomes, ended) : undefined, waits }
}

/** The same, for whoever cannot go on before it is at its end. Throws StageWaits. */
export async function runToEnd(work: InnerWork, inner: Inner): Promise<{ readonly view: View; readonly end: ListEnd }> {
  const { view, end, waits } = await runInner(work, inner)
  if (!end) throw new StageWaits(...waits)
  return { view, end }
}

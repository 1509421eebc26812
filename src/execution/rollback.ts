/**
 * Rollback: what stages did is taken back, one after the other, the last to end first.
 *
 * Each step is recorded like a stage, under `rollback.` and the path of the stage that it is of: it is tried again as its
 * plan says, a resume goes on after those that are recorded, and one that fails does not keep the others from running.
 * What a fork took over from another run stays.
 */
import type { Failure } from '../foundation/errors.ts'
import type { Json } from '../foundation/json.ts'
import type { Outcome } from '../foundation/outcome.ts'
import type { Past, StagePast } from '../foundation/past.ts'
import { isInside } from '../foundation/paths.ts'
import { allStages, type RollbackPlan } from '../foundation/plan.ts'
import type { LastWork } from './finally.ts'
import { type StageInPlace, stageAt } from './inside-at.ts'
import { noNames, type View } from './view.ts'
import { listOf, type Workshop } from './workshop.ts'

/** What could not be taken back. */
export type Undone = readonly Failure[]

/** Whether anything in the plan can be taken back. */
export const canRollBack = ({ plan }: Workshop): boolean => allStages(plan.stages).some(({ rollback }) => rollback)

/** `view`: of the pipeline's own list, all of it terminal. Throws PauseRequested, StageWaits. */
export async function runRollback(work: LastWork, view: View): Promise<Undone> {
  const { shop, line } = work
  if (!canRollBack(shop)) return []
  const past = await line.recorded?.reread()
  const failures: Failure[] = []
  for (const path of inReverse(past, view)) {
    const step = stepOf(shop, past, view, path)
    if (!step) continue
    const outcome = await runStep(work, step)
    if (outcome.status !== 'succeeded') failures.push(outcome.error ?? notDone(path))
    else if (!past?.of(path).undone) line.recorded?.journal.say({ type: 'stage.undone', stage: path })
  }
  return failures
}

/** Paths of what ended, or began, the last first. Where the order is not recorded, times tell it. */
function inReverse(past: Past | undefined, { outcomes }: View): readonly string[] {
  const recorded = past?.ended.filter((path) => !isLast(path)) ?? []
  const known = new Set(recorded)
  const own = Object.keys(outcomes).filter((path) => !known.has(path))
  const open = past?.paths.filter((path) => !known.has(path) && !isLast(path) && past.of(path).attempts > 0) ?? []
  const ended = own.length === 0 ? recorded : byTime([...recorded, ...own], past, outcomes)
  return [...new Set([...ended, ...open])].reverse()
}

/** Of a rollback, of `finally` or of a handler of the pipeline's. */
const isLast = (path: string): boolean => isInside(path) && /^(?:rollback|finally|on_error)\./.test(path)

function byTime(paths: readonly string[], past: Past | undefined, outcomes: View['outcomes']): readonly string[] {
  const endOf = (path: string): string => (past?.of(path).outcome ?? outcomes[path])?.ended_at ?? ''
  return paths.toSorted((a, b) => (endOf(a) < endOf(b) ? -1 : endOf(a) > endOf(b) ? 1 : 0))
}

interface Step {
  readonly place: StageInPlace
  readonly rollback: RollbackPlan
  readonly output: Json
}

/** Undefined: there is nothing to take back. */
function stepOf(shop: Workshop, past: Past | undefined, top: View, path: string): Step | undefined {
  const known = past?.of(path)
  if (known?.inherited) return undefined
  const place = past ? stageAt(shop, past, top, path) : topStage(shop, top, path)
  const rollback = place?.stage.rollback
  if (!place || !rollback) return undefined
  const outcome = known?.outcome ?? top.outcomes[path]
  if (outcome?.status === 'succeeded' && !outcome.cached) return { place, rollback, output: outcome.output }
  return rollback.alsoOnFailure && mayHaveActed(known, outcome) ? { place, rollback, output: null } : undefined
}

function topStage({ plan }: Workshop, view: View, path: string): StageInPlace | undefined {
  const stage = plan.stages.find(({ id }) => id === path)
  return stage && { stage, view }
}

const mayHaveActed = (past: StagePast | undefined, outcome: Outcome | undefined): boolean =>
  (outcome?.attempts ?? past?.attempts ?? 0) > 0

async function runStep({ shop, line, runStage }: LastWork, { place, rollback, output }: Step): Promise<Outcome> {
  return runStage(shop, rollback.stage, stepView(shop, place, output), line)
}

/** What the stage saw, and its output; what the run was told since does not reach it. */
function stepView(shop: Workshop, { view }: StageInPlace, output: Json): View {
  const { inside } = view
  const more = { stop: undefined, isDoomed: () => false, isLast: true, report: () => undefined }
  const names = Object.freeze({ ...(inside?.names ?? noNames), output })
  if (inside) return { ...view, inside: { ...inside, ...more, names, prefix: `rollback.${inside.prefix}` } }
  return {
    ...view,
    inside: {
      ...more,
      names,
      prefix: 'rollback.',
      list: listOf(shop, view),
      pipeline: undefined,
      holder: { view, reader: undefined },
      sealed: true,
      earlier: {},
      since: view.run.started_at,
    },
  }
}

const notDone = (path: string): Failure => ({
  stage: path,
  category: 'internal',
  code: 'not_undone',
  message: `What "${path}" did was not taken back.`,
})

/**
 * Once something failed nobody is asked any more, and what waits is cancelled. So in a run in which something fails, the
 * end of a stage that waits depends on which came first, the answer or the failure; and so does all that follows from it.
 */
import { holdersOf, idIn } from '../../src/foundation/paths.ts'
import type { Plan, StagePlan } from '../../src/foundation/plan.ts'
import { innerLists, lastOf, withInner } from './bodies.ts'
import type { StageEnd } from './ends.ts'

const waiting: ReadonlySet<string> = new Set(['approve', 'ask', 'wait'])

export interface Doubt {
  /** There is none anywhere. */
  readonly isEmpty: boolean
  /** The end of the stage may be another, if something failed. */
  of(path: string): boolean
  /** How the run ends may be another: what failed was forgiven, and beside it something waited. */
  ofRun(stages: ReadonlyMap<string, StageEnd>): boolean
}

export function createDoubt(plan: Plan): Doubt {
  const doubted = new Set<string>()
  for (let before = -1; before < doubted.size; ) {
    before = doubted.size
    spread(plan.stages, false)
  }
  if (doubted.size > 0) for (const { id } of lastOf(plan)) doubted.add(id)
  const of = (path: string): boolean => doubted.has(idIn(path))

  /** `outside`: what holds the list begins or not, as it may be. */
  function spread(list: readonly StagePlan[], outside: boolean): void {
    for (const [index, stage] of list.entries()) {
      const { id, needs } = stage
      const above = needs === 'all_above' ? list.slice(0, index) : needs.map((need) => ({ id: need.stage }))
      const isLate = outside || above.some((other) => doubted.has(other.id))
      const inner = innerLists(stage)
      const holdsOne = inner.flatMap(withInner).some((each) => doubted.has(each.id))
      if (isLate || holdsOne || waiting.has(stage.kind)) doubted.add(id)
      const goesRound = stage.kind === 'loop' && holdsOne
      for (const each of inner) spread(each, isLate || goesRound)
    }
  }

  return {
    isEmpty: doubted.size === 0,
    of,
    ofRun: (stages) =>
      [...stages].some(
        ([path, end]) =>
          isFailure(end) &&
          holdersOf(path).some((holder) => {
            const outer = stages.get(holder)
            return of(holder) && outer !== undefined && !isFailure(outer)
          }),
      ),
  }
}

export const isFailure = ({ status, tolerated }: StageEnd): boolean => status === 'failed' && !tolerated

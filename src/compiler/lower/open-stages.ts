/** What the `open` channel is told when a node returns: where the stages stand that are not terminal. */
import type { Outcomes } from '../../foundation/outcome.ts'
import type { StagePast } from '../../foundation/past.ts'
import type { Plan } from '../../foundation/plan.ts'
import { isOpen } from '../../foundation/wait.ts'
import type { OpenState, OpenUpdate } from './channels.ts'
import type { Kept } from './saver-journal.ts'

/** `hasAnswers`: waits were answered that the state does not know of, and whose stages still wait. */
export function openUpdate(
  { stages: planned }: Plan,
  kept: Kept,
  outcomes: Outcomes,
  { stages: known = {} }: OpenState,
): { readonly update: OpenUpdate | undefined; readonly hasAnswers: boolean } {
  const past = kept.now()
  const stages: Record<string, StagePast | null> = {}
  let hasAnswers = false
  for (const { id } of planned) {
    const stage = past.of(id)
    if (Object.hasOwn(outcomes, id)) {
      if (Object.hasOwn(known, id)) stages[id] = null
    } else if (hasBegun(stage)) {
      stages[id] = stage
      hasAnswers ||= answersIn(stage) > answersIn(known[id])
    }
  }
  return { update: Object.keys(stages).length > 0 ? { stages } : undefined, hasAnswers }
}

const hasBegun = ({ attempts, generation, waits }: StagePast): boolean =>
  attempts > 0 || generation > 1 || waits !== undefined

const answersIn = (stage: StagePast | undefined): number => stage?.waits?.filter((wait) => !isOpen(wait)).length ?? 0

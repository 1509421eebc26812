/** What the `open` channel is told when a node returns: where the stages stand that are not terminal. */
import type { Outcomes } from '../../foundation/outcome.ts'
import type { StagePast } from '../../foundation/past.ts'
import { topOf } from '../../foundation/paths.ts'
import { isOpen } from '../../foundation/wait.ts'
import type { OpenState, OpenUpdate } from './channels.ts'
import type { Kept } from './saver-journal.ts'

/** `hasAnswers`: waits were answered that the state does not know of, and whose stages still wait. */
export function openUpdate(
  kept: Kept,
  outcomes: Outcomes,
  { stages: known = {} }: OpenState,
): { readonly update: OpenUpdate | undefined; readonly hasAnswers: boolean } {
  const past = kept.now()
  const stages: Record<string, StagePast | null> = {}
  let hasAnswers = false
  for (const path of past.paths) {
    const stage = past.of(path)
    if (Object.hasOwn(outcomes, topOf(path))) {
      if (Object.hasOwn(known, path)) stages[path] = null
    } else if (hasBegun(stage)) {
      stages[path] = stage
      hasAnswers ||= answersIn(stage) > answersIn(known[path])
    }
  }
  return { update: Object.keys(stages).length > 0 ? { stages } : undefined, hasAnswers }
}

const hasBegun = ({ attempts, generation, waits, outcome }: StagePast): boolean =>
  attempts > 0 || generation > 1 || waits !== undefined || outcome !== undefined

const answersIn = (stage: StagePast | undefined): number => stage?.waits?.filter((wait) => !isOpen(wait)).length ?? 0

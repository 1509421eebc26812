/**
 * Outcomes put together. A run may have thousands, and spreading an object of so many members costs ten times what a loop
 * over its keys does.
 */
import type { Outcome, Outcomes } from './outcome.ts'

/** Both; of the same path, the later one. One of the two itself where the other is empty. */
export function joinOutcomes(earlier: Outcomes, later: Outcomes): Outcomes {
  if (isEmpty(later)) return earlier
  if (isEmpty(earlier)) return later
  const all = copyOutcomes(earlier)
  for (const path of Object.keys(later)) all[path] = later[path] as Outcome
  return all
}

/** For whoever adds to them. */
export function copyOutcomes(outcomes: Outcomes): Record<string, Outcome> {
  const copy: Record<string, Outcome> = {}
  for (const path of Object.keys(outcomes)) copy[path] = outcomes[path] as Outcome
  return copy
}

export const isEmpty = (outcomes: Outcomes): boolean => Object.keys(outcomes).length === 0

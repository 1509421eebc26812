/**
 * What becomes of what is recorded when a run goes on by another plan. Stages are named by their paths without indices:
 * `search.rank` is the stage `rank` of every item.
 */
import type { Outcome } from './outcome.ts'
import { lastTops, topOf } from './paths.ts'

export interface Renewal {
  /** Begin anew, with all that is inside of them. */
  readonly anew: readonly string[]
  /** Are gone through again, and keep what ended well inside of them. */
  readonly partly: readonly string[]
  /** The plan has them no more. */
  readonly removed: readonly string[]
}

/** `partly`: it is gone through again, by what was decided when it began. */
export type Renewed = 'kept' | 'anew' | 'partly'

/** Of a path, and how that ended. */
export function renewedBy({ anew, partly, removed }: Renewal): (path: string, isOver?: 'well' | 'badly') => Renewed {
  const whole = new Set([...anew, ...removed, ...lastTops])
  const again = new Set(partly)
  return (path, isOver) => {
    const pattern = withoutIndices(path)
    if (withHolders(pattern).some((each) => whole.has(each))) return 'anew'
    if (isOver === undefined || !again.has(topOf(path))) return 'kept'
    return isOver === 'badly' || again.has(pattern) ? 'partly' : 'kept'
  }
}

export const withoutIndices = (path: string): string => path.replace(/\[\d+\]|#\d+/g, '')

/** What it is inside of, outermost first, and itself. */
export function withHolders(pattern: string): string[] {
  const steps = pattern.split('.')
  return steps.map((_, index) => steps.slice(0, index + 1).join('.'))
}

/** Whoever tries again what did not go well has no business with it. */
export const endedWell = ({ status, reason, tolerated }: Outcome): boolean =>
  status === 'succeeded' || tolerated || (status === 'skipped' && reason === 'condition')

export const isOver = (outcome: Outcome | undefined): 'well' | 'badly' | undefined =>
  outcome && (endedWell(outcome) ? 'well' : 'badly')

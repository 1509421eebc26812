/** What a round found. */
import { isClean, type Verdict } from './judge.ts'

export interface Report {
  /** False when the run had ended before anything could be done to it: the round shows nothing. */
  readonly counted: boolean
  readonly kills: number
  readonly verdict: Verdict
  /** What went wrong with the processes themselves. */
  readonly trouble: readonly string[]
}

export const passes = ({ verdict, trouble }: Report): boolean => isClean(verdict) && trouble.length === 0

export const findingsOf = ({ verdict, trouble }: Report): string[] => {
  const found = [...verdict.lost, ...verdict.rerun, ...verdict.broken, ...trouble]
  return found.length > 0 ? found : ['no stage ran again although it could']
}

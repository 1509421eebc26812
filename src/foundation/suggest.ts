/** "Did you mean": the nearest known name, when it is near enough to be a slip. */
import { closestMatch } from 'leven'

/** The candidate at most `max(2, 40 %)` edits away from `word`, or undefined. Case does not count. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const names = [...candidates]
  const same = names.find((name) => name.toLowerCase() === word.toLowerCase())
  if (same) return same
  const maxDistance = Math.max(2, Math.floor(word.length * 0.4))
  const near = closestMatch(word, names, { maxDistance })
  return near !== undefined && near.length > 1 && word.length > 1 ? near : undefined
}

/** `Did you mean "x"?`, or undefined when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const near = suggest(word, candidates)
  return near === undefined ? undefined : `Did you mean "${near}"?`
}

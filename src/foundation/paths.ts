/**
 * Paths of stages. That of a stage inside another begins with its holder's: `search[3].rank` (an item),
 * `refine#2.write` (an iteration), `notify.mail` (anything else).
 */

const bounds = /[.[#]/

/** It is no stage of the pipeline's own list. */
export const isInside = (path: string): boolean => bounds.test(path)

/** The stage of the pipeline's own list that it is, or is inside of. */
export function topOf(path: string): string {
  const end = path.search(bounds)
  return end === -1 ? path : path.slice(0, end)
}

/** The id of the stage that it leads to. */
export const idIn = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/** The stages that it is inside of, outermost first. */
export function holdersOf(path: string): readonly string[] {
  const steps = path.split('.')
  return steps.slice(1).map((_, index) => {
    const upTo = steps.slice(0, index + 1).join('.')
    return upTo.replace(/(?:\[\d+\]|#\d+)$/, '')
  })
}

/** Paths of what runs when all stages have ended begin with these. */
export const lastTops: readonly string[] = ['on_error', 'rollback', 'finally']

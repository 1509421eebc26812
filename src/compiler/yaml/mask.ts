/**
 * Masks: stretches of the text that YAML misreads, made harmless letter for letter, so that the rest can be read as it
 * was meant and every offset stays what it is. A scalar that touches a mask takes its value from the real text.
 */

/** A stretch of one line. */
export interface Mask {
  readonly start: number
  readonly end: number
}

/** `text` with every mask (in order, not overlapping) turned into letters. */
export function masked(text: string, masks: readonly Mask[]): string {
  const parts: string[] = []
  let at = 0
  for (const { start, end } of masks) {
    parts.push(text.slice(at, start), 'x'.repeat(end - start))
    at = end
  }
  return parts.join('') + text.slice(at)
}

/** Whether `[start, end)` touches one of the masks. */
export function touches(masks: readonly Mask[], start: number, end: number): boolean {
  let low = 0
  let high = masks.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((masks[middle] as Mask).end <= start) low = middle + 1
    else high = middle
  }
  const first = masks[low]
  return first !== undefined && first.start < end
}

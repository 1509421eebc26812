/** Randomness that follows from a seed. */

/** A number in [0, 1). mulberry32, by Tommy Ettinger (public domain). */
export type Random = () => number

export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T

/** A whole number in [0, n). */
export const upTo = (random: Random, n: number): number => Math.floor(random() * n)

/** Few more often than many: 1, sometimes 2, seldom `most`. */
export const few = (random: Random, most: number): number => 1 + Math.floor(random() ** 3 * most)

export const times = <T>(n: number, make: (index: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

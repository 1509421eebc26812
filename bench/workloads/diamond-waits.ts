/** How long the stages of the uneven diamonds take. */

/** Milliseconds, by branch; drawn once from 5 to 100 and written down. */
export const waitsMs = [
  [92, 11, 38, 74, 6],
  [17, 88, 45, 9, 63],
  [54, 23, 97, 31, 40],
  [8, 66, 12, 95, 27],
  [71, 35, 58, 14, 100],
  [29, 79, 20, 51, 84],
] as const

export const criticalPathMs = Math.max(...waitsMs.map((branch) => branch.reduce<number>((sum, ms) => sum + ms, 0)))

/** Memory that is in use, looked at while something runs. Needs `--expose-gc`; slow, so nothing is timed beside it. */

export interface HeapWatch {
  /** Call it often: looks every so many calls. */
  look(): void
  /** The most that was in use at any look, above what was in use when the watch was made. */
  readonly peakBytes: number
}

export function watchHeap(every: number): HeapWatch {
  const before = inUse()
  let calls = 0
  let peak = before
  return {
    look() {
      if (++calls % every === 0) peak = Math.max(peak, inUse())
    },
    get peakBytes() {
      return peak - before
    },
  }
}

function inUse(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

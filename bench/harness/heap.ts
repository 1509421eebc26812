/** Memory that is in use, looked at while something runs. Needs `--expose-gc`; slow, so nothing is timed beside it. */

export interface HeapWatch {
  /** Call it often: looks every so many calls. */
  look(): void
  /** The most that was in use at any look, above what was in use when the watch was made. */
  readonly peakBytes: number
}

export async function watchHeap(every: number): Promise<HeapWatch> {
  const before = await settled()
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

/** When what was before is gone, however it is held: a collection may leave what the next turn lets go. */
async function settled(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    inUse()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return inUse()
}

function inUse(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

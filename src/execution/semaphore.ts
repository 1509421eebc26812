/**
 * How many may do something at once: first come, first served.
 *
 * Ours, because LangGraph's `maxConcurrency` counts nodes (skips and joins too), and its value 1 drops work.
 */
export interface Semaphore {
  /** The function that gives the place back, or undefined when one has to wait for it. */
  take(): (() => void) | undefined
  /** Resolves, when it is one's turn, with the function that gives the place back (calling it twice does nothing). */
  acquire(signal?: AbortSignal): Promise<() => void>
  /** Places taken. */
  readonly held: number
  /** Those who wait. */
  readonly waiting: number
}

/** `limit` is a whole number of at least 1. A wait that is aborted rejects with `signal.reason` and takes no place. */
export function createSemaphore(limit: number): Semaphore {
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`A semaphore needs at least one place, not ${limit}.`)
  const queue = new Set<() => void>()
  let held = 0

  function take(): () => void {
    held++
    let given = false
    return () => {
      if (given) return
      given = true
      held--
      wakeNext()
    }
  }

  function wakeNext(): void {
    if (queue.size === 0) return
    const [next] = queue
    if (!next || held >= limit) return
    queue.delete(next)
    next()
  }

  function wait(signal: AbortSignal | undefined): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        queue.delete(enter)
        reject(signal?.reason)
      }
      const enter = () => {
        signal?.removeEventListener('abort', onAbort)
        resolve(take())
      }
      queue.add(enter)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  return {
    take: () => (held < limit ? take() : undefined),
    async acquire(signal) {
      signal?.throwIfAborted()
      return held < limit ? take() : wait(signal)
    },
    get held() {
      return held
    },
    get waiting() {
      return queue.size
    },
  }
}

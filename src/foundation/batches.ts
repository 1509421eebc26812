/**
 * Group commit: everything that is pushed in one tick is written at once, and one write is made at a time.
 *
 * A tick ends when nothing is left to do without waiting (`process.nextTick` runs after all microtasks): by then a stage
 * that ended has told so, and what it made ready has told that it starts.
 */
export interface Batches<T> {
  push(item: T): void
  /** Writes at the end of this tick. Resolves when all that was pushed is written; rejects when it cannot be. */
  commit(): Promise<void>
  /** The same, at once. */
  flush(): Promise<void>
  /** Pushed and not taken up by a write yet. */
  readonly waiting: number
}

/** After `write` has rejected, nothing is written any more, and every commit rejects with the same error. */
export function createBatches<T>(write: (batch: readonly T[]) => Promise<void>): Batches<T> {
  let waiting: T[] = []
  let scheduled: Promise<void> | undefined
  let written: Promise<void> = Promise.resolve()
  let writing = false // also once a write has failed

  function flush(): Promise<void> {
    scheduled = undefined
    if (waiting.length === 0) return written
    const batch = waiting
    waiting = []
    const made = writing ? written.then(() => write(batch)) : write(batch)
    writing = true
    written = made
    const done = (): void => {
      if (written === made) writing = false
    }
    made.then(done, ignore) // whoever waits is told of a failure
    return made
  }

  function schedule(): Promise<void> {
    const made = new Promise<void>((resolve, reject) => {
      process.nextTick(() => {
        if (scheduled === made) flush().then(resolve, reject)
        else written.then(resolve, reject) // someone could not wait
      })
    })
    made.catch(ignore)
    return made
  }

  return {
    push(item) {
      waiting.push(item)
    },
    commit() {
      if (waiting.length === 0) return written
      scheduled ??= schedule()
      return scheduled
    },
    flush,
    get waiting() {
      return waiting.length
    },
  }
}

const ignore = (): void => undefined

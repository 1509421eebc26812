/**
 * A bounded pool: runs the items of a list, at most so many at once, and gives their results in the order of the list.
 *
 * It starts them in order, and holds no promise per item: memory is the results and what runs now.
 */

/**
 * Rejects with the first error, when everything that runs has ended; nothing more is started after it. `limit` is a whole
 * number of at least 1. `goesOn` is asked before each item: once it says no, results of items not started are missing.
 */
export function runPool<Result>(
  count: number,
  limit: number,
  run: (index: number) => Promise<Result>,
  goesOn: () => boolean = always,
): Promise<readonly Result[]> {
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`A pool needs at least one place, not ${limit}.`)
  const { promise, resolve, reject } = Promise.withResolvers<readonly Result[]>()
  const results = new Array<Result>(count)
  let started = 0
  let running = 0
  let failed: { readonly error: unknown } | undefined

  async function one(index: number): Promise<void> {
    try {
      results[index] = await run(index)
    } catch (error) {
      failed ??= { error }
    }
    running--
    fill()
  }

  function fill(): void {
    while (running < limit && started < count && !failed && goesOn()) {
      running++
      void one(started++)
    }
    if (running > 0) return
    if (failed) reject(failed.error)
    else resolve(results)
  }

  fill()
  return promise
}

const always = (): boolean => true

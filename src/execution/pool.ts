/**
 * A bounded pool: runs the items of a list, at most so many at once, and gives their results in the order of the list.
 *
 * It starts them in order, and holds no promise per item: memory is the results and what runs now.
 */

export interface PoolPorts {
  /** Asked before each item: once it says no, nothing more is started. */
  readonly goesOn?: () => boolean
  /** Handed the function that runs an item once more, before others, for as long as anything runs. */
  readonly onOpen?: (again: (index: number) => void) => void
}

/**
 * Rejects with the first error, when everything that runs has ended; nothing more is started after it. `limit` is a whole
 * number of at least 1. Where nothing more is to be started, results of items are missing.
 */
export function runPool<Result>(
  count: number,
  limit: number,
  run: (index: number) => Promise<Result>,
  { goesOn = always, onOpen }: PoolPorts = {},
): Promise<readonly Result[]> {
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`A pool needs at least one place, not ${limit}.`)
  const { promise, resolve, reject } = Promise.withResolvers<readonly Result[]>()
  const results = new Array<Result>(count)
  let started = 0
  let running = 0
  const again: number[] = []
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
    while (running < limit && (again.length > 0 || started < count) && !failed && goesOn()) {
      running++
      void one(again.shift() ?? started++)
    }
    if (running > 0) return
    if (failed) reject(failed.error)
    else resolve(results)
  }

  onOpen?.((index) => {
    again.push(index)
    fill()
  })
  fill()
  return promise
}

const always = (): boolean => true

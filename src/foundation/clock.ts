/**
 * Time as a port: production uses the system's, tests a manual one.
 */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** Milliseconds of a clock that never jumps; only differences mean something. */
  monotonic(): number
  /** Resolves after `ms`; rejects with `signal.reason` at once when aborted, and then leaves no timer behind. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleepWith(setTimeout, clearTimeout, ms, signal),
}

/** Times as ISO 8601, UTC; the text of the last one is kept, for within a millisecond much may happen. */
export function createDates(): (ms: number) => string {
  let last = Number.NaN
  let text = ''
  return (ms) => {
    if (ms === last) return text
    last = ms
    text = new Date(ms).toISOString()
    return text
  }
}

type Timer = ReturnType<typeof setTimeout>

/** The longest delay a Node timer takes (2^31 - 1 ms); longer sleeps are slept in pieces. */
const maxTimerMs = 2 ** 31 - 1

function sleepWith(
  set: typeof setTimeout,
  clear: (timer: Timer) => void,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    let left = ms
    let timer: Timer
    const onAbort = () => {
      clear(timer)
      reject(signal?.reason)
    }
    const next = () => {
      const piece = Math.min(left, maxTimerMs)
      left -= piece
      timer = set(() => {
        if (left > 0) return next()
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, piece)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    next()
  })
}

export interface ManualClock extends Clock {
  /** Moves time on and wakes every sleeper that is due, in order of its time. */
  advance(ms: number): Promise<void>
  /** How many sleepers wait. */
  readonly sleepers: number
}

/** A clock that stands still until it is told to move. `startMs` defaults to 2026-01-01T00:00:00Z. */
export function createManualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let now = startMs
  const sleepers = new Set<{ at: number; wake: () => void }>()
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

  return {
    now: () => now,
    monotonic: () => now - startMs,
    get sleepers() {
      return sleepers.size
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          sleepers.delete(sleeper)
          reject(signal?.reason)
        }
        const sleeper = {
          at: now + ms,
          wake: () => {
            signal?.removeEventListener('abort', onAbort)
            resolve()
          },
        }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', onAbort, { once: true })
      })
    },
    async advance(ms) {
      const target = now + ms
      await settle()
      for (;;) {
        const next = [...sleepers].filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        now = next.at
        sleepers.delete(next)
        next.wake()
        await settle()
      }
      now = target
      await settle()
    },
  }
}

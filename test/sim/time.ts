/**
 * Time of a simulation: it stands still until nothing can be done without waiting, and then jumps to whatever comes next.
 *
 * Everything that waits belongs to a process. A process that is dead is never woken; one that is stopped (SIGSTOP) is
 * woken when it goes on, in the order in which it should have been.
 */
import type { Clock } from '../../src/foundation/clock.ts'
import type { Random } from '../fuzz/random.ts'

/** Whoever waits. */
export interface Sleeper {
  readonly state: 'up' | 'stopped' | 'dead'
  /** Called for what falls due while it is stopped. */
  hold(wake: () => void): void
}

export interface Time {
  now(): number
  /** Calls `wake` after `ms`, unless the returned function is called before. */
  after(ms: number, sleeper: Sleeper | undefined, wake: () => void): () => void
  /** Moves on to the next thing that is due and lets all follow that follows without waiting. False: nothing is due. */
  step(): Promise<boolean>
  /** Lets all happen that happens without waiting. */
  settle(): Promise<void>
  /** Nobody is woken any more. */
  end(): void
}

interface Due {
  readonly at: number
  /** Decides between what is due at the same time. */
  readonly tie: number
  readonly sleeper: Sleeper | undefined
  readonly wake: () => void
}

export const epochMs = Date.UTC(2026, 0, 1)

/** Taken before anyone replaces the global one. */
const nextTurn = globalThis.setImmediate

export function createTime(random: Random): Time {
  let now = epochMs
  let queue: Due[] = []
  const settle = () => new Promise<void>((resolve) => nextTurn(resolve))

  function insert(due: Due): void {
    let at = queue.length // the last is the next
    while (at > 0 && isBefore(queue[at - 1] as Due, due)) at--
    queue.splice(at, 0, due)
  }

  async function step(): Promise<boolean> {
    const due = queue.pop()
    if (!due) return false
    now = Math.max(now, due.at)
    const { sleeper, wake } = due
    if (sleeper?.state === 'dead') return true
    if (sleeper?.state === 'stopped') sleeper.hold(wake)
    else wake()
    await settle()
    return true
  }

  return {
    now: () => now,
    after(ms, sleeper, wake) {
      const due = { at: now + Math.max(0, ms), tie: random(), sleeper, wake }
      insert(due)
      return () => {
        const at = queue.indexOf(due)
        if (at >= 0) queue.splice(at, 1)
      }
    },
    step,
    settle,
    end() {
      queue = []
    },
  }
}

const isBefore = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.tie < b.tie)

/** The time as a process sees it. */
export function clockOf(time: Time, sleeper: Sleeper): Clock {
  return {
    now: () => time.now(),
    monotonic: () => time.now() - epochMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          forget()
          reject(signal?.reason)
        }
        const forget = time.after(ms, sleeper, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
  }
}

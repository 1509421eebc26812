/** Everything that stops a stretch from outside, or keeps it alive: signal, other processes, time limit, lease. */
import { ThreadError } from '../foundation/errors.ts'
import type { Plan } from '../foundation/plan.ts'
import type { StretchControl } from './control.ts'
import type { EngineHost } from './engine-host.ts'
import type { Lease } from './store.ts'

export interface WatchPorts {
  readonly lease: Lease
  /** Until when it was given. Milliseconds since 1970. */
  readonly leaseUntilMs: number
  readonly control: StretchControl
  readonly signal: AbortSignal | undefined
  /** How long the run may still be active, and how long until its deadline. Milliseconds. */
  readonly limits: readonly { readonly is: 'timeout' | 'deadline'; readonly totalMs: number; readonly leftMs: number }[]
  /** Someone else asked to cancel the run. */
  readonly onCancelRequested: () => void
  /** The caller's signal. */
  readonly onSignal: () => void
  /** Someone else took the thread, or soon may: nothing of the run may go on here. */
  readonly onLost: (error: unknown) => void
}

/** How often the store is asked whether another process wants the run cancelled. Milliseconds. */
const cancelPollMs = 300

export interface Watch {
  /**
   * Undefined: the thread is ours. A process that was stopped for long (SIGSTOP, a laptop that slept) may have lost it
   * without knowing; then the store is asked, and this rejects when someone else took it.
   */
  stillOurs(): Promise<void> | undefined
  stop(): void
}

/** What a run that was created at `createdMs` and has been active for so long has left. */
export function limitsOf(
  { limits: { timeoutMs, deadlineMs } }: Plan,
  { activeMs, createdMs }: { readonly activeMs: number; readonly createdMs: number },
  nowMs: number,
): WatchPorts['limits'] {
  const active =
    timeoutMs === undefined ? [] : [{ is: 'timeout' as const, totalMs: timeoutMs, leftMs: timeoutMs - activeMs }]
  if (deadlineMs === undefined) return active
  return [...active, { is: 'deadline', totalMs: deadlineMs, leftMs: createdMs + deadlineMs - nowMs }]
}

/** When a run that was created then has to be over, whatever it waits for. Both ISO 8601. */
export function deadlineOf({ limits: { deadlineMs } }: Plan, created: string): { readonly deadline?: string } {
  return deadlineMs === undefined ? {} : { deadline: new Date(Date.parse(created) + deadlineMs).toISOString() }
}

export function watchStretch({ store, clock, leaseMs }: EngineHost, ports: WatchPorts): Watch {
  const { lease, control, signal, limits } = ports
  let untilMs = ports.leaseUntilMs
  signal?.addEventListener('abort', ports.onSignal, { once: true })
  if (signal?.aborted) ports.onSignal()
  const over = new AbortController()

  const poll = setInterval(() => {
    store.getRun(lease.thread).then((row) => row?.cancel_requested && ports.onCancelRequested(), ignore)
  }, cancelPollMs)
  poll.unref()
  // Once may fail: a store can be down for a moment. After that, whoever runs here has to have stopped in time.
  const renewal = setInterval(() => {
    renew().catch((error: unknown) => {
      if (error instanceof ThreadError || clock.now() >= untilMs - leaseMs / 3) ports.onLost(error)
    })
  }, leaseMs / 3)
  renewal.unref()
  for (const { is, totalMs, leftMs } of limits) {
    if (leftMs <= 0)
      control.exceed(totalMs, is) // nothing of it begins
    else clock.sleep(leftMs, over.signal).then(() => control.exceed(totalMs, is), ignore)
  }

  async function renew(): Promise<void> {
    const next = clock.now() + leaseMs
    await store.renew(lease, next)
    untilMs = Math.max(untilMs, next)
  }

  return {
    stillOurs: () => (clock.now() < untilMs ? undefined : renew()),
    stop() {
      signal?.removeEventListener('abort', ports.onSignal)
      clearInterval(poll)
      clearInterval(renewal)
      over.abort('over') // a reason of our own: the default one is an error with a stack
    },
  }
}

const ignore = (): void => undefined

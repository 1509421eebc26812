/** Everything that stops a stretch from outside, or keeps it alive: signal, other processes, time limit, lease. */
import type { StretchControl } from './control.ts'
import type { EngineHost } from './engine-host.ts'
import type { Lease } from './store.ts'

export interface WatchPorts {
  readonly lease: Lease
  readonly control: StretchControl
  readonly signal: AbortSignal | undefined
  /** How long the run may still be active. Milliseconds. */
  readonly limit: { readonly totalMs: number; readonly leftMs: number } | undefined
  /** Someone else asked to cancel the run. */
  readonly onCancelRequested: () => void
  /** The caller's signal. */
  readonly onSignal: () => void
  /** The lease could not be renewed. */
  readonly onLost: (error: unknown) => void
}

/** How often the store is asked whether another process wants the run cancelled. Milliseconds. */
const cancelPollMs = 300

/** Returns the function that stops watching. */
export function watchStretch({ store, clock, leaseMs }: EngineHost, ports: WatchPorts): () => void {
  const { lease, control, signal, limit } = ports
  signal?.addEventListener('abort', ports.onSignal, { once: true })
  if (signal?.aborted) ports.onSignal()
  const over = new AbortController()

  const poll = setInterval(() => {
    store.getRun(lease.thread).then((row) => row?.cancel_requested && ports.onCancelRequested(), ignore)
  }, cancelPollMs)
  poll.unref()
  const renewal = setInterval(() => {
    store.renew(lease, clock.now() + leaseMs).catch(ports.onLost)
  }, leaseMs / 3)
  renewal.unref()
  if (limit) clock.sleep(Math.max(0, limit.leftMs), over.signal).then(() => control.exceed(limit.totalMs), ignore)

  return () => {
    signal?.removeEventListener('abort', ports.onSignal)
    clearInterval(poll)
    clearInterval(renewal)
    over.abort()
  }
}

const ignore = (): void => undefined

/**
 * One listener on a signal for everyone who wants to know of its end: adding a listener to a signal and taking it away
 * again costs more than a whole trivial stage.
 */
import { setMaxListeners } from 'node:events'

export interface Relay {
  readonly signal: AbortSignal
  /** Calls `listener` once, when the signal is aborted; not when it is already. */
  add(listener: () => void): void
  remove(listener: () => void): void
}

/** `keep`: the listener stays as long as the signal lives. Otherwise it goes once nobody has listened for a turn. */
export function createRelay(signal: AbortSignal, keep: boolean): Relay {
  const listeners = new Set<() => void>()
  let listening = false
  let leaving = false

  function tell(): void {
    const told = [...listeners]
    listeners.clear()
    for (const listener of told) listener()
  }

  function listen(): void {
    listening = true
    setMaxListeners(0, signal) // one per runner: many runners may share a caller's signal
    signal.addEventListener('abort', tell, { once: true })
  }

  /** Not at once: where one stage ends, the next one starts. */
  function leaveSoon(): void {
    leaving = true
    setImmediate(() => {
      leaving = false
      if (listeners.size > 0) return
      listening = false
      signal.removeEventListener('abort', tell)
    })
  }

  if (keep) listen()
  return {
    signal,
    add(listener) {
      listeners.add(listener)
      if (!listening) listen()
    },
    remove(listener) {
      listeners.delete(listener)
      if (!keep && !leaving && listeners.size === 0) leaveSoon()
    },
  }
}

/**
 * One listener on a signal for everyone who wants to know of its end: adding a listener to a signal and taking it away
 * again costs more than a whole trivial stage.
 */
import { setMaxListeners } from 'node:events'

export interface Relay {
  /** Tells `listener` once, when the signal is aborted; not when it is already. */
  add(listener: RelayListener): void
  remove(listener: RelayListener): void
}

export interface RelayListener {
  told(): void
}

/**
 * With `other`, listeners are told of whichever of the two comes first, and the listener on the signal goes once nobody
 * has listened for a turn. Without it, that one stays as long as the signal lives.
 */
export function createRelay(signal: AbortSignal, other?: Relay): Relay {
  const listeners = new Set<RelayListener>()
  let listening = false
  let leaving = false

  function tell(): void {
    const told = [...listeners]
    listeners.clear()
    for (const listener of told) listener.told()
  }
  const told: RelayListener = { told: tell }

  function listen(): void {
    listening = true
    setMaxListeners(0, signal) // one per runner: many runners may share a caller's signal
    signal.addEventListener('abort', tell, { once: true })
    other?.add(told)
  }

  /** Not at once: where one stage ends, the next one starts. */
  function leaveSoon(): void {
    leaving = true
    setImmediate(() => {
      leaving = false
      if (listeners.size > 0) return
      listening = false
      signal.removeEventListener('abort', tell)
      other?.remove(told)
    })
  }

  if (!other) listen()
  return {
    add(listener) {
      listeners.add(listener)
      if (!listening) listen()
    },
    remove(listener) {
      listeners.delete(listener)
      if (other && !leaving && listeners.size === 0) leaveSoon()
    },
  }
}

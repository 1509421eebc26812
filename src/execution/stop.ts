/**
 * Everything that can stop a running stage, as one: the run's control, and the graph's caller.
 *
 * The reason says what becomes of the stage: a StageError is recorded as `cancelled`; a PauseRequested is not recorded,
 * so that the stage runs again. Whatever costs something is made only for those who ask for it: most stages end before
 * anybody wants a signal.
 */
import { StageError } from '../foundation/errors.ts'
import { PauseRequested } from '../foundation/stage-runner.ts'
import type { Control } from './control.ts'
import { createRelay, type Relay, type RelayListener } from './relay.ts'

/** Whether something was stopped, and why. */
export interface Stoppable {
  readonly aborted: boolean
  /** undefined until it is stopped. */
  readonly reason: unknown
  /** Calls `listener` once when it is stopped, at once when it is already. Returns how to take that back. */
  onStop(listener: (reason: unknown) => void): () => void
}

export interface Stop extends Stoppable {
  /** Made when it is first read. */
  readonly signal: AbortSignal
  /** Throws PauseRequested, or a StageError, when nothing may go on. */
  check(): void
  /** Takes its listeners away. */
  dispose(): void
}

/**
 * Makes the stops of one runner. `caller` is aborted by LangGraph when whoever invoked the graph gave up; `list`, with a
 * StageError, when the list that the stage stands in has to stop.
 */
export type CreateStop = (caller: AbortSignal | undefined, list?: AbortSignal) => Stop

export function createStops(control: Control): CreateStop {
  const ofControl = createRelay(control.signal)
  const relays = new WeakMap<AbortSignal, Relay>()
  /** A list stands in one call, so who is outside of a signal is always the same. */
  function relayOf(signal: AbortSignal | undefined, outer: Relay): Relay {
    if (!signal) return outer
    const known = relays.get(signal)
    if (known) return known
    const made = createRelay(signal, outer)
    relays.set(signal, made)
    return made
  }
  return (caller, list) => new StageStop(control, caller, list, relayOf(list, relayOf(caller, ofControl)))
}

class StageStop implements Stop, RelayListener {
  private readonly control: Control
  private readonly caller: AbortSignal | undefined
  private readonly list: AbortSignal | undefined
  private readonly relay: Relay
  private found: StageError | PauseRequested | undefined
  private controller: AbortController | undefined
  private listeners: ((reason: unknown) => void)[] | undefined

  constructor(control: Control, caller: AbortSignal | undefined, list: AbortSignal | undefined, relay: Relay) {
    this.control = control
    this.caller = caller
    this.list = list
    this.relay = relay
  }

  get aborted(): boolean {
    return this.reason !== undefined
  }

  get reason(): StageError | PauseRequested | undefined {
    if (this.found) return this.found
    if (this.control.signal.aborted) this.found = reasonOf(this.control.signal)
    else if (this.caller?.aborted) this.found = new PauseRequested('The caller stopped the graph.')
    else if (this.list?.aborted) this.found = reasonOf(this.list)
    return this.found
  }

  get signal(): AbortSignal {
    if (this.controller) return this.controller.signal
    const made = new AbortController()
    this.controller = made
    this.onStop((reason) => made.abort(reason))
    return made.signal
  }

  check(): void {
    if (this.reason) throw this.reason
    if (this.control.pausing()) throw new PauseRequested('The run is being paused.')
  }

  onStop(listener: (reason: unknown) => void): () => void {
    if (this.reason) {
      listener(this.reason)
      return nothing
    }
    const { listeners } = this
    if (listeners) listeners.push(listener)
    else {
      this.listeners = [listener]
      this.relay.add(this)
    }
    return () => this.forget(listener)
  }

  dispose(): void {
    if (!this.listeners) return
    this.listeners = undefined
    this.relay.remove(this)
  }

  /** By the relay. */
  told(): void {
    const { listeners } = this
    this.dispose()
    for (const listener of listeners ?? []) listener(this.reason)
  }

  private forget(listener: (reason: unknown) => void): void {
    this.listeners = this.listeners?.filter((each) => each !== listener)
  }
}

const nothing = (): void => undefined

function reasonOf({ reason }: AbortSignal): StageError | PauseRequested {
  if (reason instanceof StageError || reason instanceof PauseRequested) return reason
  return new StageError('The run was cancelled.', { category: 'cancelled', cause: reason, retryable: false })
}

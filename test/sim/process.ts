/**
 * A process of a simulation: an engine with a store of its own, that can be killed, stopped and continued at any moment.
 *
 * What runs in it is found by the asynchronous context it was started in; so timers that are nobody's port are its own
 * too, and go by the simulated time.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Simulation } from './simulation.ts'
import type { Sleeper } from './time.ts'

export interface SimProcess extends Sleeper {
  readonly name: string
  /** Two processes on one host can tell that the other is dead. */
  readonly host: string
  readonly simulation: Simulation
  /** It was stopped once, so it may do late what it should not do any more. */
  readonly wasStopped: boolean
  /** Resolves when it may go on: at once, when it is continued, never. */
  ready(): Promise<void>
  stop(): void
  go(): void
  kill(): void
}

const current = new AsyncLocalStorage<SimProcess>()

/** Runs `work` in the process. */
export const inside = <T>(process: SimProcess, work: () => T): T => current.run(process, work)

/** The process that runs this. */
export function currentProcess(): SimProcess {
  const process = current.getStore()
  if (!process) throw new Error('This runs in no process of a simulation.')
  return process
}

export const never = <T>(): Promise<T> => new Promise<T>(() => {})

export function createProcess(name: string, host: string, simulation: Simulation): SimProcess {
  let state: SimProcess['state'] = 'up'
  let held: (() => void)[] = []
  let wasStopped = false

  function release(): void {
    const all = held
    held = []
    for (const [index, wake] of all.entries()) {
      if (state === 'up') wake()
      else held.push(...all.slice(index))
      if (state !== 'up') return
    }
  }

  return {
    name,
    host,
    simulation,
    get state() {
      return state
    },
    get wasStopped() {
      return wasStopped
    },
    hold(wake) {
      held.push(wake)
    },
    ready() {
      if (state === 'up') return Promise.resolve()
      if (state === 'dead') return never()
      return new Promise((resolve) => held.push(resolve))
    },
    stop() {
      if (state === 'dead') return
      state = 'stopped'
      wasStopped = true
    },
    go() {
      if (state !== 'stopped') return
      state = 'up'
      release()
    },
    kill() {
      state = 'dead'
      held = []
    },
  }
}

/**
 * Timers that are made inside a process go by its simulation's time. Returns the function that takes this back; others
 * keep their timers all along.
 */
export function simulateTimers(): () => void {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis
  const real = { setTimeout, clearTimeout, setInterval, clearInterval }

  function make(repeat: boolean, instead: (...args: never[]) => unknown) {
    return (wake: (...args: unknown[]) => void, ms = 1, ...args: unknown[]): unknown => {
      const process = current.getStore()
      if (!process) return instead(...([wake, ms, ...args] as never[]))
      return new SimTimer(
        process,
        AsyncLocalStorage.bind(() => wake(...args)),
        Math.max(1, ms),
        repeat,
      )
    }
  }
  const clear = (instead: (timer: never) => void) => (timer: unknown) => {
    if (timer instanceof SimTimer) timer.clear()
    else instead(timer as never)
  }
  Object.assign(globalThis, {
    setTimeout: make(false, setTimeout),
    setInterval: make(true, setInterval),
    clearTimeout: clear(clearTimeout),
    clearInterval: clear(clearInterval),
  })
  return () => Object.assign(globalThis, real)
}

class SimTimer {
  #forget: () => void = () => {}
  readonly #again: () => void

  constructor(process: SimProcess, wake: () => void, ms: number, repeat: boolean) {
    const { time } = process.simulation
    this.#again = () => {
      this.#forget = time.after(ms, process, () => {
        if (repeat) this.#again()
        wake()
      })
    }
    this.#again()
  }

  clear(): void {
    this.#forget()
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  hasRef(): boolean {
    return false
  }
}

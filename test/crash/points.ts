/**
 * The numbered points of a process's life: before and after every operation of the store, before, inside and after every
 * effect. At a point of one's choice the process kills or stops itself.
 */
import type { RunStore } from '../../src/execution/store.ts'

export interface Points {
  /** A point is reached. Does not return when it is the one to die at. */
  pass(name: string): void
  /** What was passed, in order. */
  readonly passed: readonly string[]
}

/** SIGKILL takes effect before the call returns; so does SIGSTOP, and the call returns when the process goes on. */
export function createPoints(at: { readonly kill?: number; readonly stop?: number }): Points {
  const passed: string[] = []
  return {
    passed,
    pass(name) {
      passed.push(name)
      if (passed.length === at.stop) process.kill(process.pid, 'SIGSTOP')
      if (passed.length === at.kill) process.kill(process.pid, 'SIGKILL')
    },
  }
}

type SaverOf = (lease: unknown) => object

/** Methods of a checkpointer that touch the store; the others are arithmetic. */
const saverOperations: readonly PropertyKey[] = ['put', 'putWrites', 'getTuple', 'deleteThread']

/** The same store; a point before and after each of its operations. */
export function numbered(store: RunStore, points: Points): RunStore {
  return intercept(store, (key, value) => {
    if (key === 'saver') return numberedSaver(store.saver, points)
    if (key === 'saverOf') return (lease: unknown) => numberedSaver((value as SaverOf).call(store, lease), points)
    return typeof value === 'function' ? between(`store.${String(key)}`, value.bind(store), points) : value
  })
}

const numberedSaver = <Saver extends object>(saver: Saver, points: Points): Saver =>
  intercept(saver, (key, value) => {
    if (typeof value !== 'function') return value
    const bound = value.bind(saver)
    return saverOperations.includes(key) ? between(`saver.${String(key)}`, bound, points) : bound
  })

type AnyFunction = (...args: unknown[]) => unknown

function between(name: string, call: AnyFunction, points: Points): AnyFunction {
  return (...args) => {
    points.pass(`before ${name}`)
    const result = call(...args)
    const after = (value: unknown) => {
      points.pass(`after ${name}`)
      return value
    }
    return result instanceof Promise ? result.then(after) : after(result)
  }
}

/** An object that is like `target` but for what `see` makes of its properties. */
export function intercept<Target extends object>(
  target: Target,
  see: (key: PropertyKey, value: unknown) => unknown,
): Target {
  return new Proxy(target, { get: (_, key) => see(key, Reflect.get(target, key, target)) })
}

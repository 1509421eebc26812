/**
 * Under which numbers the runs stand that are held here.
 */
import { ThreadError } from '../../foundation/errors.ts'
import type { Lease } from '../store.ts'
import type { Places } from './places.ts'
import type { Tables } from './tables.ts'

export const fenced = ({ thread }: Lease): ThreadError =>
  new ThreadError('fenced', `Thread "${thread}" is not held any more: someone else has taken it, or it was given up.`)

export const unknownRun = (id: string) => new ThreadError('thread_unknown', `There is no run "${id}" in this store.`)

/**
 * The numbers of the runs that are held here. A run that is held cannot have been deleted and made again, for its lease
 * would have a higher epoch then; so whatever is remembered with the lease that is asked with is right.
 */
export interface RunNumbers {
  /** Throws ThreadError: `fenced`, or `thread_unknown` when the thread has no run. */
  of(lease: Lease): number
  remember(lease: Lease, n: number): void
  forget(thread: string): void
}

/** What is noted of a run in `places` is kept as long. */
export function createRunNumbers(tables: Tables, places: Places): RunNumbers {
  const known = new Map<string, { readonly epoch: number; readonly n: number }>()
  const remember = ({ thread, epoch }: Lease, n: number): void => {
    known.set(thread, { epoch, n })
    places.begin(n)
  }
  const find = (lease: Lease): number => {
    const n = tables.read(() => {
      if (!tables.leases.isHeld(lease)) throw fenced(lease)
      return tables.runs.place(lease.thread)?.n
    })
    if (n === undefined) throw unknownRun(lease.thread)
    remember(lease, n)
    return n
  }
  return {
    of(lease) {
      const found = known.get(lease.thread)
      return found?.epoch === lease.epoch ? found.n : find(lease)
    },
    remember,
    forget(thread) {
      places.forget(known.get(thread)?.n ?? 0)
      known.delete(thread)
    },
  }
}

/** The store with the journal or the lease switched off: what the harness must notice. */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { Lease, RunStore } from '../../src/execution/store.ts'
import { ThreadError } from '../../src/foundation/errors.ts'
import type { Job } from './child-messages.ts'
import { intercept } from './points.ts'

export function switchedOff(store: RunStore, what: Job['without']): RunStore {
  if (what === 'journal') return withoutJournal(store)
  return what === 'lease' ? withoutLease(store) : store
}

/**
 * Nothing that was recorded before is ever read: not the log, nor the checkpoints that are folded from it. What is
 * written is kept, at the end of the log, so that it can be seen what was done again.
 */
function withoutJournal(store: RunStore): RunStore {
  const hidden = new Map<string, number>()
  return replace(store, {
    async readEvents(id) {
      hidden.set(id, (await store.readEvents(id)).length)
      return []
    },
    append: (lease, first, events, patch) =>
      store.append(lease, first + (hidden.get(lease.thread) ?? 0), events, patch),
    saverOf: (lease) => blind(store.saverOf(lease)),
  })
}

const blind = (saver: BaseCheckpointSaver): BaseCheckpointSaver =>
  intercept(saver, (key, value) => {
    if (key === 'getTuple') return async () => undefined
    return typeof value === 'function' ? value.bind(saver) : value
  })

/** Whoever wants a thread gets it; no write is refused for its epoch or its place. */
function withoutLease(store: RunStore): RunStore {
  return replace(store, {
    claim: (thread, claim) => store.claim(thread, claim, () => true),
    renew: async () => undefined,
    release: async () => undefined,
    saverOf: (lease) => unfencedSaver(store, lease),
    async append(lease, _first, events, patch) {
      for (;;) {
        try {
          const last = (await store.readEvents(lease.thread)).length
          return await store.append(await current(store, lease), last + 1, events, patch)
        } catch (error) {
          if (!(error instanceof ThreadError)) throw error // the other one was quicker: once more
        }
      }
    },
  })
}

/** Writes as whoever holds the thread by now. */
const unfencedSaver = (store: RunStore, lease: Lease): BaseCheckpointSaver => {
  const own = store.saverOf(lease)
  return intercept(own, (key, value) => {
    if (typeof value !== 'function') return value
    if (key !== 'put' && key !== 'putWrites') return value.bind(own)
    return async (...args: unknown[]) => {
      const saver = store.saverOf(await current(store, lease))
      return Reflect.apply(Reflect.get(saver, key), saver, args)
    }
  })
}

const current = async (store: RunStore, lease: Lease): Promise<Lease> =>
  (await store.leases()).find(({ thread }) => thread === lease.thread) ?? lease

const replace = (store: RunStore, others: Partial<RunStore>): RunStore =>
  intercept(store, (key, value) => {
    if (Object.hasOwn(others, key)) return Reflect.get(others, key)
    return typeof value === 'function' ? value.bind(store) : value
  })

/**
 * The run store over rows. Both stores are this over their own tables.
 */
import type { Clock } from '../../foundation/clock.ts'
import { deepFreeze, type Json } from '../../foundation/json.ts'
import { finishedStatuses } from '../../foundation/outcome.ts'
import type { Plan } from '../../foundation/plan.ts'
import { jsonText } from '../serializer.ts'
import type { RunStore } from '../store.ts'
import { deleteThread } from './history.ts'
import { leases } from './leases.ts'
import { OpenSaver } from './open-saver.ts'
import { createPlaces } from './places.ts'
import { pruneThread } from './prune.ts'
import { createRunNumbers } from './run-numbers.ts'
import { type SavedHistory, StoreSaver, settled } from './saver.ts'
import { logs, runs } from './store-runs.ts'
import { waits } from './store-waits.ts'
import type { Tables } from './tables.ts'
import { createValues } from './values.ts'

export const createHistory = (tables: Tables): SavedHistory => ({
  tables,
  values: createValues(tables.values),
  places: createPlaces(),
})

/** A run store on the tables of `history`; `clock` dates changes of runs. */
export function createStore(history: SavedHistory, clock: Clock): RunStore {
  const { tables } = history
  const numbers = createRunNumbers(tables, history.places)
  const held = leases(tables, numbers)
  const saverOf: RunStore['saverOf'] = (lease) => new StoreSaver(history, lease)
  return {
    saver: new OpenSaver(history, held, saverOf, clock),
    saverOf,
    ...runs(tables, numbers),
    ...held,
    ...logs(history, clock, numbers),
    ...waits(tables),
    ...upkeep(history),
    ...plans(tables),
    ...cache(tables),
    describe: async () => tables.read(() => tables.describe()),
    close: async () => tables.close(),
  }
}

function deleteRun(history: SavedHistory, id: string): boolean {
  const { tables } = history
  const n = tables.runs.place(id)?.n
  if (n !== undefined) tables.logs.delete(n)
  tables.leases.delete(id)
  tables.waits.deleteThread(id)
  tables.signals.deleteThread(id)
  const had = [tables.runs.delete(id), deleteThread(history, id)]
  return had.includes(true)
}

/** How many runs are removed in one transaction, so that nobody waits long. */
const batch = 50

function upkeep(history: SavedHistory) {
  const { tables } = history
  return {
    async prune(thread: string, keep: number) {
      if (!Number.isSafeInteger(keep) || keep < 1) throw new RangeError(`"keep" must be 1 or more, but it is ${keep}.`)
      const removed = settled(history, () => tables.write(() => pruneThread(history, thread, keep)))
      tables.shrink()
      return removed
    },
    async deleteRun(id: string) {
      return tables.write(() => deleteRun(history, id))
    },
    async deleteRunsEndedBefore(at: string) {
      const removed: string[] = []
      for (;;) {
        const ids = tables.write(() => {
          const found = tables.runs.endedBefore(at, finishedStatuses, batch)
          for (const id of found) deleteRun(history, id)
          return found
        })
        removed.push(...ids)
        if (ids.length < batch) break
      }
      tables.shrink()
      return removed
    },
  }
}

function plans(tables: Tables) {
  return {
    async savePlan(plan: Plan) {
      const text = jsonText(plan, ['plan'])
      tables.write(() => tables.plans.put(plan.hash, text))
    },
    async loadPlan(hash: string) {
      const text = tables.read(() => tables.plans.get(hash))
      return text === undefined ? undefined : (deepFreeze(JSON.parse(text)) as Plan)
    },
  }
}

function cache(tables: Tables) {
  return {
    async getCached(key: string, nowMs: number) {
      const row = tables.read(() => tables.cache.get(key))
      if (row && row.expiresAtMs > nowMs) return { value: JSON.parse(row.text) as Json }
      if (row) tables.write(() => tables.cache.purge(nowMs))
      return undefined
    },
    async putCached(key: string, value: Json, expiresAtMs: number) {
      const text = jsonText(value, ['value'])
      tables.write(() => tables.cache.put(key, text, expiresAtMs))
    },
  }
}

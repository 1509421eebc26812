/**
 * The run store over rows: runs, plans, events and cache. Both stores are this over their own tables.
 */
import type { Clock } from '../../foundation/clock.ts'
import { StoreError, ThreadError } from '../../foundation/errors.ts'
import { eventSchemaVersion, type RunEvent } from '../../foundation/events.ts'
import { deepFreeze, type Json } from '../../foundation/json.ts'
import { finishedStatuses } from '../../foundation/outcome.ts'
import type { Plan } from '../../foundation/plan.ts'
import { sameOwner } from '../owner.ts'
import { jsonText } from '../serializer.ts'
import type { NewEvent, RunOwner, RunPatch, RunRecord, RunStore } from '../store.ts'
import { deleteThread } from './history.ts'
import { pruneThread } from './prune.ts'
import { type SavedHistory, StoreSaver, settled } from './saver.ts'
import type { RunRow, Tables } from './tables.ts'
import { createValues } from './values.ts'

export const createHistory = (tables: Tables): SavedHistory => ({ tables, values: createValues(tables.values) })

/** A run store on the tables of `history`; `clock` dates changes of runs. */
export function createStore(history: SavedHistory, clock: Clock): RunStore {
  const { tables } = history
  return {
    saver: new StoreSaver(history),
    ...runs(history, clock),
    ...upkeep(history),
    ...claims(tables),
    ...events(tables, clock),
    ...plans(tables),
    ...cache(tables),
    describe: async () => tables.read(() => tables.describe()),
    close: async () => tables.close(),
  }
}

function runs(history: SavedHistory, clock: Clock) {
  const { tables } = history
  return {
    async createRun(run: RunRecord) {
      jsonText(run.inputs, ['inputs'])
      return tables.write(() => tables.runs.insert({ ...run, last_seq: 0 }))
    },
    async getRun(id: string) {
      const row = tables.read(() => tables.runs.get(id))
      return row && toRecord(row)
    },
    async listRuns(filter: Parameters<RunStore['listRuns']>[0] = {}) {
      const rows = tables.read(() => tables.runs.list({ ...filter, limit: filter.limit ?? 50 }))
      return rows.map(toRecord)
    },
    async updateRun(id: string, patch: RunPatch) {
      tables.write(() => tables.runs.update(patched(known(tables, id), patch, clock)))
    },
    async deleteRun(id: string) {
      return tables.write(() => deleteRun(history, id))
    },
  }
}

function deleteRun(history: SavedHistory, id: string): boolean {
  const { tables } = history
  tables.events.deleteRun(id)
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

function claims(tables: Tables) {
  return {
    async claimRun(id: string, owner: RunOwner, isDead: (current: RunOwner) => boolean) {
      return tables.write(() => {
        const row = tables.runs.get(id)
        if (!row) return 'unknown' as const
        if (row.owner && !sameOwner(row.owner, owner) && !isDead(row.owner)) return row.owner
        tables.runs.update({ ...row, owner })
        return 'claimed' as const
      })
    },
    async releaseRun(id: string, owner: RunOwner) {
      tables.write(() => {
        const row = tables.runs.get(id)
        if (row?.owner && sameOwner(row.owner, owner)) tables.runs.update({ ...row, owner: null })
      })
    },
  }
}

function events(tables: Tables, clock: Clock) {
  return {
    async appendEvents(id: string, added: readonly NewEvent[], patch: RunPatch = {}): Promise<readonly RunEvent[]> {
      const texts = added.map((event, index) => jsonText({ v: eventSchemaVersion, ...event }, ['events', index]))
      const first = tables.write(() => {
        const row = known(tables, id)
        const next = row.last_seq + 1
        for (const [index, text] of texts.entries()) tables.events.append(id, next + index, text)
        tables.runs.update({ ...patched(row, patch, clock), last_seq: row.last_seq + texts.length })
        return next
      })
      return added.map((event, index) => ({ v: eventSchemaVersion, run: id, seq: first + index, ...event }) as RunEvent)
    },
    async readEvents(id: string, after = 0, limit = -1): Promise<readonly RunEvent[]> {
      const rows = tables.read(() => {
        const found = tables.events.after(id, after, limit)
        requireAll(found, after, limit < 0 ? undefined : limit, tables.runs.get(id))
        return found
      })
      return rows.map(({ seq, text }) => ({ run: id, seq, ...JSON.parse(text) }) as RunEvent)
    },
  }
}

/** Events are numbered without gaps, so one that is missing is missed. */
function requireAll(rows: readonly { seq: number }[], after: number, limit: number | undefined, run?: RunRow): void {
  const gap = rows.findIndex(({ seq }, index) => seq !== after + 1 + index)
  const cut = run && rows.length !== limit && after + rows.length < run.last_seq
  if (gap === -1 && !cut) return
  const seq = after + 1 + (gap === -1 ? rows.length : gap)
  throw new StoreError('store_corrupt', `The store is damaged: event ${seq} of run ${run?.id} is missing.`, {
    hint: 'Restore the file from a backup, or use another store.',
  })
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

/** The row of a run that must be there. */
function known(tables: Tables, id: string): RunRow {
  const row = tables.runs.get(id)
  if (!row) throw new ThreadError('thread_unknown', `There is no run "${id}" in this store.`)
  return row
}

const patched = (row: RunRow, patch: RunPatch, clock: Clock): RunRow => ({
  ...row,
  ...patch,
  updated_at: new Date(clock.now()).toISOString(),
})

function toRecord(row: RunRow): RunRecord {
  const { last_seq: _, ...record } = row
  return record
}

/**
 * Runs, events, plans and cache of the memory store.
 */
import type { RunFilter } from '../store.ts'
import type { CacheTable, EventTable, PlanTable, RunRow, RunTable } from './tables.ts'

interface MemoryRuns {
  readonly runs: RunTable
  readonly events: EventTable
  readonly plans: PlanTable
  readonly cache: CacheTable
  /** Characters of text kept. */
  readonly bytes: () => number
}

export function createMemoryRuns(): MemoryRuns {
  const runs = createRunTable()
  const { table: events, bytes: eventBytes } = createEventTable()
  const planTexts = new Map<string, string>()
  const plans: PlanTable = {
    put(hash, text) {
      if (!planTexts.has(hash)) planTexts.set(hash, text)
    },
    get: (hash) => planTexts.get(hash),
  }
  const bytes = () => eventBytes() + [...planTexts.values()].reduce((total, text) => total + text.length, 0)
  return { runs, events, plans, cache: createCacheTable(), bytes }
}

function createRunTable(): RunTable {
  /** JSON text of the row, in order of insertion. */
  const rows = new Map<string, string>()
  const all = () => [...rows.values()].map((text) => JSON.parse(text) as RunRow)
  return {
    insert(row) {
      if (rows.has(row.id)) return false
      rows.set(row.id, JSON.stringify(row))
      return true
    },
    get(id) {
      const text = rows.get(id)
      return text === undefined ? undefined : (JSON.parse(text) as RunRow)
    },
    list: ({ limit, ...filter }) =>
      all()
        .filter((row) => matches(row, filter))
        .reverse() // the sort is stable: of two of the same moment, the one made last comes first
        .sort((a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0))
        .slice(0, limit),
    update(row) {
      rows.set(row.id, JSON.stringify(row))
    },
    delete: (id) => rows.delete(id),
    endedBefore: (at, statuses, limit) =>
      all()
        .filter(({ status, ended_at }) => statuses.includes(status) && ended_at !== null && ended_at < at)
        .slice(0, limit)
        .map(({ id }) => id),
  }
}

const matches = (row: RunRow, { status, pipeline, since }: RunFilter): boolean =>
  (status === undefined || status.includes(row.status)) &&
  (pipeline === undefined || row.pipeline === pipeline) &&
  (since === undefined || row.created_at >= since)

function createEventTable() {
  /** Run → its events; the event of `seq` n stands at n - 1. */
  const runs = new Map<string, string[]>()
  const table: EventTable = {
    append(run, _seq, text) {
      const events = runs.get(run)
      if (events) events.push(text)
      else runs.set(run, [text])
    },
    after(run, seq, limit) {
      const events = (runs.get(run) ?? []).map((text, index) => ({ seq: index + 1, text }))
      return events.slice(seq, limit < 0 ? undefined : seq + limit)
    },
    deleteRun(run) {
      runs.delete(run)
    },
  }
  const bytes = () => [...runs.values()].flat().reduce((total, text) => total + text.length, 0)
  return { table, bytes }
}

function createCacheTable(): CacheTable {
  const rows = new Map<string, { readonly text: string; readonly expiresAtMs: number }>()
  return {
    put(key, text, expiresAtMs) {
      rows.set(key, { text, expiresAtMs })
    },
    get: (key) => rows.get(key),
    purge(nowMs) {
      for (const [key, { expiresAtMs }] of rows) if (expiresAtMs <= nowMs) rows.delete(key)
    },
  }
}

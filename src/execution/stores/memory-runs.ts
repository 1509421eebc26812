/**
 * Runs, plans and cache of the memory store.
 */
import type { RunFilter } from '../store.ts'
import type { CacheTable, PlanTable, RunRow, RunTable } from './tables.ts'

export function createMemoryRuns(): RunTable {
  /** JSON text of the row, in order of insertion. */
  const rows = new Map<string, string>()
  const all = () => [...rows.values()].map((text) => JSON.parse(text) as RunRow)
  const get = (id: string) => {
    const text = rows.get(id)
    return text === undefined ? undefined : (JSON.parse(text) as RunRow)
  }
  let last = 0
  return {
    insert(row) {
      if (rows.has(row.id)) return undefined
      last += 1
      rows.set(row.id, JSON.stringify({ ...row, n: last }))
      return last
    },
    get,
    place: get,
    list: ({ limit, ...filter }) =>
      all()
        .filter((row) => matches(row, filter))
        .reverse() // the sort is stable: of two of the same moment, the one made last comes first
        .sort((a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0))
        .slice(0, limit),
    update(id, change) {
      const row = get(id)
      if (row) rows.set(id, JSON.stringify({ ...row, ...change }))
      return row !== undefined
    },
    rewrite: (id, version) => void rows.set(id, JSON.stringify({ ...get(id), ...version })),
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

export function createMemoryPlans() {
  const texts = new Map<string, string>()
  const table: PlanTable = {
    put(hash, text) {
      if (!texts.has(hash)) texts.set(hash, text)
    },
    get: (hash) => texts.get(hash),
  }
  return { table, bytes: () => [...texts.values()].reduce((total, text) => total + text.length, 0) }
}

export function createMemoryCache(): CacheTable {
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

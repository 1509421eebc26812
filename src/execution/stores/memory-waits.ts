/** Open waits and events of the memory store. */
import type { SignalRow, SignalTable, WaitRow, WaitTable } from './tables.ts'

export function createMemoryWaits(): WaitTable {
  const rows = new Map<string, WaitRow>()
  const all = (): WaitRow[] =>
    [...rows.values()].toSorted((a, b) => (a.dueMs ?? Infinity) - (b.dueMs ?? Infinity) || (a.id < b.id ? -1 : 1))
  return {
    put(row) {
      rows.set(row.id, row)
    },
    get: (id) => rows.get(id),
    ofThread: (thread) => all().filter((row) => row.thread === thread),
    forEvent: (event) => all().filter(({ events }) => events.includes(event)),
    dueBy: (ms) => all().filter(({ dueMs }) => dueMs !== null && dueMs <= ms),
    all,
    nextDue: () => all()[0]?.dueMs ?? undefined,
    delete(id) {
      rows.delete(id)
    },
    deleteThread(thread) {
      for (const row of all()) if (row.thread === thread) rows.delete(row.id)
    },
  }
}

export function createMemorySignals(): SignalTable {
  const rows = new Map<string, SignalRow>()
  const taken = new Map<string, Map<string, Set<string>>>()
  let last = 0
  return {
    add(row) {
      if (rows.has(row.id)) return undefined
      const made = { ...row, n: ++last }
      rows.set(row.id, made)
      return made
    },
    get: (id) => rows.get(id),
    named: (event) => [...rows.values()].filter((row) => row.event === event),
    after: (n) => [...rows.values()].filter((row) => row.n > n),
    purge(nowMs) {
      for (const [id, { expiresAtMs }] of rows) if (expiresAtMs <= nowMs) rows.delete(id)
    },
    give(thread, stage, id) {
      const stages = taken.get(thread) ?? new Map<string, Set<string>>()
      taken.set(thread, stages.set(stage, (stages.get(stage) ?? new Set()).add(id)))
    },
    given: (thread, stage) => [...(taken.get(thread)?.get(stage) ?? [])],
    deleteThread(thread) {
      taken.delete(thread)
    },
  }
}

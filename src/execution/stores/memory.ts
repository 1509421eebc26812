/**
 * The store that lives as long as its process: for tests and for runs that need not outlive it.
 *
 * It keeps rows as text, as the SQLite store does, so that no caller can change what is stored.
 */
import { type Clock, systemClock } from '../../foundation/clock.ts'
import { StoreError } from '../../foundation/errors.ts'
import type { RunStore } from '../store.ts'
import { createMemoryCheckpoints } from './memory-checkpoints.ts'
import { createMemoryLeases, createMemoryLogs } from './memory-logs.ts'
import { createMemoryCache, createMemoryPlans, createMemoryRuns } from './memory-runs.ts'
import { createMemorySignals, createMemoryWaits } from './memory-waits.ts'
import { createHistory, createStore } from './store.ts'
import type { Tables } from './tables.ts'

/** An empty store. `clock` dates changes of runs. */
export function createMemoryStore({ clock = systemClock }: { readonly clock?: Clock } = {}): RunStore {
  return createStore(createHistory(memoryTables()), clock)
}

/** Rows in maps. Nothing here can fail half way, so a transaction needs no undoing. */
function memoryTables(): Tables {
  const { lines, checkpoints, values, writes, bytes: checkpointBytes } = createMemoryCheckpoints()
  const leases = createMemoryLeases()
  const { table: logs, bytes: logBytes } = createMemoryLogs(leases)
  const { table: plans, bytes: planBytes } = createMemoryPlans()
  let open = true
  const perform = <T>(work: () => T): T => {
    if (!open) throw new StoreError('store_closed', 'The store is closed.')
    return work()
  }
  return {
    lines,
    checkpoints,
    values,
    writes,
    runs: createMemoryRuns(),
    logs,
    leases,
    waits: createMemoryWaits(),
    signals: createMemorySignals(),
    plans,
    cache: createMemoryCache(),
    write: perform,
    single: perform,
    read: perform,
    describe: () => ({
      kind: 'memory',
      location: 'memory',
      schemaVersion: 0,
      bytes: checkpointBytes() + logBytes() + planBytes(),
    }),
    shrink() {},
    close() {
      open = false
    },
  }
}

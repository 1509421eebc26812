/** The stores of a simulation: one in memory for all its processes, or a file with a connection for each. */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunStore } from '../../src/execution/store.ts'
import { createMemoryStore } from '../../src/execution/stores/memory.ts'
import { openSqliteStore } from '../../src/execution/stores/sqlite.ts'
import type { Clock } from '../../src/foundation/clock.ts'
import { randomId } from '../../src/foundation/ids.ts'
import type { Time } from './time.ts'

export interface Stores {
  /** As a new process has it. */
  open(): RunStore
  /** All of them; and what they held is gone. */
  close(): Promise<void>
}

export function memoryStores(time: Time): Stores {
  const store = createMemoryStore({ clock: dateOf(time) })
  return { open: () => store, close: () => store.close() }
}

export function sqliteStores(time: Time): Stores {
  const path = join(tmpdir(), `stagegraph-${randomId('sim')}.db`)
  const opened: RunStore[] = []
  return {
    open() {
      const store = openSqliteStore(path, { clock: dateOf(time) })
      opened.push(store)
      return store
    },
    async close() {
      for (const store of opened) await store.close()
      for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
    },
  }
}

const dateOf = (time: Time): Clock => ({
  now: () => time.now(),
  monotonic: () => time.now(),
  sleep: () => Promise.reject(new Error('A store does not sleep.')),
})

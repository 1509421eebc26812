/**
 * Logs and leases of the memory store.
 */
import type { Lease } from '../store.ts'
import type { LeaseRow, LeaseTable, LogRow, LogTable } from './tables.ts'

export function createMemoryLogs(leases: LeaseTable) {
  const logs = new Map<number, LogRow[]>()
  const end = (run: number): number => logs.get(run)?.at(-1)?.last ?? 0
  const table: LogTable = {
    append(lease, row) {
      if (!leases.isHeld(lease) || end(row.run) !== row.first - 1) return false
      const rows = logs.get(row.run)
      if (rows) rows.push(row)
      else logs.set(row.run, [row])
      return true
    },
    after: (run, seq) => rowsAfter(logs.get(run) ?? [], seq),
    end,
    delete(run) {
      logs.delete(run)
    },
  }
  const bytes = () => [...logs.values()].flat().reduce((total, { text }) => total + text.length, 0)
  return { table, bytes }
}

function* rowsAfter(rows: readonly LogRow[], seq: number): Generator<LogRow> {
  for (let at = placeAfter(rows, seq); at < rows.length; at++) yield rows[at] as LogRow
}

/** Where the first row stands whose last event comes after `seq`. */
function placeAfter(rows: readonly LogRow[], seq: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle] as LogRow).last > seq) high = middle
    else low = middle + 1
  }
  return low
}

export function createMemoryLeases(): LeaseTable {
  const rows = new Map<string, LeaseRow>()
  let floor = 0
  const isHeld = ({ thread, epoch }: Lease): boolean => {
    const row = rows.get(thread)
    return row !== undefined && row.owner !== null && row.epoch === epoch
  }
  return {
    get: (thread) => rows.get(thread),
    isHeld,
    held: () => [...rows.values()].filter(({ owner }) => owner !== null),
    put(row) {
      rows.set(row.thread, row)
    },
    change(lease, owner, expiresAtMs) {
      if (!isHeld(lease)) return false
      rows.set(lease.thread, { thread: lease.thread, epoch: lease.epoch, owner, expiresAtMs })
      return true
    },
    delete(thread) {
      floor = Math.max(floor, rows.get(thread)?.epoch ?? 0)
      rows.delete(thread)
    },
    floor: () => floor,
  }
}

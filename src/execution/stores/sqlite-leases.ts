/**
 * Leases in SQLite. A row stays when a lease is given up, so that the epochs of a thread never go down.
 */
import type { Lease, RunOwner } from '../store.ts'
import { createFloors } from './sqlite-floors.ts'
import type { Row, Statements } from './sqlite-statements.ts'
import { checkSum, sumOf } from './sqlite-sums.ts'
import type { LeaseRow, LeaseTable } from './tables.ts'

export function createSqliteLeases(statements: Statements): LeaseTable {
  const { get, all, run } = statements
  const rowOf = (thread: string) => {
    const row = get('SELECT * FROM lease WHERE thread = ?', thread)
    return row && checked(row)
  }
  const floors = createFloors(statements)
  return {
    get(thread) {
      const row = rowOf(thread)
      return row && toLease(row)
    },
    isHeld({ thread, epoch }) {
      const row = rowOf(thread)
      return row !== undefined && row.epoch === epoch && row.owner !== null
    },
    held: () => all('SELECT * FROM lease WHERE owner IS NOT NULL ORDER BY thread').map((row) => toLease(checked(row))),
    put({ thread, epoch, owner, expiresAtMs }) {
      const text = textOf(owner)
      run(
        'INSERT OR REPLACE INTO lease (thread, epoch, owner, expires_at_ms, sum) VALUES (?, ?, ?, ?, ?)',
        thread,
        epoch,
        text,
        expiresAtMs,
        leaseSum(thread, epoch, text, expiresAtMs),
      )
    },
    change({ thread, epoch }: Lease, owner, expiresAtMs) {
      const text = textOf(owner)
      const sql = `UPDATE lease SET owner = ?, expires_at_ms = ?, sum = ?
                   WHERE thread = ? AND epoch = ? AND owner IS NOT NULL`
      const sum = leaseSum(thread, epoch, text, expiresAtMs)
      return run(sql, text, expiresAtMs, sum, thread, epoch).changes === 1
    },
    delete(thread) {
      const row = rowOf(thread)
      if (!row) return
      run('DELETE FROM lease WHERE thread = ?', thread)
      floors.raise('epoch', row.epoch)
    },
    floor: () => floors.get('epoch'),
  }
}

interface Columns {
  readonly thread: string
  readonly epoch: number
  readonly owner: string | null
  readonly expires_at_ms: number
}

const leaseSum = (thread: string, epoch: number, owner: string | null, expiresAtMs: number): number =>
  sumOf('lease', [thread, epoch, owner, expiresAtMs])

function checked(row: Row): Columns {
  const { thread, epoch, owner, expires_at_ms } = row as unknown as Columns
  checkSum(row, leaseSum(thread, epoch, owner, expires_at_ms), `the lease of ${thread}`)
  return { thread, epoch, owner, expires_at_ms }
}

const textOf = (owner: RunOwner | null): string | null => owner && JSON.stringify(owner)

const toLease = ({ thread, epoch, owner, expires_at_ms }: Columns): LeaseRow => ({
  thread,
  epoch,
  owner: owner === null ? null : (JSON.parse(owner) as RunOwner),
  expiresAtMs: expires_at_ms,
})

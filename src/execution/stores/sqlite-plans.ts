/**
 * Plans and cached results in SQLite.
 */
import type { Cell, Cells } from './cells.ts'
import type { Statements } from './sqlite-statements.ts'
import { checkSum, sumOf } from './sqlite-sums.ts'
import type { CacheTable, PlanTable } from './tables.ts'

export function createSqlitePlans({ get, run }: Statements, cells: Cells): PlanTable {
  return {
    put(hash, text) {
      const cell = cells.pack(text, `plan ${hash}`)
      run('INSERT OR IGNORE INTO plan (hash, cell, sum) VALUES (?, ?, ?)', hash, cell, sumOf('plan', [hash], cell))
    },
    get(hash) {
      const row = get('SELECT cell, sum FROM plan WHERE hash = ?', hash)
      if (!row) return undefined
      checkSum(row, sumOf('plan', [hash], row.cell as Cell), `plan ${hash}`)
      return cells.unpack(row.cell as Cell, `plan ${hash}`)
    },
  }
}

export function createSqliteCache({ get, run }: Statements, cells: Cells): CacheTable {
  const place = 'a cached result'
  return {
    put(key, text, expiresAtMs) {
      const cell = cells.pack(text, place)
      run(
        'INSERT OR REPLACE INTO cache (key, expires_at_ms, cell, sum) VALUES (?, ?, ?, ?)',
        key,
        expiresAtMs,
        cell,
        sumOf('cache', [key, expiresAtMs], cell),
      )
    },
    get(key) {
      const row = get('SELECT cell, expires_at_ms, sum FROM cache WHERE key = ?', key)
      if (!row) return undefined
      checkSum(row, sumOf('cache', [key, row.expires_at_ms], row.cell as Cell), place)
      return { text: cells.unpack(row.cell as Cell, place), expiresAtMs: row.expires_at_ms as number }
    },
    purge(nowMs) {
      run('DELETE FROM cache WHERE expires_at_ms <= ?', nowMs)
    },
  }
}

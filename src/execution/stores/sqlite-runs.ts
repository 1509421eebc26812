/**
 * Runs, events, plans and cache in SQLite.
 */
import type { SQLInputValue } from 'node:sqlite'
import type { JsonObject } from '../../foundation/json.ts'
import type { RunStatus } from '../../foundation/outcome.ts'
import type { RunFilter, RunOwner } from '../store.ts'
import type { Cell, Cells } from './cells.ts'
import type { Row, Statements } from './sqlite-statements.ts'
import { checkSum, markOf, missingInIndex, sumOf } from './sqlite-sums.ts'
import type { CacheTable, EventTable, PlanTable, RunRow, RunTable } from './tables.ts'

export function createSqliteRuns({ get, all, run }: Statements, cells: Cells): RunTable {
  const toRow = (row: Row) => toRun(row, cells)
  return {
    insert(row) {
      const fixed = fixedValues(row)
      const inputs = cells.pack(JSON.stringify(row.inputs), inputsOf(row.id))
      const sum = sumOf('run', fixed, inputs)
      return (
        run(
          `INSERT OR IGNORE INTO run
             (${fixedColumns.join(', ')}, mark, inputs, sum, ${changing.join(', ')}, changing_sum)
           VALUES (${fixed.map(() => '?').join(', ')}, ?, ?, ?, ${changing.map(() => '?').join(', ')}, ?)`,
          ...fixed,
          markOf(row.id),
          inputs,
          sum,
          ...changingValues(row),
        ).changes > 0
      )
    },
    get(id) {
      const row = get('SELECT * FROM run WHERE id = ?', id)
      if (row) return toRow(row)
      const lost = all('SELECT id FROM run WHERE mark = ?', markOf(id)).some((other) => other.id === id)
      if (lost) throw missingInIndex(`run ${id}`)
      return undefined
    },
    list({ limit, ...filter }) {
      const { where, values } = conditions(filter)
      return all(`SELECT * FROM run ${where} ORDER BY created_at DESC, n DESC LIMIT ?`, ...values, limit).map(toRow)
    },
    update(row) {
      run(
        `UPDATE run SET ${changing.map((column) => `${column} = ?`).join(', ')}, changing_sum = ? WHERE id = ?`,
        ...changingValues(row),
        row.id,
      )
    },
    delete: (id) => run('DELETE FROM run WHERE id = ?', id).changes > 0,
    endedBefore: (at, statuses, limit) =>
      all(
        'SELECT id FROM run WHERE ended_at < ? AND status IN (SELECT value FROM json_each(?)) LIMIT ?',
        at,
        JSON.stringify(statuses),
        limit,
      ).map(({ id }) => id as string),
  }
}

const inputsOf = (id: string): string => `the inputs of run ${id}`

const fixedColumns = ['id', 'pipeline', 'version', 'plan', 'file', 'created_at'] as const

const fixedValues = (row: RunRow) => fixedColumns.map((column) => row[column])

const changing = [
  'status',
  'progress',
  'updated_at',
  'ended_at',
  'active_ms',
  'stretches',
  'cancel_requested',
  'owner',
  'last_seq',
] as const

/** With their sum. */
function changingValues(row: RunRow): SQLInputValue[] {
  const values = changingOf(row)
  return [...values, sumOf('run', [row.id, ...values])]
}

const changingOf = (row: RunRow): SQLInputValue[] => [
  row.status,
  row.progress,
  row.updated_at,
  row.ended_at,
  row.active_ms,
  row.stretches,
  row.cancel_requested ? 1 : 0,
  row.owner ? JSON.stringify(row.owner) : null,
  row.last_seq,
]

function conditions({ status, pipeline, since }: RunFilter) {
  const parts: readonly (readonly [condition: string, value: string | undefined])[] = [
    ['status IN (SELECT value FROM json_each(?))', status && JSON.stringify(status)],
    ['pipeline = ?', pipeline],
    ['created_at >= ?', since],
  ]
  const given = parts.flatMap(([condition, value]) => (value === undefined ? [] : [{ condition, value }]))
  return {
    where: given.length === 0 ? '' : `WHERE ${given.map(({ condition }) => condition).join(' AND ')}`,
    values: given.map(({ value }) => value),
  }
}

function toRun(row: Row, cells: Cells): RunRow {
  const id = row.id as string
  const inputs = row.inputs as Cell
  checkSum(
    row,
    sumOf(
      'run',
      fixedColumns.map((column) => row[column]),
      inputs,
    ),
    `run ${id}`,
  )
  const sum = sumOf('run', [id, ...changing.map((column) => row[column])])
  checkSum({ sum: row.changing_sum }, sum, `run ${id}`)
  return {
    id,
    pipeline: row.pipeline as string,
    version: row.version as string | null,
    plan: row.plan as string,
    file: row.file as string | null,
    status: row.status as RunStatus,
    inputs: JSON.parse(cells.unpack(inputs, inputsOf(id))) as JsonObject,
    progress: row.progress as number,
    created_at: row.created_at as string,
    updated_at: row.updated_at as string,
    ended_at: row.ended_at as string | null,
    active_ms: row.active_ms as number,
    stretches: row.stretches as number,
    cancel_requested: row.cancel_requested === 1,
    owner: row.owner === null ? null : (JSON.parse(row.owner as string) as RunOwner),
    last_seq: row.last_seq as number,
  }
}

export function createSqliteEvents({ all, run }: Statements, cells: Cells): EventTable {
  return {
    append(id, seq, text) {
      const cell = cells.pack(text, eventPlace(id, seq))
      run('INSERT INTO event (run, seq, cell, sum) VALUES (?, ?, ?, ?)', id, seq, cell, sumOf('event', [id, seq], cell))
    },
    after: (id, seq, limit) =>
      all('SELECT * FROM event WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?', id, seq, limit).map((row) => {
        const place = eventPlace(id, row.seq)
        checkSum(row, sumOf('event', [id, row.seq], row.cell as Cell), place)
        return { seq: row.seq as number, text: cells.unpack(row.cell as Cell, place) }
      }),
    deleteRun(id) {
      run('DELETE FROM event WHERE run = ?', id)
    },
  }
}

const eventPlace = (run: string, seq: unknown): string => `event ${seq} of run ${run}`

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

/**
 * Runs, events, plans and cache in SQLite.
 */
import type { SQLInputValue } from 'node:sqlite'
import type { JsonObject } from '../../foundation/json.ts'
import type { RunStatus } from '../../foundation/outcome.ts'
import type { RunFilter, RunOwner } from '../store.ts'
import type { Row, Statements } from './sqlite-statements.ts'
import type { CacheTable, EventTable, PlanTable, RunRow, RunTable } from './tables.ts'

export function createSqliteRuns({ get, all, run }: Statements): RunTable {
  return {
    insert: (row) =>
      run(
        `INSERT OR IGNORE INTO run
           (id, pipeline, version, plan, file, inputs, created_at, ${changing.join(', ')})
         VALUES (?, ?, ?, ?, ?, ?, ?, ${changing.map(() => '?').join(', ')})`,
        row.id,
        row.pipeline,
        row.version,
        row.plan,
        row.file,
        JSON.stringify(row.inputs),
        row.created_at,
        ...changingValues(row),
      ).changes > 0,
    get(id) {
      const row = get('SELECT * FROM run WHERE id = ?', id)
      return row && toRun(row)
    },
    list({ limit, ...filter }) {
      const { where, values } = conditions(filter)
      return all(`SELECT * FROM run ${where} ORDER BY created_at DESC, n DESC LIMIT ?`, ...values, limit).map(toRun)
    },
    update(row) {
      run(
        `UPDATE run SET ${changing.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`,
        ...changingValues(row),
        row.id,
      )
    },
    delete: (id) => run('DELETE FROM run WHERE id = ?', id).changes > 0,
  }
}

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

const changingValues = (row: RunRow): SQLInputValue[] => [
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

const toRun = (row: Row): RunRow => ({
  id: row.id as string,
  pipeline: row.pipeline as string,
  version: row.version as string | null,
  plan: row.plan as string,
  file: row.file as string | null,
  status: row.status as RunStatus,
  inputs: JSON.parse(row.inputs as string) as JsonObject,
  progress: row.progress as number,
  created_at: row.created_at as string,
  updated_at: row.updated_at as string,
  ended_at: row.ended_at as string | null,
  active_ms: row.active_ms as number,
  stretches: row.stretches as number,
  cancel_requested: row.cancel_requested === 1,
  owner: row.owner === null ? null : (JSON.parse(row.owner as string) as RunOwner),
  last_seq: row.last_seq as number,
})

export function createSqliteEvents({ all, run }: Statements): EventTable {
  return {
    append(id, seq, text) {
      run('INSERT INTO event (run, seq, text) VALUES (?, ?, ?)', id, seq, text)
    },
    after: (id, seq, limit) =>
      all('SELECT seq, text FROM event WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?', id, seq, limit).map((row) => ({
        seq: row.seq as number,
        text: row.text as string,
      })),
    deleteRun(id) {
      run('DELETE FROM event WHERE run = ?', id)
    },
  }
}

export function createSqlitePlans({ get, run }: Statements): PlanTable {
  return {
    put(hash, text) {
      run('INSERT OR IGNORE INTO plan (hash, text) VALUES (?, ?)', hash, text)
    },
    get: (hash) => get('SELECT text FROM plan WHERE hash = ?', hash)?.text as string | undefined,
  }
}

export function createSqliteCache({ get, run }: Statements): CacheTable {
  return {
    put(key, text, expiresAtMs) {
      run('INSERT OR REPLACE INTO cache (key, text, expires_at_ms) VALUES (?, ?, ?)', key, text, expiresAtMs)
    },
    get(key) {
      const row = get('SELECT text, expires_at_ms FROM cache WHERE key = ?', key)
      return row && { text: row.text as string, expiresAtMs: row.expires_at_ms as number }
    },
    purge(nowMs) {
      run('DELETE FROM cache WHERE expires_at_ms <= ?', nowMs)
    },
  }
}

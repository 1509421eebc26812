/**
 * Runs in SQLite. What is written once and what changes have a checksum each.
 */
import type { SQLInputValue } from 'node:sqlite'
import type { JsonObject } from '../../foundation/json.ts'
import type { RunStatus } from '../../foundation/outcome.ts'
import type { RunFilter } from '../store.ts'
import type { Cell, Cells } from './cells.ts'
import { createFloors } from './sqlite-floors.ts'
import type { Row, Statements } from './sqlite-statements.ts'
import { checkSum, markOf, missingInIndex, sumOf } from './sqlite-sums.ts'
import type { RunChanging, RunRow, RunTable } from './tables.ts'

export function createSqliteRuns(statements: Statements, cells: Cells): RunTable {
  const { get, all, run } = statements
  const floors = createFloors(statements)
  /** An index that lost an entry must not look like a run that never was. */
  const requireAbsent = (id: string): void => {
    const lost = all('SELECT id FROM run WHERE mark = ?', markOf(id)).some((other) => other.id === id)
    if (lost) throw missingInIndex(`run ${id}`)
  }
  const changingOf = (id: string) => {
    const row = get(`SELECT n, id, ${changing.join(', ')}, changing_sum AS sum FROM run WHERE id = ?`, id)
    if (!row) requireAbsent(id)
    return row && checkedChanging(row, id)
  }
  return {
    insert(row) {
      if (changingOf(row.id)) return undefined
      const n = Math.max(Number(get('SELECT max(n) AS n FROM run')?.n ?? 0), floors.get('run')) + 1
      const fixed = fixedColumns.map((column) => row[column])
      const inputs = cells.pack(JSON.stringify(row.inputs), inputsOf(row.id))
      run(
        `INSERT INTO run (n, ${fixedColumns.join(', ')}, mark, inputs, sum, ${changing.join(', ')}, changing_sum)
         VALUES (?, ${fixed.map(() => '?').join(', ')}, ?, ?, ?, ${changing.map(() => '?').join(', ')}, ?)`,
        n,
        ...fixed,
        markOf(row.id),
        inputs,
        sumOf('run', fixed, inputs),
        ...changingValues({ ...row, n }),
        changingSum({ ...row, n }),
      )
      return n
    },
    get(id) {
      const row = get('SELECT * FROM run WHERE id = ?', id)
      if (row) return toRun(row, cells, id)
      requireAbsent(id)
      return undefined
    },
    place: changingOf,
    list({ limit, ...filter }) {
      const { where, values } = conditions(filter)
      // SQLite takes the index by pipeline alone, and looks at every run of it for a rare status.
      const by = filter.pipeline !== undefined && filter.status ? 'INDEXED BY run_pipeline_status' : ''
      return all(`SELECT * FROM run ${by} ${where} ORDER BY created_at DESC, n DESC LIMIT ?`, ...values, limit).map(
        (row) => toRun(row, cells, row.id),
      )
    },
    update(id, change) {
      const before = changingOf(id)
      if (!before) return false
      const row = { ...before, ...change }
      const columns = changing.filter((column) => row[column] !== before[column]) // others would cost their indices
      const sets = columns.map((column) => `${column} = ?, `).join('')
      const values = columns.map((column) => toCell(row[column]))
      run(`UPDATE run SET ${sets}changing_sum = ? WHERE n = ?`, ...values, changingSum(row), row.n)
      return true
    },
    rewrite(id, version) {
      const before = get('SELECT * FROM run WHERE id = ?', id)
      if (!before) throw missingInIndex(`run ${id}`)
      const row = { ...toRun(before, cells, id), ...version }
      const fixed = fixedColumns.map((column) => row[column])
      const inputs = cells.pack(JSON.stringify(row.inputs), inputsOf(id))
      run(
        'UPDATE run SET version = ?, plan = ?, file = ?, inputs = ?, sum = ? WHERE n = ?',
        row.version,
        row.plan,
        row.file,
        inputs,
        sumOf('run', fixed, inputs),
        row.n,
      )
    },
    delete(id) {
      const row = changingOf(id)
      if (!row) return false
      run('DELETE FROM run WHERE n = ?', row.n)
      floors.raise('run', row.n)
      return true
    },
    endedBefore: (at, statuses, limit) =>
      all(
        // No run ends before it is created, and by that there is an index.
        `SELECT id FROM run WHERE created_at <= ?1 AND ended_at < ?1 AND status IN (SELECT value FROM json_each(?2))
         LIMIT ?3`,
        at,
        JSON.stringify(statuses),
        limit,
      ).map(({ id }) => id as string),
  }
}

const inputsOf = (id: string): string => `the inputs of run ${id}`

const fixedColumns = ['id', 'pipeline', 'version', 'plan', 'file', 'created_at'] as const

const changing = [
  'status',
  'progress',
  'updated_at',
  'ended_at',
  'active_ms',
  'stretches',
  'cancel_requested',
  'last_seq',
] as const satisfies readonly (keyof RunChanging)[]

type Changing = RunChanging & Pick<RunRow, 'n' | 'id'>

const toCell = (value: string | number | boolean | null) => (typeof value === 'boolean' ? Number(value) : value)

const changingValues = (row: Changing): SQLInputValue[] => changing.map((column) => toCell(row[column]))

const changingSum = (row: Changing): number => sumOf('run', [row.n, row.id, ...changingValues(row)])

/** From a row with these columns and their `sum`, which an index led to. */
function checkedChanging(row: Row, id: unknown): Changing {
  checkSum(row, sumOf('run', [row.n, row.id, ...changing.map((column) => row[column])]), `run ${id}`)
  if (row.id !== id) throw missingInIndex(`run ${id}`)
  return {
    n: row.n as number,
    id: row.id as string,
    status: row.status as RunStatus,
    progress: row.progress as number,
    updated_at: row.updated_at as string,
    ended_at: row.ended_at as string | null,
    active_ms: row.active_ms as number,
    stretches: row.stretches as number,
    cancel_requested: row.cancel_requested === 1,
    last_seq: row.last_seq as number,
  }
}

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

function toRun(row: Row, cells: Cells, id: unknown): RunRow {
  const inputs = row.inputs as Cell
  const fixed = fixedColumns.map((column) => row[column])
  checkSum(row, sumOf('run', fixed, inputs), `run ${id}`)
  return {
    ...checkedChanging({ ...row, sum: row.changing_sum }, id),
    pipeline: row.pipeline as string,
    version: row.version as string | null,
    plan: row.plan as string,
    file: row.file as string | null,
    created_at: row.created_at as string,
    inputs: JSON.parse(cells.unpack(inputs, inputsOf(row.id as string))) as JsonObject,
  }
}

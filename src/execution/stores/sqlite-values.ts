/**
 * Values and writes in SQLite.
 */
import type { Cell, Cells } from './cells.ts'
import type { Row, Statements } from './sqlite-statements.ts'
import { checkSum, missingInIndex, sumOf } from './sqlite-sums.ts'
import type { Ref, StoredEncoding, ValueRow, ValueTable, WriteRow, WriteTable } from './tables.ts'

export function createSqliteValues({ get, all, run }: Statements, cells: Cells): ValueTable {
  const newest = () => Number(get('SELECT max(n) AS n FROM value')?.n ?? 0)
  /** Numbers are not used again: where the last ones go, an empty row keeps their place. */
  const keepingNumbers = (work: () => void): void => {
    const last = newest()
    work()
    if (newest() === last) return
    run('DELETE FROM value WHERE line = 0')
    add({ n: last, line: 0, base: null, depth: 0, weight: 0, full: 0, size: 0, encoding: 0, hash: null, text: '' })
  }
  const add = (row: ValueRow): void => {
    const keys = keysOf(row)
    const cell = cells.pack(row.text, placeOf(row.n))
    run(
      `INSERT INTO value (n, line, base, depth, weight, full, size, encoding, hash, cell, sum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...keys,
      row.hash,
      cell,
      sumOf('value', keys, row.hash, cell),
    )
  }
  return {
    add(row) {
      const n = newest() + 1
      add({ ...row, n })
      return n
    },
    get(n) {
      const row = get('SELECT * FROM value WHERE n = ?', n)
      return row && toValue(row, cells)
    },
    hash: ({ encoding, text }) => cells.fingerprint(`${encoding}${text}`),
    find(line, hash, size) {
      const row = get('SELECT n, size FROM value WHERE line = ? AND hash = ?', line, hash)
      if (row && row.size !== size) throw missingInIndex('a value')
      return row?.n as number | undefined
    },
    ofLine: (line) =>
      all('SELECT n, base FROM value WHERE line = ?', line).map(({ n, base }) => ({
        n: n as number,
        base: base as number | null,
      })),
    deleteLine: (line) => keepingNumbers(() => run('DELETE FROM value WHERE line = ?', line)),
    delete: (numbers) =>
      keepingNumbers(() =>
        run('DELETE FROM value WHERE n IN (SELECT value FROM json_each(?))', JSON.stringify(numbers)),
      ),
  }
}

const keysOf = ({ n, line, base, depth, weight, full, size, encoding }: Omit<ValueRow, 'text' | 'hash'>) =>
  [n, line, base, depth, weight, full, size, encoding] as const

const placeOf = (n: number): string => `value ${n}`

function toValue(row: Row, cells: Cells): ValueRow {
  const { n, line, base, depth, weight, full, size, encoding, hash } = row as unknown as ValueRow
  const keys = { n, line, base, depth, weight, full, size, encoding }
  const cell = row.cell as Cell
  checkSum(row, sumOf('value', keysOf(keys), hash, cell), placeOf(n))
  return { ...keys, hash, text: cells.unpack(cell, placeOf(n)) }
}

export function createSqliteWrites({ all, run }: Statements, cells: Cells): WriteTable {
  return {
    put(set, row) {
      const { keys, cell } = columnsOf(set, row, cells)
      const sum = sumOf('write', keys, cell)
      const columns = '(write_set, task, idx, task_path, channel, value, encoding, cell, sum)'
      const values = 'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'
      const { changes } = run(`INSERT OR IGNORE INTO checkpoint_write ${columns} ${values}`, ...keys, cell, sum)
      if (changes === 0 && row.idx < 0)
        run(`INSERT OR REPLACE INTO checkpoint_write ${columns} ${values}`, ...keys, cell, sum)
      return changes > 0
    },
    of: (set) =>
      all('SELECT * FROM checkpoint_write WHERE write_set = ? ORDER BY task_path, task, idx', set).map((row) =>
        toWrite(row, set, cells),
      ),
    deleteSet(set) {
      run('DELETE FROM checkpoint_write WHERE write_set = ?', set)
    },
  }
}

const writePlace = (set: number, task: string, idx: number): string => `write ${set}/${task}/${idx}`

function columnsOf(set: number, { taskId, idx, taskPath, channel, ref }: WriteRow, cells: Cells) {
  const [value, encoding] = typeof ref === 'number' ? [ref, null] : [null, ref[0]]
  const cell = typeof ref === 'number' ? null : cells.pack(ref[1], writePlace(set, taskId, idx))
  return { keys: [set, taskId, idx, taskPath, channel, value, encoding] as const, cell }
}

function toWrite(row: Row, set: number, cells: Cells): WriteRow {
  const { task, idx, task_path, channel, value, encoding } = row
  const cell = row.cell as Cell | null
  const place = writePlace(set, task as string, idx as number)
  checkSum(row, sumOf('write', [set, task, idx, task_path, channel, value, encoding], cell), place)
  const ref: Ref = cell === null ? (value as number) : [encoding as StoredEncoding, cells.unpack(cell, place)]
  return { taskId: task as string, idx: idx as number, taskPath: task_path as string, channel: channel as string, ref }
}

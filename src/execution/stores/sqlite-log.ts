/**
 * The logs of runs in SQLite.
 *
 * A row holds what one append added. Its key is the number of the run and the last `seq` in the row, so rows stand in
 * order, and a new one goes to the end of a page that is in memory already. No other row is written with it, so no other
 * row says where a log ends. Whoever reads to the end therefore also looks at the rows on both sides of it: a row that
 * lost its place, because its key is damaged, stands there still, and its sum does not fit.
 */
import { crc32 } from 'node:zlib'
import { StoreError } from '../../foundation/errors.ts'
import type { Cell, Cells } from './cells.ts'
import type { Row, Statements } from './sqlite-statements.ts'
import { checkSum } from './sqlite-sums.ts'
import type { LogRow, LogTable } from './tables.ts'

const mostEvents = 2 ** 32 - 1

const columns = 'n >> 32 AS run, n & 4294967295 AS last, first, cell, sum'

/**
 * A row whose `first` is NULL is not taken and ignored. One row of values needs no table in between, as the rows of a
 * `SELECT` that reads the log would.
 */
const adding = `
INSERT OR IGNORE INTO log (n, first, cell, sum)
VALUES ((?1 << 32) | ?3, CASE
WHEN EXISTS (SELECT 1 FROM lease WHERE thread = ?6 AND epoch = ?7 AND owner IS NOT NULL)
AND ifnull((SELECT max(n) FROM log WHERE n > (?1 << 32) AND n < ((?1 << 32) | 4294967295)), ?1 << 32) = ((?1 << 32) | (?2 - 1))
THEN ?2 END, ?4, ?5)`

export interface SqliteLogs extends LogTable {
  /** Whoever holds the thread. */
  add(row: LogRow): void
}

export function createSqliteLogs({ all, iterate, run }: Statements, cells: Cells): SqliteLogs {
  const packed = ({ run: of, first, last, text }: LogRow) => cells.pack(text, placeOf(of, first, last))
  const insert = (of: number, first: number, last: number, cell: Cell) =>
    run(
      'INSERT INTO log (n, first, cell, sum) VALUES ((? << 32) | ?, ?, ?, ?)',
      of,
      last,
      first,
      cell,
      sumOf(of, first, last, cell),
    )
  const rows = (where: string, ...values: number[]) => all(`SELECT ${columns} FROM log WHERE ${where}`, ...values)
  /** The last row up to that `seq`. */
  const rowUpTo = (of: number, seq: number): Checked | undefined => {
    const [row] = rows('n <= ((? << 32) | ?) ORDER BY n DESC LIMIT 1', of, seq).map(checked)
    return row?.run === of ? row : undefined
  }
  const checkRowAfter = (of: number): void => void rows('n >= (? << 32) ORDER BY n LIMIT 1', of + 1).map(checked)

  return {
    add: (row) => void insert(row.run, row.first, row.last, packed(row)),
    append({ thread, epoch }, row) {
      const { run: of, first, last } = row
      const cell = packed(row)
      return run(adding, of, first, last, cell, sumOf(of, first, last, cell), thread, epoch).changes === 1
    },
    *after(of, seq) {
      let next = seq + 1
      for (const found of iterate(`SELECT ${columns} FROM log WHERE n > ((? << 32) | ?) ORDER BY n`, of, seq)) {
        const { run: owner, first, last, cell } = checked(found)
        if (owner > of) break
        if (owner < of || !follows(first, next, next === seq + 1)) throw missing(of, next)
        yield { run: of, first, last, text: cells.unpack(cell, placeOf(of, first, last)) }
        next = last + 1
      }
      // With nothing found, the search itself may have been led astray.
      if (next === seq + 1) rowUpTo(of, seq)
    },
    end(of) {
      checkRowAfter(of)
      return rowUpTo(of, mostEvents)?.last ?? 0
    },
    delete(of) {
      run('DELETE FROM log WHERE n > (?1 << 32) AND n <= ((?1 << 32) | 4294967295)', of)
    },
  }
}

const follows = (first: number, next: number, isFirst: boolean): boolean => (isFirst ? first <= next : first === next)

interface Checked {
  readonly run: number
  readonly first: number
  readonly last: number
  readonly cell: Cell
}

function checked(row: Row): Checked {
  const { run, first, last, cell } = row as unknown as Checked
  checkSum(row, sumOf(run, first, last, cell), placeOf(run, first, last))
  return { run, first, last, cell }
}

/** Of many small rows, so it does without the list of columns that others have, and is one sum of one text. */
function sumOf(run: number, first: number, last: number, cell: Cell): number {
  if (typeof first !== 'number') return Number.NaN
  if (typeof cell === 'string') return crc32(`log ${run} ${first} ${last}${cell}`)
  return cell instanceof Uint8Array ? crc32(cell, crc32(`bytes in log ${run} ${first} ${last}`)) : Number.NaN
}

const placeOf = (run: number, first: number, last: number): string => `events ${first}-${last} of run ${run}`

const missing = (run: number, seq: number) =>
  new StoreError('store_corrupt', `The store is damaged: event ${seq} of run ${run} or what follows it is missing.`, {
    hint: 'Restore the file from a backup, or use another store.',
  })

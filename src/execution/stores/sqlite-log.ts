/**
 * The logs of runs in SQLite.
 *
 * A row holds what one append added. Its key is the number of the run and the last `seq` in the row, so rows stand in
 * order, and a small row goes to the end of a page that is in memory already. Every log has one more row behind all
 * others, its end, which never moves. So whoever reads to the end sees that nothing is missing, though no row is
 * written but the one that is added: rows are read in the order in which they stand in the file, each with its sum, and
 * a row that lost its key stands between others whose keys say so.
 */
import { crc32 } from 'node:zlib'
import { StoreError } from '../../foundation/errors.ts'
import type { Cell, Cells } from './cells.ts'
import type { Row, Statements } from './sqlite-statements.ts'
import { checkSum } from './sqlite-sums.ts'
import type { LogRow, LogTable } from './tables.ts'

/** In place of the last `seq` in the key of a log's end. */
const atEnd = 2 ** 32 - 1

const columns = 'n >> 32 AS run, n & 4294967295 AS last, first, cell, sum'

const adding = `
INSERT INTO log (n, first, cell, sum)
SELECT (?1 << 32) | ?3, ?2, ?4, ?5 FROM lease
WHERE thread = ?6 AND epoch = ?7 AND owner IS NOT NULL
AND ifnull((SELECT max(n) FROM log WHERE n > (?1 << 32) AND n < ((?1 << 32) | 4294967295)), ?1 << 32) = ((?1 << 32) | (?2 - 1))`

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
  const backFrom = (of: number, last: number) =>
    all(`SELECT ${columns} FROM log WHERE n <= ((? << 32) | ?) ORDER BY n DESC LIMIT 2`, of, last).map(checked)

  return {
    begin: (of) => void insert(of, 0, atEnd, ''),
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
        if (owner !== of || (last !== atEnd && !follows(first, next, next === seq + 1))) throw missing(of, next)
        if (last === atEnd) break
        yield { run: of, first, last, text: cells.unpack(cell, placeOf(of, first, last)) }
        next = last + 1
      }
      if (next === seq + 1) requireNothingAfter(backFrom(of, atEnd), of, seq)
    },
    end(of) {
      const [end, last] = backFrom(of, atEnd)
      if (end?.run !== of || end.last !== atEnd) throw missing(of, 0)
      return last?.run === of ? last.last : 0
    },
    delete(of) {
      run('DELETE FROM log WHERE n > (?1 << 32) AND n <= ((?1 << 32) | 4294967295)', of)
    },
  }
}

const follows = (first: number, next: number, isFirst: boolean): boolean => (isFirst ? first <= next : first === next)

/** The search for what comes after `seq` may have been led past it by the key of a row that is damaged. */
function requireNothingAfter([end, last]: readonly Checked[], of: number, seq: number): void {
  if (end?.run !== of || end.last !== atEnd || (last?.run === of && last.last > seq)) throw missing(of, seq + 1)
}

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

/** Of many small rows, so it does without the list of columns that others have. */
function sumOf(run: number, first: number, last: number, cell: Cell): number {
  if (typeof first !== 'number' || (typeof cell !== 'string' && !(cell instanceof Uint8Array))) return Number.NaN
  const start = crc32(`${typeof cell === 'string' ? 'log' : 'bytes in log'} ${run} ${first} ${last}`)
  return cell.length === 0 ? start : crc32(cell, start)
}

const placeOf = (run: number, first: number, last: number): string => `events ${first}-${last} of run ${run}`

const missing = (run: number, seq: number) =>
  new StoreError('store_corrupt', `The store is damaged: event ${seq} of run ${run} or what follows it is missing.`, {
    hint: 'Restore the file from a backup, or use another store.',
  })

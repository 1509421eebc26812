/**
 * Lines and checkpoints in SQLite.
 */
import { type Encoding, plain } from '../serializer.ts'
import type { Cell, Cells } from './cells.ts'
import type { Row, Statements } from './sqlite-statements.ts'
import { checkSum, markOf, missingInIndex, sumOf } from './sqlite-sums.ts'
import type { CheckpointRow, CheckpointTable, LineRow, LineTable } from './tables.ts'

export function createSqliteLines({ get, all, run }: Statements): LineTable {
  return {
    get(thread, ns) {
      const row = get('SELECT * FROM line WHERE thread = ? AND ns = ?', thread, ns)
      if (row) return requireLine(toLine(row), thread, ns)
      const mark = markOf(thread, ns)
      const same = all('SELECT * FROM line WHERE mark = ?', mark).map(toLine)
      if (same.some((line) => line.thread === thread && line.ns === ns)) throw missingInIndex(`thread ${thread}`)
      return undefined
    },
    byNumber(n) {
      const row = get('SELECT * FROM line WHERE n = ?', n)
      return row && toLine(row)
    },
    ofThread: (thread) => all('SELECT * FROM line WHERE thread = ? ORDER BY n', thread).map(toLine),
    add(thread, ns) {
      const n = Number(get('SELECT max(n) AS n FROM line')?.n ?? 0) + 1
      const mark = markOf(thread, ns)
      const row = { n, thread, ns, tip: null }
      run(
        'INSERT INTO line (n, thread, ns, mark, tip, sum) VALUES (?, ?, ?, ?, ?, ?)',
        n,
        thread,
        ns,
        mark,
        null,
        lineSum(row),
      )
      return row
    },
    setTip(line, tip) {
      run('UPDATE line SET tip = ?, sum = ? WHERE n = ?', tip, lineSum({ ...line, tip }), line.n)
    },
    delete(n) {
      run('DELETE FROM line WHERE n = ?', n)
    },
  }
}

/** What an index has led to must be what was looked for. */
function requireLine(line: LineRow, thread: string, ns: string): LineRow {
  if (line.thread === thread && line.ns === ns) return line
  throw missingInIndex(`thread ${thread}`)
}

const lineSum = ({ n, thread, ns, tip }: LineRow): number => sumOf('line', [n, thread, ns, tip])

function toLine(row: Row): LineRow {
  const { n, thread, ns, tip } = row as unknown as LineRow
  checkSum(row, lineSum({ n, thread, ns, tip }), `line ${n}`)
  return { n, thread, ns, tip }
}

export function createSqliteCheckpoints({ get, all, run }: Statements, cells: Cells): CheckpointTable {
  const toRow = (row: Row | undefined) => row && toCheckpoint(row, cells)
  return {
    add(added) {
      const seq = Number(get('SELECT max(seq) AS seq FROM checkpoint')?.seq ?? 0) + 1
      const row = { ...added, seq, set: added.set ?? seq }
      run(
        `INSERT INTO checkpoint (seq, line, id, parent, prev, head, write_set, writes, encoding, metadata, sum)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...columnsOf(row, cells),
      )
      return row
    },
    update(row) {
      const [seq, line, id, ...rest] = columnsOf(row, cells)
      run(
        `UPDATE checkpoint SET
           parent = ?, prev = ?, head = ?, write_set = ?, writes = ?, encoding = ?, metadata = ?, sum = ?
         WHERE seq = ? AND line = ? AND id = ?`,
        ...rest,
        seq,
        line,
        id,
      )
    },
    get: (seq) => toRow(get('SELECT * FROM checkpoint WHERE seq = ?', seq)),
    find(line, id) {
      const row = toRow(get('SELECT * FROM checkpoint WHERE line = ? AND id = ?', line, id))
      if (row && (row.line !== line || row.id !== id)) throw missingInIndex(`checkpoint ${id}`)
      return row
    },
    ofLine: (line) => all('SELECT * FROM checkpoint WHERE line = ?', line).map((row) => toCheckpoint(row, cells)),
    before: (beforeSeq, limit) =>
      all('SELECT * FROM checkpoint WHERE seq < ? ORDER BY seq DESC LIMIT ?', beforeSeq, limit).map((row) =>
        toCheckpoint(row, cells),
      ),
    delete(seq) {
      run('DELETE FROM checkpoint WHERE seq = ?', seq)
    },
  }
}

type Columns = readonly [number, number, string, string | null, number | null, number | null, number, number, Encoding]

const keysOf = ({ seq, line, id, parent, prev, head, set, writes, metadata }: CheckpointRow): Columns => [
  seq,
  line,
  id,
  parent,
  prev,
  head,
  set,
  writes,
  metadata.encoding,
]

function columnsOf(row: CheckpointRow, cells: Cells): [...Columns, Cell, number] {
  const keys = keysOf(row)
  const metadata = cells.pack(row.metadata.text, placeOf(row.seq))
  return [...keys, metadata, sumOf('checkpoint', keys, metadata)]
}

const placeOf = (seq: number): string => `checkpoint ${seq}`

function toCheckpoint(row: Row, cells: Cells): CheckpointRow {
  const { seq, line, id, parent, prev, head, writes } = row as unknown as CheckpointRow
  const set = row.write_set as number
  const encoding = row.encoding as Encoding
  const cell = row.metadata as Cell
  const made = { seq, line, id, parent, prev, head, set, writes, metadata: { encoding, text: '' } }
  checkSum(row, sumOf('checkpoint', keysOf(made), cell), placeOf(seq))
  return { ...made, metadata: { encoding: encoding ?? plain, text: cells.unpack(cell, placeOf(seq)) } }
}

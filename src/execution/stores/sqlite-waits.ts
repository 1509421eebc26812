/** Open waits and events in SQLite. */
import type { Cell, Cells } from './cells.ts'
import type { Row, Statements } from './sqlite-statements.ts'
import { checkSum, sumOf } from './sqlite-sums.ts'
import type { SignalRow, SignalTable, WaitRow, WaitTable } from './tables.ts'

export function createSqliteWaits({ get, all, run }: Statements, cells: Cells): WaitTable {
  const select = (rest: string, ...values: (string | number)[]): readonly WaitRow[] =>
    all(`SELECT * FROM wait ${rest}`, ...values).map(toWait)
  const toWait = (row: Row): WaitRow => {
    const { id, thread, due_at_ms, events, cell, answer } = row as unknown as WaitColumns
    checkSum(row, sumOf('wait', [id, thread, due_at_ms, events], cell, answer), `wait ${id}`)
    return {
      id,
      thread,
      dueMs: due_at_ms,
      events: JSON.parse(events) as string[],
      text: cells.unpack(cell, placeOf(id)),
      answer: answer && cells.unpack(answer, `${placeOf(id)}, answer`),
    }
  }
  const remove = (id: string): void => {
    run('DELETE FROM wait WHERE id = ?', id)
    run('DELETE FROM wait_event WHERE wait = ?', id)
  }
  return {
    put({ id, thread, dueMs, events, text, answer }) {
      remove(id)
      const cell = cells.pack(text, placeOf(id))
      const packed = answer === null ? null : cells.pack(answer, `${placeOf(id)}, answer`)
      const names = JSON.stringify(events)
      run(
        'INSERT INTO wait (id, thread, due_at_ms, events, cell, answer, sum) VALUES (?, ?, ?, ?, ?, ?, ?)',
        id,
        thread,
        dueMs,
        names,
        cell,
        packed,
        sumOf('wait', [id, thread, dueMs, names], cell, packed),
      )
      for (const name of events) run('INSERT INTO wait_event (name, wait) VALUES (?, ?)', name, id)
    },
    get(id) {
      const row = get('SELECT * FROM wait WHERE id = ?', id)
      return row && toWait(row)
    },
    ofThread: (thread) => select(`WHERE thread = ? ${inOrder}`, thread),
    forEvent: (event) => select(`WHERE id IN (SELECT wait FROM wait_event WHERE name = ?) ${inOrder}`, event),
    dueBy: (ms) => select(`WHERE due_at_ms <= ? ${inOrder}`, ms),
    all: () => select(inOrder),
    nextDue() {
      const row = get('SELECT min(due_at_ms) AS due FROM wait')
      return (row?.due as number | null) ?? undefined
    },
    delete: remove,
    deleteThread(thread) {
      for (const { id } of all('SELECT id FROM wait WHERE thread = ?', thread)) remove(id as string)
    },
  }
}

interface WaitColumns {
  readonly id: string
  readonly thread: string
  readonly due_at_ms: number | null
  readonly events: string
  readonly cell: Cell
  readonly answer: Cell | null
}

const inOrder = 'ORDER BY due_at_ms IS NULL, due_at_ms, id'

const placeOf = (id: string): string => `wait ${id}`

export function createSqliteSignals({ get, all, run }: Statements, cells: Cells): SignalTable {
  const toSignal = (row: Row): SignalRow => {
    const { n, id, name, expires_at_ms, cell } = row as unknown as SignalColumns
    checkSum(row, sumOf('signal', [id, name, expires_at_ms], cell), `event ${id}`)
    return { n, id, event: name, expiresAtMs: expires_at_ms, text: cells.unpack(cell, `event ${id}`) }
  }
  const find = (id: string): SignalRow | undefined => {
    const row = get('SELECT * FROM signal WHERE id = ?', id)
    return row && toSignal(row)
  }
  return {
    add({ id, event, expiresAtMs, text }) {
      const cell = cells.pack(text, `event ${id}`)
      const sum = sumOf('signal', [id, event, expiresAtMs], cell)
      const { changes } = run(
        'INSERT OR IGNORE INTO signal (id, name, expires_at_ms, cell, sum) VALUES (?, ?, ?, ?, ?)',
        id,
        event,
        expiresAtMs,
        cell,
        sum,
      )
      return changes === 1 ? find(id) : undefined
    },
    get: find,
    named: (event) => all('SELECT * FROM signal WHERE name = ? ORDER BY n', event).map(toSignal),
    after: (n) => all('SELECT * FROM signal WHERE n > ? ORDER BY n', n).map(toSignal),
    purge(nowMs) {
      run('DELETE FROM signal WHERE expires_at_ms <= ?', nowMs)
    },
    give(thread, stage, id) {
      run('INSERT OR IGNORE INTO signal_given (thread, stage, id) VALUES (?, ?, ?)', thread, stage, id)
    },
    given: (thread, stage) =>
      all('SELECT id FROM signal_given WHERE thread = ? AND stage = ?', thread, stage).map(({ id }) => id as string),
    deleteThread(thread) {
      run('DELETE FROM signal_given WHERE thread = ?', thread)
    },
  }
}

interface SignalColumns {
  readonly n: number
  readonly id: string
  readonly name: string
  readonly expires_at_ms: number
  readonly cell: Cell
}

/**
 * Prepared statements of one connection, made when they are first used.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>

export interface Statements {
  readonly get: (sql: string, ...values: SQLInputValue[]) => Row | undefined
  readonly all: (sql: string, ...values: SQLInputValue[]) => readonly Row[]
  /** One row after the other. The statement is in use until the end or `return`. */
  readonly iterate: (sql: string, ...values: SQLInputValue[]) => Iterable<Row>
  readonly run: (sql: string, ...values: SQLInputValue[]) => { readonly changes: number; readonly lastId: number }
}

/** `sql` texts are constants of the program, so there are few of them. */
export function createStatements(db: DatabaseSync): Statements {
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known) return known
    const made = db.prepare(sql)
    prepared.set(sql, made)
    return made
  }
  return {
    get: (sql, ...values) => prepare(sql).get(...values),
    all: (sql, ...values) => prepare(sql).all(...values),
    iterate: (sql, ...values) => prepare(sql).iterate(...values),
    run(sql, ...values) {
      const { changes, lastInsertRowid } = prepare(sql).run(...values)
      return { changes: Number(changes), lastId: Number(lastInsertRowid) }
    },
  }
}

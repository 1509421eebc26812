/**
 * All tables of the SQLite store over one connection; transactions are the caller's.
 */
import type { Cells } from './cells.ts'
import { createSqliteCheckpoints, createSqliteLines } from './sqlite-checkpoints.ts'
import { createSqliteCache, createSqliteEvents, createSqlitePlans, createSqliteRuns } from './sqlite-runs.ts'
import type { Statements } from './sqlite-statements.ts'
import { createSqliteValues, createSqliteWrites } from './sqlite-values.ts'
import type { Tables } from './tables.ts'

export type RowTables = Omit<Tables, 'write' | 'read' | 'describe' | 'shrink' | 'close'>

export const createRowTables = (statements: Statements, cells: Cells): RowTables => ({
  lines: createSqliteLines(statements),
  checkpoints: createSqliteCheckpoints(statements, cells),
  values: createSqliteValues(statements, cells),
  writes: createSqliteWrites(statements, cells),
  runs: createSqliteRuns(statements, cells),
  events: createSqliteEvents(statements, cells),
  plans: createSqlitePlans(statements, cells),
  cache: createSqliteCache(statements, cells),
})

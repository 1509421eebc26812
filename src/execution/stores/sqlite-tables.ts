/**
 * All tables of the SQLite store over one connection; transactions are the caller's.
 */
import type { Cells } from './cells.ts'
import { createSqliteCheckpoints, createSqliteLines } from './sqlite-checkpoints.ts'
import { createSqliteLeases } from './sqlite-leases.ts'
import { createSqliteLogs, type SqliteLogs } from './sqlite-log.ts'
import { createSqliteCache, createSqlitePlans } from './sqlite-plans.ts'
import { createSqliteRuns } from './sqlite-runs.ts'
import type { Statements } from './sqlite-statements.ts'
import { createSqliteValues, createSqliteWrites } from './sqlite-values.ts'
import { createSqliteSignals, createSqliteWaits } from './sqlite-waits.ts'
import type { Tables } from './tables.ts'

export interface RowTables extends Omit<Tables, 'write' | 'single' | 'read' | 'describe' | 'shrink' | 'close'> {
  readonly logs: SqliteLogs
}

export const createRowTables = (statements: Statements, cells: Cells): RowTables => ({
  lines: createSqliteLines(statements),
  checkpoints: createSqliteCheckpoints(statements, cells),
  values: createSqliteValues(statements, cells),
  writes: createSqliteWrites(statements, cells),
  runs: createSqliteRuns(statements, cells),
  logs: createSqliteLogs(statements, cells),
  leases: createSqliteLeases(statements),
  waits: createSqliteWaits(statements, cells),
  signals: createSqliteSignals(statements, cells),
  plans: createSqlitePlans(statements, cells),
  cache: createSqliteCache(statements, cells),
})

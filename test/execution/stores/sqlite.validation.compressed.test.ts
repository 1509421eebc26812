import { join } from 'node:path'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { validateCheckpointer } from '../../conformance/checkpointer.ts'

const options = { compressFrom: 1 }

validateCheckpointer('stagegraph SQLite store, everything compressed', (folder) =>
  openSqliteStore(join(folder, 'runs.db'), options),
)

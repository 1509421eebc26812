import { join } from 'node:path'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { validateCheckpointer } from '../../conformance/checkpointer.ts'

validateCheckpointer('stagegraph SQLite store', (folder) => openSqliteStore(join(folder, 'runs.db')))

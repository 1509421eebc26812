import { join } from 'node:path'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { validateCheckpointer } from '../../conformance/checkpointer.ts'

const options = { keys: { current: 'k', keys: { k: Buffer.alloc(32, 1) } } }

validateCheckpointer('stagegraph SQLite store, sealed', (folder) => openSqliteStore(join(folder, 'runs.db'), options))

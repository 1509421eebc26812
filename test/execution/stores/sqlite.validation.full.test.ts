import { join } from 'node:path'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { validateCheckpointer } from '../../conformance/checkpointer.ts'

const options = { durability: 'full' } as const

validateCheckpointer('stagegraph SQLite store, durability full', (folder) =>
  openSqliteStore(join(folder, 'runs.db'), options),
)

import { join } from 'node:path'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { validateCheckpointer } from '../../conformance/checkpointer.ts'

const options = {
  durability: 'full',
  compressFrom: 1,
  keys: { current: 'k', keys: { k: Buffer.alloc(32, 1) } },
} as const

validateCheckpointer('stagegraph SQLite store, sealed, compressed, durability full', (folder) =>
  openSqliteStore(join(folder, 'runs.db'), options),
)

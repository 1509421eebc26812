/** The functions that `uses:` knows by name without anybody registering them. */
import type { RegisteredFunction } from '../../foundation/stage-kind.ts'
import { fail } from './fail.ts'
import { glob } from './glob.ts'
import { log } from './log.ts'
import { read } from './read.ts'
import { write } from './write.ts'

export const builtinFunctions: ReadonlyMap<string, RegisteredFunction> = new Map<string, RegisteredFunction>([
  ['core/log', log],
  ['core/fail', fail],
  ['fs/read', read],
  ['fs/write', write],
  ['fs/glob', glob],
])

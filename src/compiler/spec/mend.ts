/** Takes out what was reported, so that later phases see only what they can read. Indexes of lists never move. */
import { isJsonObject } from '../../foundation/json.ts'
import type { Path } from '../parsed.ts'
import type { Mutable } from './shape-context.ts'
import { valueIn } from './value-in.ts'

/**
 * Removes the value at `path`, or only `keys` of it. Where the path goes through a list the whole list goes, where the
 * value is missing what misses it.
 */
export function mend(data: Mutable, path: Path, keys: readonly string[] = []): void {
  if (keys.length > 0) {
    const holder = valueIn(data, path)
    if (isJsonObject(holder)) for (const key of keys) delete (holder as Mutable)[key]
    return
  }
  const holders = path.map((_, depth) => valueIn(data, path.slice(0, depth)))
  const list = holders.findIndex((holder) => Array.isArray(holder))
  const missing = valueIn(data, path) === undefined
  const depth = list !== -1 ? list : path.length - (missing ? 1 : 0)
  const holder = valueIn(data, path.slice(0, depth - 1))
  if (depth > 0 && isJsonObject(holder)) delete (holder as Mutable)[String(path[depth - 1])]
}

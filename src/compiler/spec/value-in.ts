/** The value at a path of plain JSON; only own keys count. */
import { isJsonObject, type Json } from '../../foundation/json.ts'
import type { Path } from '../parsed.ts'

export function valueIn(root: Json | undefined, path: Path): Json | undefined {
  let at = root
  for (const step of path) {
    if (Array.isArray(at)) at = at[Number(step)]
    else if (isJsonObject(at) && Object.hasOwn(at, String(step))) at = at[String(step)]
    else return undefined
  }
  return at
}

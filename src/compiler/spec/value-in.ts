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

/** A copy of the value with another one at a path that exists. */
export function replacedAt(value: Json, path: Path, other: Json): Json {
  const [step, ...rest] = path
  if (step === undefined) return other
  if (Array.isArray(value)) return value.map((item: Json, i) => (i === step ? replacedAt(item, rest, other) : item))
  if (!isJsonObject(value)) return value
  return { ...value, [step]: replacedAt(value[String(step)] as Json, rest, other) }
}

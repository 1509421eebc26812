/** The merge rules of variables: how two contributions become one. */
import { canonicalJson, isJsonObject, type Json } from '../foundation/json.ts'
import type { MergeName } from '../foundation/plan.ts'

export type Merge = (current: Json, update: Json) => Json

/** Rules for which a null changes nothing. */
const skipNull =
  (merge: Merge): Merge =>
  (current, update) =>
    update === null ? current : current === null ? update : merge(current, update)

export const merges: Readonly<Record<MergeName, Merge>> = {
  last: (_, update) => update,
  first: (current) => current,
  append: skipNull((current, update) => [...listOf(current), ...listOf(update)]),
  union: skipNull((current, update) => distinct([...listOf(current), ...listOf(update)])),
  sum: skipNull((current, update) => finite(Number(current) + Number(update))),
  min: skipNull((current, update) => (isLess(update, current) ? update : current)),
  max: skipNull((current, update) => (isLess(current, update) ? update : current)),
  merge: skipNull((current, update) =>
    isJsonObject(current) && isJsonObject(update) ? { ...current, ...update } : update,
  ),
}

const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value])

/** In order of first appearance. */
function distinct(list: readonly Json[]): Json[] {
  const seen = new Map<string, Json>()
  for (const item of list) {
    const key = canonicalJson(item)
    if (!seen.has(key)) seen.set(key, item)
  }
  return [...seen.values()]
}

function isLess(a: Json, b: Json): boolean {
  return typeof a === 'string' && typeof b === 'string' ? a < b : Number(a) < Number(b)
}

function finite(sum: number): number {
  if (Number.isFinite(sum)) return sum
  throw new RangeError('The sum is too large for a number.')
}

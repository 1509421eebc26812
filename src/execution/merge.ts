/** The merge rules of variables: how contributions, in plan order, become one value. Each is linear in its input. */
import { canonicalJson, isJsonObject, type Json } from '../foundation/json.ts'
import type { MergeName } from '../foundation/plan.ts'

/** `values` has at least one. */
export type Merge = (values: readonly Json[]) => Json

/** Where a null contribution changes nothing. */
const skippingNulls =
  (merge: Merge): Merge =>
  (values) => {
    const given = values.filter((value) => value !== null)
    return given.length === 0 ? null : merge(given)
  }

export const merges: Readonly<Record<MergeName, Merge>> = {
  last: (values) => values.at(-1) as Json,
  first: (values) => values[0] as Json,
  append: skippingNulls((values) => values.flatMap(listOf)),
  union: skippingNulls((values) => distinct(values.flatMap(listOf))),
  sum: skippingNulls((values) => finite(values.reduce<number>((sum, value) => sum + Number(value), 0))),
  min: skippingNulls((values) => values.reduce((least, value) => (isLess(value, least) ? value : least))),
  max: skippingNulls((values) => values.reduce((most, value) => (isLess(most, value) ? value : most))),
  merge: skippingNulls((values) => Object.assign({}, ...values.filter(isJsonObject))),
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

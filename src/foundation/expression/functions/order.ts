/** Equality and order of values. */
import { Duration, describe, isMap, Kind, kindOf, type Plain, type PlainMap, Timestamp } from '../values.ts'
import { Refused } from './define.ts'

/** Deep equality; values of different kinds are never equal. `charge` counts what is compared. */
export function equal(a: Plain, b: Plain, charge: (steps: number) => void): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Timestamp) return b instanceof Timestamp && a.ms === b.ms
  if (a instanceof Duration) return b instanceof Duration && a.ms === b.ms
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b, charge)
  return isMap(a) && isMap(b) && equalMaps(a, b, charge)
}

function equalLists(a: readonly Plain[], b: readonly Plain[], charge: (steps: number) => void): boolean {
  if (a.length !== b.length) return false
  charge(a.length)
  return a.every((item, at) => equal(item, b[at] as Plain, charge))
}

function equalMaps(a: PlainMap, b: PlainMap, charge: (steps: number) => void): boolean {
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  charge(keys.length)
  return keys.every((key) => Object.hasOwn(b, key) && equal(a[key] as Plain, b[key] as Plain, charge))
}

/** Negative, 0 or positive; only within one kind that has an order. */
export function compare(a: Plain, b: Plain): number {
  const x = rank(a)
  const y = rank(b)
  if (x === undefined || y === undefined || kindOf(a) !== kindOf(b)) {
    throw new Refused(`${describe(a)} cannot be compared with ${describe(b)}`)
  }
  return x < y ? -1 : x > y ? 1 : 0
}

const ordered = Kind.boolean | Kind.number | Kind.text | Kind.time | Kind.duration

/** Kinds that have an order. */
export const orderedKinds: number = ordered

function rank(value: Plain): number | string | undefined {
  switch (typeof value) {
    case 'number':
    case 'string':
      return value
    case 'boolean':
      return value ? 1 : 0
    default:
      return value instanceof Timestamp || value instanceof Duration ? value.ms : undefined
  }
}

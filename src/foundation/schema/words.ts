/** A JSON value in a sentence: what it is, not what it holds. */
import type { Json } from '../json.ts'

export function indefinite(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'boolean':
      return String(value)
    case 'number':
      return Number.isInteger(value) ? `the number ${value}` : 'a number'
    default:
      return 'a map'
  }
}

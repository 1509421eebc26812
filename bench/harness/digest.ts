/** A digest of a final state that does not depend on the order of keys. */
import { createHash } from 'node:crypto'
import type { Json } from './contract.ts'

export const digestOf = (value: Json): string =>
  createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16)

function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const keys = Object.keys(value).toSorted()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, Json>)[key] ?? null)}`).join(',')}}`
}

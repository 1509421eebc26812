/** How many characters the texts of a value have, with what aliases stand for counted wherever it stands. */
import { isJsonObject, type Json } from '../foundation/json.ts'

/** A plan holds everything written out, as one JSON text; this is far from what a text can hold. Characters. */
export const maxWrittenOut = 32 * 1024 * 1024

export function textLength(value: Json): number {
  if (typeof value === 'string') return value.length
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + textLength(each), 0)
  if (!isJsonObject(value)) return 0
  return Object.entries(value).reduce((sum, [key, each]) => sum + key.length + textLength(each), 0)
}

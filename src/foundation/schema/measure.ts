/** How large a schema is, counted without building its text: types that are used twice are shared, and count twice. */
import { isJsonObject, type Json } from '../json.ts'

/** A schema larger than this, as JSON, is refused: code is generated from some. Characters. */
export const maxSchemaLength = 64 * 1024

/** A schema nested deeper than this is refused: values this deep are none. */
export const maxSchemaDepth = 200

/** About as many characters as the JSON text has; stops counting beyond the limits, so that it always ends soon. */
export function schemaLength(schema: Json): number {
  let length = 0
  visit(schema, 0)
  return length

  function visit(node: Json, depth: number): void {
    if (depth > maxSchemaDepth) length = Number.POSITIVE_INFINITY
    if (length > maxSchemaLength) return
    if (Array.isArray(node)) for (const each of node) visit(each, depth + 1)
    else if (isJsonObject(node)) visitMap(node, depth)
    else length += typeof node === 'string' ? node.length : 4
    length += 2
  }

  function visitMap(node: { readonly [key: string]: Json }, depth: number): void {
    for (const [key, value] of Object.entries(node)) {
      length += key.length + 3
      visit(value, depth + 1)
    }
  }
}

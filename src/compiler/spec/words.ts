/** Values and types in words, for messages. */
import type { Json } from '../../foundation/json.ts'

const shown = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text)

/** `the number 3`, `the text "x"`, `a list`. */
export function foundWords(value: Json | undefined): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty text' : `the text ${JSON.stringify(shown(value))}`
    case 'number':
      return `the number ${value}`
    case 'boolean':
      return String(value)
    default:
      return 'a map'
  }
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
  map: 'a map',
  null: 'nothing',
}

/** A zod type name in words. */
export const expectedWords = (type: string): string => typeWords[type] ?? `a ${type}`

/** `a`, `a or b`, `a, b or c`, each once. */
export function orList(words: Iterable<string>): string {
  const each = [...new Set(words)]
  const last = each.pop() ?? ''
  return each.length === 0 ? last : `${each.join(', ')} or ${last}`
}

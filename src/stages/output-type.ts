/** What a stage's `output:` asks of text that came from outside: is text wanted, or the JSON in it? */
import { StageError } from '../foundation/errors.ts'
import { assertJson, type Json, NotJsonError } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'

/** True when every value that fits `schema` is text (or null, for a nullable text). */
export function wantsText(schema: JsonSchema): boolean {
  if (schema === true) return false
  const { type, const: constant } = schema
  if (Array.isArray(schema.enum)) return schema.enum.every(isTextOrNull)
  if (constant !== undefined) return isTextOrNull(constant)
  const types = Array.isArray(type) ? type : [type]
  return types.includes('string') && types.every((name) => name === 'string' || name === 'null')
}

const isTextOrNull = (value: Json): boolean => typeof value === 'string' || value === null

/** Parses JSON text that came from `where` ("The command's standard output"); a StageError `not_json` when it is none. */
export function parseJsonText(text: string, where: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    assertJson(value)
    return value
  } catch (cause) {
    throw new StageError(`${where} is not JSON: ${reason(cause, text)}`, {
      category: 'not_json',
      cause,
      details: { start: text.slice(0, 500) },
      retryable: false,
    })
  }
}

function reason(cause: unknown, text: string): string {
  if (text.trim() === '') return 'it is empty.'
  if (cause instanceof NotJsonError) return `${cause.message}.`
  return cause instanceof Error ? `${cause.message}.` : 'it cannot be read.'
}

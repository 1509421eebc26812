/** What fills in a form on the command line: `--form name=value`. */
import { InputError } from '../foundation/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'
import { jsonOrText } from './answers.ts'
import { allowedTypes } from './schema-words.ts'

/** Text stays text where the form wants a text; elsewhere what is JSON is taken as that. Throws InputError. */
export function readForm(given: readonly string[], form: JsonSchema | undefined): JsonObject {
  const fields = form !== undefined && form !== true && isJsonObject(form.properties) ? form.properties : {}
  const entries = given.map((text): [string, Json] => {
    const at = text.indexOf('=')
    if (at < 1) {
      const message = `"${text}" fills in nothing: write <field>=<value>.`
      throw new InputError(message, [{ name: 'form', message }])
    }
    const [name, value] = [text.slice(0, at), text.slice(at + 1)]
    const field = fields[name]
    const isText = field !== undefined && [...allowedTypes(field as JsonSchema)].every((type) => type === 'string')
    return [name, isText ? value : jsonOrText(value)]
  })
  return Object.fromEntries(entries)
}

/** The form that an answer holds, as the wait says it; undefined when it has none. */
export function formOf(kind: string | undefined, answer: JsonSchema | undefined): JsonSchema | undefined {
  if (answer === undefined || answer === true) return undefined
  const approved = kind === 'approve' && Array.isArray(answer.oneOf) ? (answer.oneOf[0] as JsonObject) : undefined
  const holder = approved ?? answer
  const { properties } = holder
  const inside = isJsonObject(properties) ? properties : {}
  if (approved || Object.hasOwn(inside, 'form')) return inside.form as JsonSchema | undefined
  return answer
}

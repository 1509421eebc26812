/** Forms: a schema of what a person fills in, whose defaults stand for what was left out. */
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json.ts'
import type { JsonSchema } from '../../foundation/plan.ts'

/** What a person has to fill in: nothing that has a default. */
export function withoutDefaulted(form: JsonSchema): JsonSchema {
  if (form === true || !isJsonObject(form.properties)) return form
  const { properties } = form
  const has = (name: string): boolean => defaultOf(properties, name) !== undefined
  return {
    ...form,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, field]) => [name, withoutDefaulted(field as JsonSchema) as Json]),
    ),
    ...(Array.isArray(form.required) && { required: form.required.filter((name) => !has(String(name))) }),
  }
}

/** The form as filled in, with defaults where nothing was. */
export function completed(form: JsonSchema, filled: Json): Json {
  if (form === true || !isJsonObject(form.properties) || !isJsonObject(filled)) return filled
  const { properties } = form
  const entries = Object.keys(properties).flatMap((name): [string, Json][] => {
    const value = Object.hasOwn(filled, name) ? filled[name] : defaultOf(properties, name)
    return value === undefined ? [] : [[name, completed(properties[name] as JsonSchema, value)]]
  })
  return { ...filled, ...Object.fromEntries(entries) }
}

const defaultOf = (properties: JsonObject, name: string): Json | undefined => {
  const field = properties[name]
  return isJsonObject(field) ? field.default : undefined
}

/** Whether a form may be left out altogether. */
export const mayBeEmpty = (form: JsonSchema): boolean =>
  form !== true && form.type === 'object' && !(Array.isArray(form.required) && form.required.length > 0)

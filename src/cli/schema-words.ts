/** A JSON Schema in words: which types of value it takes, and how to ask a person for one. */
import type { Json } from '../foundation/json.ts'
import { isJsonObject } from '../foundation/json.ts'
import type { JsonSchema } from '../foundation/plan.ts'

export type JsonType = 'string' | 'number' | 'boolean' | 'null' | 'array' | 'object'

const allTypes: readonly JsonType[] = ['string', 'number', 'boolean', 'null', 'array', 'object']

export function typeOf(value: Json): JsonType {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : (typeof value as JsonType)
}

/** The types a value may have; all of them when the schema does not say. Integers count as numbers. */
export function allowedTypes(schema: JsonSchema, root: JsonSchema = schema, depth = 0): ReadonlySet<JsonType> {
  if (schema === true || depth > 20) return new Set(allTypes)
  if (Array.isArray(schema.enum)) return new Set(schema.enum.map(typeOf))
  if (schema.const !== undefined) return new Set([typeOf(schema.const)])
  if (schema.type !== undefined) return new Set([schema.type].flat().map(jsonType))
  if (typeof schema.$ref === 'string') return allowedTypes(resolveRef(root, schema.$ref), root, depth + 1)
  const choices = schema.anyOf ?? schema.oneOf
  if (Array.isArray(choices))
    return new Set(choices.flatMap((each) => [...allowedTypes(asSchema(each), root, depth + 1)]))
  if (Array.isArray(schema.allOf)) {
    const all = schema.allOf.map((each) => allowedTypes(asSchema(each), root, depth + 1))
    return new Set(allTypes.filter((type) => all.every((each) => each.has(type))))
  }
  return new Set(allTypes)
}

/** What a person is to give: `a whole number`, `one of a, b`, `true or false`, `text`. */
export function describeSchema(schema: JsonSchema): string {
  if (schema !== true && Array.isArray(schema.enum)) return `one of ${schema.enum.map(plain).join(', ')}`
  const isWhole = schema !== true && schema.type === 'integer'
  const words = [...allowedTypes(schema)].map((type) =>
    isWhole && type === 'number' ? 'a whole number' : inWords[type],
  )
  return words.length === allTypes.length ? 'any value (JSON, else text)' : words.join(' or ')
}

const inWords: Readonly<Record<JsonType, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
  array: 'a list (JSON)',
  object: 'an object (JSON)',
}

const plain = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
const jsonType = (name: Json): JsonType => (name === 'integer' ? 'number' : (name as JsonType))
const asSchema = (value: Json): JsonSchema => (isJsonObject(value) ? value : true)

/** `#/$defs/Name` inside `root`; everything else is unknown and so takes anything. */
function resolveRef(root: JsonSchema, ref: string): JsonSchema {
  const name = /^#\/\$defs\/([^/]+)$/.exec(ref)?.[1]
  const defs = root === true ? undefined : root.$defs
  return name !== undefined && isJsonObject(defs) && Object.hasOwn(defs, name) ? asSchema(defs[name] as Json) : true
}

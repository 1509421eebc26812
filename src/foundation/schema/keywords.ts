/**
 * The keywords of JSON Schema 2020-12 that a pipeline may use, and what the value of each must be.
 *
 * `$ref` names a type of the pipeline. Identifiers, anchors, vocabularies and `$defs` are left out: a schema here is a
 * value, not a document that others point into.
 */
import { compilePattern } from '../expression/functions/patterns.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'

/** What is wrong with a keyword's value, or undefined. */
type Check = (value: Json, schema: JsonObject) => string | undefined

/** Where schemas stand inside a keyword's value. */
export type SchemaPlace = 'one' | 'list' | 'map' | 'none'

export interface Keyword {
  readonly holds: SchemaPlace
  readonly check?: Check
  /** Keywords of which one has to stand beside it, else it means nothing. */
  readonly beside?: readonly string[]
}

export const typeNames = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'] as const
export type TypeName = (typeof typeNames)[number]
export const isTypeName = (word: unknown): word is TypeName => (typeNames as readonly unknown[]).includes(word)

/** The formats of ajv-formats that need no second schema to compare with. */
export const formats = [
  'date',
  'time',
  'date-time',
  'iso-time',
  'iso-date-time',
  'duration',
  'uri',
  'uri-reference',
  'uri-template',
  'url',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'regex',
  'uuid',
  'json-pointer',
  'relative-json-pointer',
  'byte',
] as const

const number: Check = (value) => (typeof value === 'number' ? undefined : 'has to be a number')
const count: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 0 ? undefined : 'has to be a whole number from 0 on'
const text: Check = (value) => (typeof value === 'string' ? undefined : 'has to be text')
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'has to be true or false')
const list: Check = (value) => (Array.isArray(value) ? undefined : 'has to be a list')
const filled: Check = (value) =>
  Array.isArray(value) && value.length > 0 ? undefined : 'has to be a list with something in it'
const names: Check = (value) => {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) return 'has to be a list of names'
  return new Set(value).size === value.length ? undefined : 'names something twice'
}
const typeList: Check = (value) => {
  if (!Array.isArray(value)) return undefined // one type is read as a schema
  if (value.includes(null)) return 'holds null; write "null", in quotes'
  if (value.length === 0 || !value.every(isTypeName)) return `has to be a list of: ${typeNames.join(', ')}`
  return new Set(value).size === value.length ? undefined : 'names something twice'
}
const minContains: Check = (value, { maxContains }) =>
  count(value, {}) ?? (value === 0 && maxContains === undefined ? 'of 0 says nothing without "maxContains"' : undefined)
const maxContains: Check = (value, { minContains: least = 1 }) =>
  count(value, {}) ?? ((value as number) < (least as number) ? `is below "minContains", which is ${least}` : undefined)
const map: Check = (value) => (isJsonObject(value) ? undefined : 'has to be a map')
const positive: Check = (value) => (typeof value === 'number' && value > 0 ? undefined : 'has to be a number above 0')
const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value) ? undefined : `has to be one of: ${words.join(', ')}`

const pattern: Check = (value) => {
  if (typeof value !== 'string') return 'has to be text'
  try {
    compilePattern(value)
    return undefined
  } catch (error) {
    return `is no regular expression of RE2: ${error instanceof Error ? error.message : String(error)}`
  }
}

const patternKeys: Check = (value) =>
  isJsonObject(value)
    ? Object.keys(value)
        .map((key) => pattern(key, {}))
        .find(Boolean)
    : 'has to be a map'
const nameLists: Check = (value) =>
  isJsonObject(value) && Object.values(value).every((each) => names(each, {}) === undefined)
    ? undefined
    : 'has to be a map of lists of names'

const plain = (check?: Check): Keyword => (check ? { holds: 'none', check } : { holds: 'none' })

const entries: Readonly<Record<string, Keyword>> = {
  type: plain(typeList),
  $ref: plain(text),
  title: plain(text),
  description: plain(text),
  $comment: plain(text),
  default: plain(),
  examples: plain(list),
  deprecated: plain(flag),
  readOnly: plain(flag),
  writeOnly: plain(flag),
  enum: plain(filled),
  const: plain(),
  multipleOf: plain(positive),
  minimum: plain(number),
  maximum: plain(number),
  exclusiveMinimum: plain(number),
  exclusiveMaximum: plain(number),
  minLength: plain(count),
  maxLength: plain(count),
  pattern: plain(pattern),
  format: plain(oneOf(formats)),
  items: { holds: 'one' },
  prefixItems: { holds: 'list', check: filled },
  contains: { holds: 'one' },
  minContains: { holds: 'none', check: minContains, beside: ['contains'] },
  maxContains: { holds: 'none', check: maxContains, beside: ['contains'] },
  minItems: plain(count),
  maxItems: plain(count),
  uniqueItems: plain(flag),
  properties: { holds: 'map', check: map },
  patternProperties: { holds: 'map', check: patternKeys },
  additionalProperties: { holds: 'one' },
  propertyNames: { holds: 'one' },
  required: plain(names),
  minProperties: plain(count),
  maxProperties: plain(count),
  dependentRequired: plain(nameLists),
  dependentSchemas: { holds: 'map', check: map },
  allOf: { holds: 'list', check: filled },
  anyOf: { holds: 'list', check: filled },
  oneOf: { holds: 'list', check: filled },
  not: { holds: 'one' },
  if: { holds: 'one', beside: ['then', 'else'] },
  then: { holds: 'one', beside: ['if'] },
  else: { holds: 'one', beside: ['if'] },
}

export const keywords: ReadonlyMap<string, Keyword> = new Map(Object.entries(entries))

/** What is wrong with the keyword `key` of a schema, as the rest of a sentence that begins with it; undefined = nothing. */
export function keywordFault(key: string, schema: JsonObject): string | undefined {
  const { check, beside } = keywords.get(key) ?? {}
  const wrong = check?.(schema[key] as Json, schema)
  if (wrong !== undefined) return wrong
  if (!beside || beside.some((other) => Object.hasOwn(schema, other))) return undefined
  return `says nothing without ${beside.map((other) => `"${other}"`).join(' or ')}`
}

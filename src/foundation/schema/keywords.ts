/**
 * The keywords of JSON Schema 2020-12 that a pipeline may use, and what the value of each must be.
 *
 * `$ref` names a type of the pipeline. Identifiers, anchors, vocabularies and `$defs` are left out: a schema here is a
 * value, not a document that others point into.
 */

import { compilePattern } from '../expression/functions/patterns.ts'
import type { Json } from '../json.ts'
import { isJsonObject } from '../json.ts'

/** What is wrong with a keyword's value, or undefined. */
type Check = (value: Json) => string | undefined

/** Where schemas stand inside a keyword's value. */
export type SchemaPlace = 'one' | 'list' | 'map' | 'none'

export interface Keyword {
  readonly holds: SchemaPlace
  readonly check?: Check
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
const names: Check = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'string') ? undefined : 'has to be a list of names'
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
  isJsonObject(value) ? Object.keys(value).map(pattern).find(Boolean) : 'has to be a map'
const nameLists: Check = (value) =>
  isJsonObject(value) && Object.values(value).every((each) => names(each) === undefined)
    ? undefined
    : 'has to be a map of lists of names'

const plain = (check?: Check): Keyword => (check ? { holds: 'none', check } : { holds: 'none' })

export const keywords: Readonly<Record<string, Keyword>> = {
  // `type` and `$ref` are the short form's business
  type: plain(),
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
  minContains: plain(count),
  maxContains: plain(count),
  minItems: plain(count),
  maxItems: plain(count),
  uniqueItems: plain(flag),
  properties: { holds: 'map' },
  patternProperties: { holds: 'map', check: patternKeys },
  additionalProperties: { holds: 'one' },
  propertyNames: { holds: 'one' },
  required: plain(names),
  minProperties: plain(count),
  maxProperties: plain(count),
  dependentRequired: plain(nameLists),
  dependentSchemas: { holds: 'map' },
  allOf: { holds: 'list', check: filled },
  anyOf: { holds: 'list', check: filled },
  oneOf: { holds: 'list', check: filled },
  not: { holds: 'one' },
  if: { holds: 'one' },
  then: { holds: 'one' },
  else: { holds: 'one' },
}

/**
 * Schemas as people write them in a pipeline, made into JSON Schema 2020-12.
 *
 *   string?            → { "type": ["string", "null"] }
 *   "Source[]"         → { "type": "array", "items": …the type Source… }
 *   { id: string, note?: string }
 *                      → an object with these fields, `note` optional, nothing else allowed
 *   { type: integer, minimum: 1 }   stays, after every keyword was checked
 *
 * A map is JSON Schema when its `type` holds the name of a type, or when it has `$ref enum const oneOf anyOf allOf`; any
 * other map lists fields. Named types are put in where they are used; a type that holds itself is a fault.
 */
import { isJsonObject, type Json } from '../json.ts'
import type { JsonSchema } from '../plan.ts'
import { suggest } from '../suggest.ts'
import { isTypeName, keywords, typeNames } from './keywords.ts'

export interface SchemaFault {
  readonly code: 'bad_schema' | 'unknown_type' | 'mixed_schema' | 'type_cycle'
  /** From the schema's own place. */
  readonly path: readonly (string | number)[]
  /** The fault is the key at `path`, not its value. */
  readonly atKey: boolean
  /** The word that is wrong. */
  readonly name: string
  readonly message: string
  readonly near?: string
}

export interface Normalized {
  readonly schema: JsonSchema
  readonly faults: readonly SchemaFault[]
}

/** Named types as written. */
export type WrittenTypes = Readonly<Record<string, Json>>

type Path = readonly (string | number)[]

interface Context {
  readonly types: WrittenTypes
  readonly report: (fault: SchemaFault) => void
  /** Names of the types that are being put in, outermost first. */
  readonly within: readonly string[]
  /** Inside a named type that is used elsewhere: its faults are told where it is declared. */
  readonly quiet: boolean
}

/** Keywords that make a map JSON Schema whatever its `type` is. */
const schemaMarks = ['$ref', 'enum', 'const', 'oneOf', 'anyOf', 'allOf']

/** `name` is that of the type, when the schema is one of `types`. */
export function normalizeSchema(written: Json, types: WrittenTypes, name?: string): Normalized {
  const faults: SchemaFault[] = []
  const context: Context = {
    types,
    within: name === undefined ? [] : [name],
    quiet: false,
    report: (fault) => faults.push(fault),
  }
  return { schema: schemaOf(written, [], context), faults }
}

function schemaOf(written: Json, path: Path, context: Context): JsonSchema {
  if (written === true) return true
  if (written === false) return { not: {} }
  if (typeof written === 'string') return namedSchema(written, path, context)
  if (!isJsonObject(written)) {
    fault('bad_schema', path, String(written), 'A schema is the name of a type or a map.', context)
    return true
  }
  return isJsonSchema(written, context.types)
    ? keywordSchema(written, path, context)
    : fieldSchema(written, path, context)
}

export function isJsonSchema(map: { readonly [key: string]: Json }, types: WrittenTypes): boolean {
  if (schemaMarks.some((mark) => Object.hasOwn(map, mark))) return true
  const { type } = map
  if (Array.isArray(type)) return type.every(isTypeName)
  if (typeof type !== 'string') return false
  const base = type.replace(/(\[\]|\?)+$/, '')
  return isTypeName(base) || Object.hasOwn(types, base)
}

/** `string`, `Source`, `Source[]`, `string?`. */
function namedSchema(word: string, path: Path, context: Context): JsonSchema {
  if (word.endsWith('?')) return nullable(namedSchema(word.slice(0, -1), path, context))
  if (word.endsWith('[]')) return { type: 'array', items: namedSchema(word.slice(0, -2), path, context) as Json }
  if (word === 'any') return true
  if (isTypeName(word)) return { type: word }
  if (!Object.hasOwn(context.types, word)) {
    const near = suggest(word, [...typeNames, ...Object.keys(context.types), 'any']) ?? synonyms[word]
    fault('unknown_type', path, word, `There is no type "${word}".`, context, near)
    return true
  }
  if (context.within.includes(word)) {
    fault('type_cycle', path, [...context.within.slice(context.within.indexOf(word)), word].join(' → '), '', context)
    return true
  }
  return schemaOf(context.types[word] as Json, path, { ...context, within: [...context.within, word], quiet: true })
}

/** Words of other languages for the types of JSON. */
const synonyms: Readonly<Record<string, string>> = {
  int: 'integer',
  float: 'number',
  double: 'number',
  bool: 'boolean',
  str: 'string',
  text: 'string',
  list: 'array',
  map: 'object',
  dict: 'object',
}

function nullable(schema: JsonSchema): JsonSchema {
  if (schema === true) return true
  if (typeof schema.type === 'string' && schema.enum === undefined && schema.const === undefined) {
    return { ...schema, type: [schema.type, 'null'] }
  }
  return { anyOf: [schema, { type: 'null' }] }
}

function fieldSchema(written: { readonly [key: string]: Json }, path: Path, context: Context): JsonSchema {
  const properties: Record<string, Json> = {}
  const required: string[] = []
  for (const [key, value] of Object.entries(written)) {
    const optional = key.endsWith('?')
    const name = optional ? key.slice(0, -1) : key
    properties[name] = schemaOf(value, [...path, key], context) as Json
    if (!optional) required.push(name)
  }
  return { type: 'object', properties, required, additionalProperties: false }
}

function keywordSchema(written: { readonly [key: string]: Json }, path: Path, context: Context): JsonSchema {
  const { type, $ref, ...others } = written
  const base = baseSchema(type, $ref, path, context)
  const schema: Record<string, Json> = {}
  for (const [key, value] of Object.entries(others)) {
    const keyword = keywords[key]
    if (!keyword) {
      const near = suggest(key, Object.keys(keywords))
      const message = `"${key}" is no keyword of JSON Schema, and this map is a schema because of its other keys.`
      fault('mixed_schema', [...path, key], key, message, context, near, true)
      continue
    }
    const wrong = keyword.check?.(value)
    if (wrong) fault('bad_schema', [...path, key], key, `"${key}" ${wrong}.`, context)
    else schema[key] = below(key, value, [...path, key], context)
  }
  return joined(base, schema)
}

function baseSchema(type: Json | undefined, $ref: Json | undefined, path: Path, context: Context): JsonSchema {
  if (typeof $ref === 'string') return namedSchema($ref, [...path, '$ref'], context)
  if (typeof type === 'string') return namedSchema(type, [...path, 'type'], context)
  if (!Array.isArray(type)) return true
  return { type: [...type] }
}

/** The keywords of one schema on top of what its `type` gave. */
function joined(base: JsonSchema, own: Record<string, Json>): JsonSchema {
  if (base === true) return Object.keys(own).length === 0 ? true : own
  const clash = Object.keys(own).some((key) => Object.hasOwn(base, key))
  return clash ? { ...annotations(own), allOf: [base, own] } : { ...base, ...own }
}

const annotations = ({ default: value, description }: Record<string, Json>): Record<string, Json> => ({
  ...(value !== undefined && { default: value }),
  ...(description !== undefined && { description }),
})

/** What stands in a keyword's value, with the schemas in it normalised. */
function below(key: string, value: Json, path: Path, context: Context): Json {
  switch (keywords[key]?.holds) {
    case 'one':
      return schemaOf(value, path, context) as Json
    case 'list':
      return (value as readonly Json[]).map((each, index) => schemaOf(each, [...path, index], context) as Json)
    case 'map': {
      if (!isJsonObject(value)) {
        fault('bad_schema', path, key, `"${key}" has to be a map.`, context)
        return {}
      }
      const schemas = Object.entries(value).map(([name, each]) => [name, schemaOf(each, [...path, name], context)])
      return Object.fromEntries(schemas) as Json
    }
    default:
      return value
  }
}

function fault(
  code: SchemaFault['code'],
  path: Path,
  name: string,
  message: string,
  context: Context,
  near?: string,
  atKey = false,
): void {
  if (context.quiet && code !== 'type_cycle') return
  if (context.quiet && !name.startsWith(context.within[0] ?? '')) return // told where the cycle begins
  context.report({ code, path, atKey, name, message, ...(near !== undefined && { near }) })
}

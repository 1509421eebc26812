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
import { forbiddenKeys, isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { JsonSchema } from '../plan.ts'
import { suggest } from '../suggest.ts'
import { joinSchemas, nullable } from './join.ts'
import { isTypeName, keywordFault, keywords, typeNames } from './keywords.ts'
import { maxSchemaDepth, maxSchemaLength, schemaLength } from './measure.ts'
import { readShortForm } from './short-form.ts'

export interface SchemaFault {
  readonly code: 'bad_schema' | 'unknown_type' | 'mixed_schema'
  /** From the schema's own place. */
  readonly path: Path
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
  /** Characters of the schema as JSON, about. */
  readonly length: number
}

export interface SchemaReader {
  /** A schema in any form. */
  read(written: Json): Normalized
  /** A map that can only be keywords, whatever its `type` is; `type` may hold a schema in any form. */
  readKeywords(written: JsonObject): Normalized
  /** One of the named types. */
  readType(name: string): Normalized
  /** Types that hold themselves, found so far: names from the first declared to itself again. */
  readonly cycles: readonly (readonly string[])[]
}

type Path = readonly (string | number)[]

/** More faults in one schema help nobody. */
const mostFaults = 20

/** Longer chains of types that hold one another. */
const mostNestedTypes = 64

/** Reads the schemas of one pipeline; `types` are its named types as written. */
export function createSchemaReader(types: JsonObject): SchemaReader {
  const known = new Map<string, Normalized>()
  const cycles: (readonly string[])[] = []

  function readType(name: string, within: readonly string[] = []): Normalized {
    const found = known.get(name)
    if (found) return found
    const made = readWith([...within, name], (reader) => reader.schemaOf(types[name] as Json, []))
    known.set(name, made)
    return made
  }

  /** `within` names the types that are being put in, outermost first. */
  function readWith(within: readonly string[], work: (reader: Reader) => JsonSchema): Normalized {
    const faults: SchemaFault[] = []
    const expand = (name: string): JsonSchema | 'too deep' => {
      const start = within.indexOf(name)
      if (start !== -1) {
        cycles.push(fromFirst(within.slice(start), Object.keys(types)))
        return true
      }
      return within.length > mostNestedTypes ? 'too deep' : readType(name, within).schema
    }
    const schema = work(createReader({ types, expand, report: (fault) => void faults.push(fault) }))
    const length = schemaLength(schema as Json)
    if (length <= maxSchemaLength) return { schema, faults: faults.slice(0, mostFaults), length }
    return { schema: true, faults: [...faults.slice(0, mostFaults), tooLarge], length: 0 }
  }

  return {
    read: (written) => readWith([], (reader) => reader.schemaOf(written, [])),
    readKeywords: (written) => readWith([], (reader) => reader.keywordSchema(written, [])),
    readType: (name) => readType(name),
    cycles,
  }
}

const tooLarge: SchemaFault = {
  code: 'bad_schema',
  path: [],
  atKey: false,
  name: '',
  message: `A schema, with the types in it, may have at most ${maxSchemaLength} characters and ${maxSchemaDepth} levels.`,
}

/** A cycle as written from its first declared member, which is repeated at the end. */
function fromFirst(cycle: readonly string[], order: readonly string[]): readonly string[] {
  const first = cycle.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))[0] as string
  const at = cycle.indexOf(first)
  return [...cycle.slice(at), ...cycle.slice(0, at), first]
}

interface ReaderContext {
  readonly types: JsonObject
  /** The schema of a named type. */
  readonly expand: (name: string) => JsonSchema | 'too deep'
  readonly report: (fault: SchemaFault) => void
}

interface Reader {
  schemaOf(written: Json, path: Path): JsonSchema
  keywordSchema(written: JsonObject, path: Path): JsonSchema
}

function createReader({ types, expand, report }: ReaderContext): Reader {
  return { schemaOf, keywordSchema }

  function bad(path: Path, message: string, atKey = false): true {
    report({ code: 'bad_schema', path, atKey, name: String(path.at(-1) ?? ''), message })
    return true
  }

  function schemaOf(written: Json, path: Path): JsonSchema {
    if (written === true) return true
    if (written === false) return { not: {} }
    if (typeof written === 'string') return shortSchema(written, path)
    if (!isJsonObject(written)) return bad(path, 'A schema is the name of a type or a map.')
    return isJsonSchema(written, types) ? keywordSchema(written, path) : fieldSchema(written, path)
  }

  /** `string`, `Source`, `Source[]`, `string?`. */
  function shortSchema(text: string, path: Path): JsonSchema {
    const form = readShortForm(text)
    if (!form) return bad(path, 'A type has that many "[]" and "?" by mistake.')
    const schema = namedSchema(form.word, path)
    return form.suffixes.reduce<JsonSchema>(
      (inner, suffix) => (suffix === '?' ? nullable(inner) : { type: 'array', items: inner as Json }),
      schema,
    )
  }

  function namedSchema(word: string, path: Path): JsonSchema {
    if (word === 'any') return true
    if (isTypeName(word)) return { type: word }
    if (Object.hasOwn(types, word)) {
      const schema = expand(word)
      return schema === 'too deep' ? bad(path, `More than ${mostNestedTypes} types hold one another.`) : schema
    }
    const near = nearestType(word, types)
    const message = `There is no type "${word}".`
    report({ code: 'unknown_type', path, atKey: false, name: word, message, ...(near !== undefined && { near }) })
    return true
  }

  function fieldSchema(written: JsonObject, path: Path): JsonSchema {
    const properties = new Map<string, Json>()
    const required: string[] = []
    for (const [key, value] of Object.entries(written)) {
      const name = key.endsWith('?') ? key.slice(0, -1) : key
      const place = [...path, key]
      if (name === '') bad(place, 'A field has a name.', true)
      else if (forbiddenKeys.has(name)) bad(place, `"${name}" cannot be the name of a field.`, true)
      else if (properties.has(name)) bad(place, `The field "${name}" is listed twice.`, true)
      else {
        properties.set(name, schemaOf(value, place) as Json)
        if (name === key) required.push(name)
      }
    }
    return {
      type: 'object',
      properties: Object.fromEntries(properties),
      required: required.sort(),
      additionalProperties: false,
    }
  }

  function keywordSchema(written: JsonObject, path: Path): JsonSchema {
    const own: Record<string, Json> = {}
    for (const [key, value] of Object.entries(written)) {
      const place = [...path, key]
      const fault = keywordFault(key, written)
      if (key === 'type' || key === '$ref') continue
      if (!keywords.has(key)) mixed(key, place)
      else if (fault) bad(place, `"${key}" ${fault}.`)
      else own[key] = below(key, value, place)
    }
    return joinSchemas(baseSchema(written, path), own)
  }

  function mixed(key: string, path: Path): void {
    const near = suggest(key, keywords.keys())
    const message = `"${key}" is no keyword of JSON Schema, and this map is a schema because of its other keys.`
    report({ code: 'mixed_schema', path, atKey: true, name: key, message, ...(near !== undefined && { near }) })
  }

  /** What `type` or `$ref` say. */
  function baseSchema({ type, $ref }: JsonObject, path: Path): JsonSchema {
    if ($ref !== undefined) {
      if (typeof $ref !== 'string') return bad([...path, '$ref'], '"$ref" has to be the name of a type.')
      if (type !== undefined) bad([...path, 'type'], '"$ref" says what the type is; leave out "type".')
      return shortSchema($ref, [...path, '$ref'])
    }
    if (type === undefined) return true
    if (!Array.isArray(type)) return schemaOf(type, [...path, 'type'])
    const fault = keywordFault('type', { type })
    return fault ? bad([...path, 'type'], `"type" ${fault}.`) : { type: type.toSorted() }
  }

  /** A keyword's value, with the schemas in it normalised. */
  function below(key: string, value: Json, path: Path): Json {
    if (key === 'additionalProperties' && value === false) return false // what everyone looks for in a closed map
    switch (keywords.get(key)?.holds) {
      case 'one':
        return schemaOf(value, path) as Json
      case 'list':
        return (value as readonly Json[]).map((each, index) => schemaOf(each, [...path, index]) as Json)
      case 'map': {
        const entries = Object.entries(value as JsonObject)
        return Object.fromEntries(entries.map(([name, each]) => [name, schemaOf(each, [...path, name]) as Json]))
      }
      default:
        return value
    }
  }
}

/** Keywords that make a map JSON Schema whatever its `type` is. */
const schemaMarks = ['$ref', 'enum', 'const', 'oneOf', 'anyOf', 'allOf']

function isJsonSchema(map: JsonObject, types: JsonObject): boolean {
  if (schemaMarks.some((mark) => Object.hasOwn(map, mark))) return true
  const { type } = map
  if (Array.isArray(type)) return true
  if (typeof type !== 'string') return false
  const word = readShortForm(type)?.word ?? ''
  if (isTypeName(word) || word === 'any' || Object.hasOwn(types, word)) return true
  // A type that does not exist, among nothing but keywords, is a slip in a schema, not a field of that name.
  return Object.keys(map).every((key) => keywords.has(key))
}

function nearestType(word: string, types: JsonObject): string | undefined {
  const last = word.slice(word.lastIndexOf('/') + 1) // of `#/types/Source`
  if (Object.hasOwn(types, last)) return last
  return synonyms.get(word) ?? suggest(word, [...typeNames, ...Object.keys(types), 'any'])
}

/** Words of other languages for the types of JSON. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ['int', 'integer'],
  ['float', 'number'],
  ['double', 'number'],
  ['bool', 'boolean'],
  ['str', 'string'],
  ['text', 'string'],
  ['list', 'array'],
  ['map', 'object'],
  ['dict', 'object'],
])

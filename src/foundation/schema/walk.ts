/**
 * A validator for the plain part of JSON Schema: types, fields, items, bounds, enumerations, choices of these.
 *
 * It is what almost every schema of a pipeline needs, it generates no code and it starts at once. Everything else is
 * Ajv's; a property test shows that both agree where both can.
 */
import { compilePattern, type Pattern } from '../expression/functions/patterns.ts'
import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../json.ts'
import type { JsonSchema } from '../plan.ts'
import type { Problem } from './problem.ts'
import { indefinite } from './words.ts'

type Key = string | number

const walkable = new Set([
  'type',
  'title',
  'description',
  '$comment',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'enum',
  'const',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minLength',
  'maxLength',
  'pattern',
  'items',
  'minItems',
  'maxItems',
  'properties',
  'required',
  'additionalProperties',
  'minProperties',
  'maxProperties',
  'anyOf',
  'allOf',
  'not',
])

/** Whether the walker knows every keyword in the schema. */
export function isWalkable(schema: Json): boolean {
  if (schema === true) return true
  if (!isJsonObject(schema)) return false
  return Object.entries(schema).every(([key, value]) => walkable.has(key) && innerSchemas(key, value).every(isWalkable))
}

function innerSchemas(key: string, value: Json): readonly Json[] {
  if (key === 'properties') return Object.values(value as JsonObject)
  if (key === 'anyOf' || key === 'allOf') return value as readonly Json[]
  if (key === 'items' || key === 'not') return [value]
  return key === 'additionalProperties' && typeof value === 'object' ? [value] : []
}

/** Compiled patterns by their source; compiling costs far more than trying. */
export type Patterns = (source: string) => Pattern

export function createPatterns(): Patterns {
  const known = new Map<string, Pattern>()
  return (source) => {
    const pattern = known.get(source) ?? compilePattern(source)
    known.set(source, pattern)
    return pattern
  }
}

/** Everything that is wrong with `value`, at most `most` problems. The schema has to be walkable. */
export function walkSchema(schema: JsonSchema, value: Json, patterns: Patterns, most = 20): Problem[] {
  const problems: Problem[] = []
  const path: Key[] = []
  const say = (message: string) => {
    if (problems.length < most) problems.push({ path: [...path], message })
  }
  visit(schema as Json, value)
  return problems

  function visit(node: Json, found: Json): void {
    if (!isJsonObject(node) || problems.length >= most) return
    if (node.type !== undefined && !hasType(found, node.type)) {
      say(`must be ${typeText(node.type)}, not ${indefinite(found)}`)
      return
    }
    if (Array.isArray(node.enum) && !node.enum.some((each) => jsonEqual(each, found))) {
      say(`must be one of ${node.enum.map((each) => JSON.stringify(each)).join(', ')}`)
    }
    if (node.const !== undefined && !jsonEqual(node.const, found)) say(`must be ${JSON.stringify(node.const)}`)
    if (typeof found === 'number') visitNumber(node, found)
    else if (typeof found === 'string') visitText(node, found)
    else if (Array.isArray(found)) visitList(node, found)
    else if (isJsonObject(found)) visitMap(node, found)
    visitChoices(node, found)
  }

  function visitNumber(node: JsonObject, found: number): void {
    if (typeof node.minimum === 'number' && found < node.minimum) say(`must be at least ${node.minimum}`)
    if (typeof node.maximum === 'number' && found > node.maximum) say(`must be at most ${node.maximum}`)
    if (typeof node.exclusiveMinimum === 'number' && found <= node.exclusiveMinimum)
      say(`must be above ${node.exclusiveMinimum}`)
    if (typeof node.exclusiveMaximum === 'number' && found >= node.exclusiveMaximum)
      say(`must be below ${node.exclusiveMaximum}`)
  }

  function visitText(node: JsonObject, found: string): void {
    const { minLength, maxLength, pattern } = node
    if (minLength !== undefined || maxLength !== undefined) {
      const length = [...found].length // code points, as JSON Schema counts
      if (typeof minLength === 'number' && length < minLength)
        say(`must have at least ${plural(minLength, 'character')}`)
      if (typeof maxLength === 'number' && length > maxLength)
        say(`must have at most ${plural(maxLength, 'character')}`)
    }
    if (typeof pattern === 'string' && !patterns(pattern).test(found)) say(`must match the pattern ${pattern}`)
  }

  function visitList(node: JsonObject, found: readonly Json[]): void {
    if (typeof node.minItems === 'number' && found.length < node.minItems)
      say(`must have at least ${plural(node.minItems, 'item')}`)
    if (typeof node.maxItems === 'number' && found.length > node.maxItems)
      say(`must have at most ${plural(node.maxItems, 'item')}`)
    if (node.items === undefined) return
    for (const [index, item] of found.entries()) within(index, node.items, item)
  }

  function visitMap(node: JsonObject, found: JsonObject): void {
    const properties = (node.properties ?? {}) as JsonObject
    const size = Object.keys(found).length
    if (typeof node.minProperties === 'number' && size < node.minProperties)
      say(`must have at least ${plural(node.minProperties, 'field')}`)
    if (typeof node.maxProperties === 'number' && size > node.maxProperties)
      say(`must have at most ${plural(node.maxProperties, 'field')}`)
    for (const name of (node.required ?? []) as readonly string[]) {
      if (!Object.hasOwn(found, name)) say(`must have the field "${name}"`)
    }
    for (const [name, inner] of Object.entries(found)) {
      if (Object.hasOwn(properties, name)) within(name, properties[name] as Json, inner)
      else if (node.additionalProperties === false) say(`must not have the field "${name}"`)
      else if (node.additionalProperties !== undefined) within(name, node.additionalProperties, inner)
    }
  }

  function visitChoices(node: JsonObject, found: Json): void {
    for (const each of (node.allOf ?? []) as readonly Json[]) visit(each, found)
    const choices = node.anyOf as readonly Json[] | undefined
    if (choices && !choices.some((each) => fits(each, found, patterns)))
      say(`must be ${choices.map(shortText).join(' or ')}`)
    if (node.not !== undefined && fits(node.not, found, patterns))
      say(
        isJsonObject(node.not) && Object.keys(node.not).length === 0
          ? 'must not be there'
          : 'must not be what `not` describes',
      )
  }

  function within(key: Key, node: Json, found: Json): void {
    path.push(key)
    visit(node, found)
    path.pop()
  }
}

const fits = (schema: Json, value: Json, patterns: Patterns): boolean =>
  walkSchema(schema as JsonSchema, value, patterns, 1).length === 0

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

function hasType(value: Json, type: Json): boolean {
  if (Array.isArray(type)) return type.some((each) => hasType(value, each))
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isJsonObject(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

const typeText = (type: Json): string =>
  Array.isArray(type) ? type.map(typeText).join(' or ') : indefiniteType(String(type))

const indefiniteType = (type: string): string =>
  ({
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map',
  })[type] ?? type

function shortText(schema: Json): string {
  if (!isJsonObject(schema)) return 'anything'
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (Array.isArray(schema.enum)) return `one of ${schema.enum.map((each) => JSON.stringify(each)).join(', ')}`
  return schema.type === undefined ? 'what a choice describes' : typeText(schema.type)
}

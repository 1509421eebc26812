/**
 * Types of expressions: JSON Schemas, with the kinds of values they allow as bits.
 *
 * Times and durations are marked by the identity of their schemas, so a result's schema is plain JSON Schema throughout.
 */
import { isJsonObject, type Json, jsonEqual } from '../json.ts'
import type { JsonSchema } from '../plan.ts'
import type { StageType } from './types.ts'
import { anyKind, jsonKinds, Kind, kindOf } from './values.ts'

export interface Type {
  /** What the value can be, as bits of `Kind`. */
  readonly kinds: number
  /** `true` where nothing is known. */
  readonly schema: JsonSchema
  /** Where `#/…` references resolve. */
  readonly root: JsonSchema
  /** An optional: made by `.?`, refused by operators. `kinds` and `schema` are those of its value. */
  readonly optional?: true
  /** `stages.<id>` itself. */
  readonly stage?: StageType & { readonly read: StageRead }
  /** The output of a stage that may have none: fields of it need `.?`. */
  readonly absent?: StageRead
}

/** What is noted of a read of `stages.<id>`, completed by the accesses that follow. */
export interface StageRead {
  readonly id: string
  field: string | undefined
  optional: boolean
  readonly start: number
  readonly end: number
}

const timeSchema: JsonSchema = { type: 'string', format: 'date-time' }
const durationSchema: JsonSchema = { type: 'string', description: 'A duration such as 1h30m.' }
const nullSchema: JsonSchema = { type: 'null' }

const make = (kinds: number, schema: JsonSchema, root: JsonSchema = true): Type => ({ kinds, schema, root })

/** Where the references of both resolve; nowhere when they come from different roots. */
const sharedRoot = (a: Type, b: Type): JsonSchema =>
  a.root === true || a.root === b.root ? b.root : b.root === true ? a.root : true

export const types = {
  any: make(anyKind, true),
  null: make(Kind.null, nullSchema),
  boolean: make(Kind.boolean, { type: 'boolean' }),
  number: make(Kind.number, { type: 'number' }),
  integer: make(Kind.number, { type: 'integer' }),
  text: make(Kind.text, { type: 'string' }),
  list: make(Kind.list, { type: 'array' }),
  map: make(Kind.map, { type: 'object' }),
  time: make(Kind.time, timeSchema),
  duration: make(Kind.duration, durationSchema),
} as const

export const listOf = (item: Type): Type =>
  item.schema === true ? types.list : make(Kind.list, { type: 'array', items: item.schema }, item.root)

export const mapOf = (value: Type): Type =>
  value.schema === true ? types.map : make(Kind.map, { type: 'object', additionalProperties: value.schema }, value.root)

export const constantOf = (value: Json): Type => {
  const kinds = kindOf(value)
  const name = kinds === Kind.number && Number.isInteger(value) ? 'integer' : (kindTypes[kinds] as string)
  return make(kinds, kinds === Kind.null ? nullSchema : { type: name, const: value })
}

const kindTypes: Readonly<Record<number, string>> = {
  [Kind.null]: 'null',
  [Kind.boolean]: 'boolean',
  [Kind.number]: 'number',
  [Kind.text]: 'string',
  [Kind.list]: 'array',
  [Kind.map]: 'object',
}

/** A type for kinds alone. */
export function ofKinds(kinds: number): Type {
  if ((kinds & jsonKinds) === jsonKinds) return types.any
  const parts = [types.boolean, types.number, types.text, types.list, types.map, types.time, types.duration, types.null]
  return parts.filter((part) => (part.kinds & kinds) !== 0).reduce((all, part) => union(all, part))
}

export const isInteger = (type: Type): boolean =>
  typeof type.schema === 'object' && type.schema.type === 'integer' && type.kinds === Kind.number

/** The type of a schema; `root` is where its references resolve. */
export function typeOf(schema: JsonSchema, root: JsonSchema): Type {
  if (schema === true) return unknownType
  const home = '$defs' in schema || 'definitions' in schema ? schema : root
  const resolved = '$ref' in schema ? resolve(schema, home) : schema
  if (resolved === true) return unknownType
  return { kinds: kindsOf(resolved, home, 0), schema: resolved, root: home }
}

/** JSON of which nothing is known. */
export const unknownType: Type = make(jsonKinds, true)

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let at: JsonSchema = schema
  for (let hops = 0; hops < 20; hops++) {
    if (at === true || typeof at.$ref !== 'string') return at
    at = lookUp(at.$ref, root)
  }
  return true
}

function lookUp(reference: string, root: JsonSchema): JsonSchema {
  if (!reference.startsWith('#')) return true
  let at: unknown = root
  for (const step of reference.slice(1).split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return true
    at = (at as Record<string, unknown>)[key]
  }
  return isSchema(at) ? at : true
}

/** JSON Schema has `false` too; what cannot exist is treated as unknown. */
export const isSchema = (value: unknown): value is JsonSchema =>
  value === true || (typeof value === 'object' && value !== null && !Array.isArray(value))

const typeKinds: Readonly<Record<string, number>> = {
  null: Kind.null,
  boolean: Kind.boolean,
  number: Kind.number,
  integer: Kind.number,
  string: Kind.text,
  array: Kind.list,
  object: Kind.map,
}

function kindsOf(schema: JsonSchema, root: JsonSchema, depth: number): number {
  if (schema === true || depth > 20) return jsonKinds
  if (schema === timeSchema) return Kind.time
  if (schema === durationSchema) return Kind.duration
  const { type } = schema
  if (typeof type === 'string' && schema.allOf === undefined) return typeKinds[type] ?? jsonKinds
  let kinds = Array.isArray(type)
    ? type.reduce<number>((all, name) => all | (typeKinds[String(name)] ?? 0), 0)
    : anyKind
  if (typeof type === 'string') kinds = typeKinds[type] ?? jsonKinds
  if ('$ref' in schema) kinds &= kindsOf(resolve(schema, root), root, depth + 1)
  if ('const' in schema) kinds &= kindOf(schema.const as Json)
  if (Array.isArray(schema.enum)) kinds &= schema.enum.reduce<number>((all, value) => all | kindOf(value as Json), 0)
  for (const branches of [schema.anyOf, schema.oneOf]) {
    if (!Array.isArray(branches)) continue
    kinds &= branches.reduce<number>((all, one) => all | (isSchema(one) ? kindsOf(one, root, depth + 1) : 0), 0)
  }
  if (Array.isArray(schema.allOf)) {
    for (const one of schema.allOf) if (isSchema(one)) kinds &= kindsOf(one, root, depth + 1)
  }
  return kinds === anyKind ? jsonKinds : kinds
}

/** Either of two types, without repeating what both hold. */
export function union(a: Type, b: Type): Type {
  if (a === b) return a
  if (a.schema === true || b.schema === true) return make(a.kinds | b.kinds, true)
  if (a.schema === b.schema || covers(a.schema, b.schema)) return a
  if (covers(b.schema, a.schema)) return b
  const branches = [...branchesOf(a.schema)]
  for (const branch of branchesOf(b.schema)) {
    const known = branches.some(
      (one) => one === branch || covers(one, branch) || jsonEqual(one as Json, branch as Json),
    )
    if (!known) branches.push(branch)
  }
  if (branches.length === branchesOf(a.schema).length) return a
  if (branches.length > 16) return make(a.kinds | b.kinds, true)
  return make(a.kinds | b.kinds, { anyOf: branches as Json[] }, sharedRoot(a, b))
}

const branchesOf = (schema: JsonSchema): readonly JsonSchema[] =>
  schema !== true && Array.isArray(schema.anyOf) && Object.keys(schema).length === 1
    ? (schema.anyOf as JsonSchema[])
    : [schema]

/** `{type: string}` covers `{type: string, const: 'a'}`, and `number` covers `integer`. */
function covers(wide: JsonSchema, narrow: JsonSchema): boolean {
  if (wide === true || narrow === true || wide === timeSchema || wide === durationSchema) return false
  if (Object.keys(wide).length !== 1 || narrow === timeSchema || narrow === durationSchema) return false
  return wide.type === narrow.type ? typeof wide.type === 'string' : wide.type === 'number' && narrow.type === 'integer'
}

/** The type, null included. */
export const nullable = (type: Type): Type => ((type.kinds & Kind.null) !== 0 ? type : union(type, types.null))

/** What a function or the outside gets of it: an optional is its value or null. */
export function settled(type: Type): Type {
  if (!type.optional) return type
  return nullable({ kinds: type.kinds, schema: type.schema, root: type.root })
}

export const optionalOf = (type: Type): Type => ({
  kinds: type.kinds,
  schema: type.schema,
  root: type.root,
  optional: true,
})

/** The schema of what leaves an expression: there a time or a duration is a text like any other. */
export function leaving(schema: JsonSchema): JsonSchema {
  if (schema === true) return true
  if (schema === timeSchema || schema === durationSchema) return { ...schema }
  return Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, leavingInside(inner)]))
}

function leavingInside(value: Json): Json {
  if (Array.isArray(value)) return value.map(leavingInside)
  return isJsonObject(value) ? (leaving(value) as Json) : value
}

/** Whether what leaves an expression can be of the kind; true where nothing is known. `canBe(type, 'boolean')` */
export const canBe = (type: JsonSchema, kind: Exclude<keyof typeof Kind, 'time' | 'duration'>): boolean =>
  (typeOf(type, type).kinds & Kind[kind]) !== 0

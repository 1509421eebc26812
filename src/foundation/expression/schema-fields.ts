/**
 * Fields, items and constants of schemas: what the checker asks of a type.
 */
import type { Json } from '../json.ts'
import type { JsonSchema } from '../plan.ts'
import { isSchema, nullable, type Type, typeOf, types, union } from './schema-types.ts'
import { anyKind, Kind } from './values.ts'

/**
 * - `known`: declared; `optional` when it may be missing, and then it is null
 * - `open`: not declared, but the type allows more than it declares
 * - `closed`: the type has no such field; `names` are those it has
 */
export type Field =
  | { readonly is: 'known'; readonly type: Type; readonly optional: boolean }
  | { readonly is: 'open' }
  | { readonly is: 'closed'; readonly names: readonly string[] }

const open: Field = { is: 'open' }

export function fieldOf(type: Type, name: string): Field {
  const { schema, root } = type
  if (schema === true) return open
  const properties = schema.properties
  if (isRecord(properties) && Object.hasOwn(properties, name)) return declared(schema, properties[name], root, name)
  const branches = schema.anyOf ?? schema.oneOf
  if (Array.isArray(branches)) return ofBranches(branches, root, name)
  if (Array.isArray(schema.allOf)) return ofAll(schema, schema.allOf, root, name)
  return undeclared(schema, root, properties)
}

function declared(schema: Exclude<JsonSchema, true>, field: unknown, root: JsonSchema, name: string): Field {
  const type = isSchema(field) ? typeOf(field, rootFor(schema, root)) : types.any
  const optional = !(Array.isArray(schema.required) && schema.required.includes(name))
  return { is: 'known', type: optional ? nullable(type) : type, optional }
}

const rootFor = (schema: Exclude<JsonSchema, true>, root: JsonSchema): JsonSchema =>
  '$defs' in schema || 'definitions' in schema ? schema : root

function undeclared(schema: Exclude<JsonSchema, true>, root: JsonSchema, properties: unknown): Field {
  if ('patternProperties' in schema) return open
  const extra = schema.additionalProperties
  if (extra === false) {
    return { is: 'closed', names: isRecord(properties) ? Object.keys(properties) : [] }
  }
  if (extra === true || extra === undefined || !isSchema(extra)) return open
  return { is: 'known', type: typeOf(extra, rootFor(schema, root)), optional: false }
}

/** A field of one branch is enough; branches that are no maps do not count. */
function ofBranches(branches: readonly unknown[], root: JsonSchema, name: string): Field {
  const names: string[] = []
  let found: Extract<Field, { is: 'known' }> | undefined
  for (const branch of branches) {
    const type = isSchema(branch) ? typeOf(branch, root) : types.any
    if ((type.kinds & Kind.map) === 0) continue
    const field = fieldOf(type, name)
    if (field.is === 'open') return open
    if (field.is === 'closed') names.push(...field.names)
    else if (!found) found = field
    else found = { is: 'known', type: union(found.type, field.type), optional: found.optional || field.optional }
  }
  return found ?? { is: 'closed', names }
}

function ofAll(schema: Exclude<JsonSchema, true>, all: readonly Json[], root: JsonSchema, name: string): Field {
  const names: string[] = isRecord(schema.properties) ? Object.keys(schema.properties) : []
  let closed = schema.additionalProperties === false
  for (const one of all) {
    const field = isSchema(one) ? fieldOf(typeOf(one, root), name) : open
    if (field.is === 'known') return field
    if (field.is === 'closed') {
      closed = true
      names.push(...field.names)
    }
  }
  return closed ? { is: 'closed', names } : open
}

/** The type of the items of a list. */
export function itemOf(type: Type): Type {
  const { schema, root } = type
  if (schema === true) return types.any
  const branches = schema.anyOf ?? schema.oneOf
  if (Array.isArray(branches)) return ofListBranches(branches, root)
  if (Array.isArray(schema.prefixItems) || !isSchema(schema.items)) return types.any
  return typeOf(schema.items, rootFor(schema, root))
}

function ofListBranches(branches: readonly unknown[], root: JsonSchema): Type {
  const lists = branches
    .map((branch) => (isSchema(branch) ? typeOf(branch, root) : types.any))
    .filter(({ kinds }) => (kinds & Kind.list) !== 0)
  return lists.length === 0 ? types.any : lists.map(itemOf).reduce(union)
}

/** The type of the values of a map: of all its fields together. */
export function memberOf(type: Type): Type {
  const { schema, root } = type
  if (schema === true || schema.anyOf || schema.oneOf || schema.allOf || schema.patternProperties) return types.any
  const extra = schema.additionalProperties
  if (extra !== false && !isRecord(extra)) return types.any
  const fields = isRecord(schema.properties) ? Object.keys(schema.properties) : []
  const found = fields.map((name) => fieldOf(type, name)).flatMap((field) => (field.is === 'known' ? [field.type] : []))
  if (isRecord(extra)) found.push(typeOf(extra as JsonSchema, rootFor(schema, root)))
  return found.length === 0 ? types.any : found.reduce(union)
}

/** Every value the type can have, where its schema lists them; undefined otherwise. */
export function constantsOf(type: Type): readonly Json[] | undefined {
  const { schema } = type
  if (schema === true || type.kinds === anyKind) return undefined
  if ('const' in schema) return [schema.const as Json]
  if (Array.isArray(schema.enum)) return schema.enum
  if (!Array.isArray(schema.anyOf) || Object.keys(schema).length !== 1) return undefined
  const all = schema.anyOf.map((branch) => {
    if (!isSchema(branch)) return undefined
    return branch !== true && branch.type === 'null' ? [null] : constantsOf(typeOf(branch, type.root))
  })
  return all.every((one) => one !== undefined) ? all.flat() : undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

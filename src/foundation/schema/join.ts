/** Putting schemas together: keywords on top of a type, null beside a type. */
import type { Json } from '../json.ts'
import type { JsonSchema } from '../plan.ts'

type Keywords = Readonly<Record<string, Json>>

/** Keywords that say something about a value without judging it: the outer ones win. */
const annotationKeys = [
  'title',
  'description',
  '$comment',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
] as const

/** The keywords of one schema on top of what its type gave; both hold. */
export function joinSchemas(base: JsonSchema, own: Keywords): JsonSchema {
  if (Object.keys(own).length === 0) return base
  if (base === true) return own
  const [notes, judging] = split(own)
  const clash = Object.keys(judging).some((key) => Object.hasOwn(base, key))
  if (!clash) return { ...base, ...own }
  const [baseNotes, baseJudging] = split(base)
  return { ...baseNotes, ...notes, allOf: [baseJudging, judging] }
}

/** Keywords that can only refuse a value of another type than null. */
const harmlessToNull = new Set([
  ...annotationKeys,
  ...['type', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'pattern', 'format'],
  ...['items', 'prefixItems', 'contains', 'minContains', 'maxContains', 'minItems', 'maxItems', 'uniqueItems'],
  ...['properties', 'patternProperties', 'additionalProperties', 'propertyNames', 'required'],
  ...['minProperties', 'maxProperties', 'dependentRequired', 'dependentSchemas'],
])

/** The schema, or null. */
export function nullable(schema: JsonSchema): JsonSchema {
  if (schema === true) return true
  const { type } = schema
  if (typeof type === 'string' && Object.keys(schema).every((key) => harmlessToNull.has(key))) {
    return type === 'null' ? schema : { ...schema, type: [type, 'null'] }
  }
  const [notes, judging] = split(schema)
  return { ...notes, anyOf: [judging, { type: 'null' }] }
}

function split(schema: Keywords): [notes: Keywords, judging: Keywords] {
  const isNote = (key: string) => (annotationKeys as readonly string[]).includes(key)
  const entries = Object.entries(schema)
  return [
    Object.fromEntries(entries.filter(([key]) => isNote(key))),
    Object.fromEntries(entries.filter(([key]) => !isNote(key))),
  ]
}

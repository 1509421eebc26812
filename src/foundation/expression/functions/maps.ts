/** Functions about maps. */
import { forbiddenKeys } from '../../json.ts'
import { renderScalar } from '../leave.ts'
import { memberOf } from '../schema-fields.ts'
import { listOf, type Type, types } from '../schema-types.ts'
import { describe, Kind, kindOf, type Plain, type PlainMap, scalarKinds } from '../values.ts'
import { type Argument, defineFunction, param, Refused } from './define.ts'

const group = 'maps'

/** A value as the key of a map. Keys are texts; numbers and booleans are written as JSON. */
export function keyText(value: Plain): string {
  if ((kindOf(value) & (scalarKinds | Kind.time)) === 0) throw new Refused(`${describe(value)} cannot be a key`)
  const key = renderScalar(value)
  if (forbiddenKeys.has(key)) throw new Refused(`the key "${key}" is not allowed`)
  return key
}

/** Declared fields of all maps together, later ones first; unknown as soon as one is open. */
function mergedType(args: readonly Argument[]): Type {
  const properties: Record<string, unknown> = {}
  const required = new Set<string>()
  for (const { type } of args) {
    const { schema } = type
    if (type.kinds !== Kind.map || schema === true || schema.additionalProperties !== false) return types.map
    if ('patternProperties' in schema || typeof schema.properties !== 'object') return types.map
    if ('$defs' in schema || type.root !== true) return types.map
    const own = Array.isArray(schema.required) ? schema.required.map(String) : []
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (name in properties && !own.includes(name)) return types.map
      properties[name] = field
    }
    for (const name of own) required.add(name)
  }
  const schema = { type: 'object', properties, required: [...required], additionalProperties: false }
  return { kinds: Kind.map, schema: schema as never, root: true }
}

export const mapFunctions = [
  defineFunction<[PlainMap]>({
    name: 'keys',
    form: 'function',
    group,
    params: [param('map', Kind.map)],
    returns: listOf(types.text),
    run: ([map], tools) => tools.list(Object.keys(map)),
    doc: 'The keys of a map.',
    example: 'keys({"a": 1, "b": 2})',
    result: ['a', 'b'],
  }),
  defineFunction<[PlainMap]>({
    name: 'values',
    form: 'function',
    group,
    params: [param('map', Kind.map)],
    returns: ([map]) => (map ? listOf(memberOf(map.type)) : types.list),
    run: ([map], tools) => tools.list(Object.values(map)),
    doc: 'The values of a map, in the order of its keys.',
    example: 'values({"a": 1, "b": 2})',
    result: [1, 2],
  }),
  defineFunction<readonly PlainMap[]>({
    name: 'merge',
    form: 'function',
    group,
    params: [param('map', Kind.map), param('others', Kind.map, 'rest')],
    returns: mergedType,
    run: (maps, tools) => {
      for (const map of maps) tools.charge(Object.keys(map).length)
      return Object.assign({}, ...maps) as PlainMap
    },
    doc: 'The entries of all maps in one; where keys meet, the later map wins.',
    example: 'merge({"a": 1, "b": 1}, {"b": 2})',
    result: { a: 1, b: 2 },
  }),
]

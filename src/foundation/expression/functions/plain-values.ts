/** Functions about values of any kind: JSON text, defaults, digests. */
import { createHash } from 'node:crypto'
import { assertJson, canonicalJson } from '../../json.ts'
import { jsonText, toJson } from '../leave.ts'
import { settled, type Type, types, union } from '../schema-types.ts'
import { anyKind, Kind, type Plain } from '../values.ts'
import { type Argument, defineFunction, param, Refused, whole } from './define.ts'

const group = 'values'

/** Every alternative; null only if the last one may be null. */
function coalesced(args: readonly Argument[]): Type {
  const found = args.map(({ type }) => settled(type))
  const last = found.at(-1) as Type
  return found.slice(0, -1).map(withoutNull).concat(last).reduce(union)
}

function withoutNull(type: Type): Type {
  if ((type.kinds & Kind.null) === 0 || type.schema === true) return type
  const { schema, root } = type
  if (!Array.isArray(schema.anyOf)) return Array.isArray(schema.type) ? withoutNullType(type, schema.type) : type
  const branches = schema.anyOf.filter((branch) => (branch as { type?: unknown } | null)?.type !== 'null')
  const only = branches.length === 1 ? branches[0] : { anyOf: branches }
  return { kinds: type.kinds & ~Kind.null, schema: only as never, root }
}

function withoutNullType(type: Type, names: readonly unknown[]): Type {
  const left = names.filter((name) => name !== 'null')
  const name = left.length === 1 ? left[0] : left
  const schema = { ...(type.schema as object), type: name }
  return { kinds: type.kinds & ~Kind.null, schema: schema as never, root: type.root }
}

function parseJson(value: string): Plain {
  try {
    const parsed: unknown = JSON.parse(value)
    assertJson(parsed)
    return parsed
  } catch (error) {
    throw new Refused(`the text is no JSON: ${(error as Error).message}`)
  }
}

export const valueFunctions = [
  defineFunction<readonly Plain[]>({
    name: 'coalesce',
    form: 'function',
    group,
    params: [param('value', anyKind), param('others', anyKind, 'rest')],
    returns: coalesced,
    run: (args) => args.find((value) => value !== null) ?? null,
    doc: 'The first value that is present and not null; null if there is none.',
    example: 'coalesce(null, dyn({"a": 1}).?b, 3)',
    result: 3,
  }),
  defineFunction<[Plain, number?]>({
    name: 'json',
    form: 'function',
    group,
    params: [param('value', anyKind), param('indent', Kind.number, 'optional')],
    returns: types.text,
    run: ([value, indent], tools) =>
      tools.text(jsonText(value, Math.min(whole(indent ?? 0, 'indent'), 8), tools.charge)),
    doc: 'The value as JSON text, indented if a number says so.',
    example: 'json({"a": [1, true]})',
    result: '{"a":[1,true]}',
  }),
  defineFunction<[string]>({
    name: 'parse_json',
    form: 'function',
    group,
    params: [param('text', Kind.text)],
    returns: types.any,
    run: ([value], tools) => {
      tools.charge(value.length >> 4)
      return parseJson(value)
    },
    doc: 'The value that a JSON text holds.',
    example: 'parse_json("[1, 2]")[0]',
    result: 1,
  }),
  defineFunction<[Plain]>({
    name: 'hash',
    form: 'function',
    group,
    params: [param('value', anyKind)],
    returns: types.text,
    run: ([value], tools) => {
      const bytes = typeof value === 'string' ? value : canonicalJson(toJson(value, new WeakMap(), tools.charge))
      tools.charge(bytes.length >> 5)
      return createHash('sha256').update(bytes).digest('hex')
    },
    doc: 'The SHA-256 of a text, or of the canonical JSON of any other value, in hexadecimal.',
    example: 'hash("tea")',
    result: 'a9f74d1ec36ebdeb2da3f6e5868090cd2a2d20b3dcca7b62f60304b1d3d9ef42',
  }),
  defineFunction<[Plain]>({
    name: 'dyn',
    form: 'function',
    group,
    params: [param('value', anyKind)],
    returns: types.any,
    run: ([value]) => value,
    doc: 'The same value, unchecked from here on.',
    example: 'dyn({"a": 1}).a',
    result: 1,
  }),
]

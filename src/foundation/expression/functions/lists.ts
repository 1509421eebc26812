/** Functions about lists. */
import { maxListLength } from '../limits.ts'
import { fieldOf, itemOf } from '../schema-fields.ts'
import { listOf, mapOf, type Type, types, union } from '../schema-types.ts'
import { describe, isMap, Kind, type Plain, type PlainMap } from '../values.ts'
import {
  type Argument,
  defineFunction,
  type Items,
  param,
  type Refusal,
  Refused,
  sliceCharacters,
  type Tools,
  whole,
} from './define.ts'
import { keyText } from './maps.ts'
import { compare, equal } from './order.ts'

const { number, text, list } = Kind
const group = 'lists'
const itemType = (argument: Argument | undefined): Type => (argument ? itemOf(argument.type) : types.any)
/** Some of the items in some order: what the list's own schema says of their number and places is not true of it. */
const sameItems = ([items]: readonly Argument[]): Type => listOf(itemType(items))

/** A list of the same items, or a text of which nothing is known. */
function sameKind(args: readonly Argument[]): Type {
  const kinds = args[0]?.type.kinds ?? list
  if ((kinds & text) === 0) return sameItems(args)
  return (kinds & list) === 0 ? types.text : union(types.text, sameItems(args))
}

/** Lists inside of a list give their items, everything else stays. */
function flattenedType(args: readonly Argument[]): Type {
  const item = itemType(args[0])
  return args.length > 1 || item.schema === true || item.kinds !== list ? types.list : listOf(itemOf(item))
}

/** Sorts a copy by keys; equal keys keep their order. */
export function sortedBy(items: Items, keys: Items, tools: Tools): Items {
  tools.charge((items.length * Math.ceil(Math.log2(items.length + 1))) >> 2)
  return tools.list(
    items
      .map((item, at) => [item, keys[at] as Plain] as const)
      .sort(([, a], [, b]) => compare(a, b))
      .map(([item]) => item),
  )
}

/** Items in groups by key, keys in order of appearance. */
export function grouped(items: Items, keys: Items, tools: Tools): PlainMap {
  tools.charge(items.length)
  const groups = new Map<string, Plain[]>()
  for (const [at, item] of items.entries()) {
    const key = keyText(keys[at] as Plain)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return Object.fromEntries(groups)
}

/** Items by key; of several with one key the last stays. */
export function indexed(items: Items, keys: Items, tools: Tools): PlainMap {
  tools.charge(items.length)
  return Object.fromEntries(items.map((item, at) => [keyText(keys[at] as Plain), item]))
}

/** The field of each item that `sort_by` and its like go by. */
function keysOf(items: Items, field: string, tools: Tools): Items {
  tools.charge(items.length)
  return items.map((item, at) => {
    if (isMap(item) && Object.hasOwn(item, field)) return item[field] as Plain
    throw new Refused(isMap(item) ? `item ${at} has no field "${field}"` : `item ${at} is ${describe(item)}, not a map`)
  })
}

/** A field that is written out must be one of the items' type. */
function checkField([items, field]: readonly Argument[]): Refusal | undefined {
  if (!items || typeof field?.constant !== 'string') return undefined
  const found = fieldOf(itemOf(items.type), field.constant)
  if (found.is !== 'closed') return undefined
  const name = field.constant
  return {
    argument: 1,
    code: 'unknown_field',
    name,
    candidates: found.names,
    message: `Items have no field "${name}".`,
  }
}

function flattened(items: Items, depth: number, tools: Tools): Items {
  const flat: Plain[] = []
  const take = (list: Items, levels: number): void => {
    tools.charge(list.length >> 2)
    for (const item of list) {
      if (Array.isArray(item) && levels > 0) take(item, levels - 1)
      else if (flat.push(item) > maxListLength) tools.list(flat)
    }
  }
  take(items, depth)
  return tools.list(flat)
}

function distinct(items: Items, tools: Tools): Items {
  const scalars = new Set<Plain>()
  const others: Plain[] = []
  tools.charge(items.length)
  return items.filter((item) => {
    if (typeof item !== 'object' || item === null) return !scalars.has(item) && scalars.add(item)
    tools.charge(others.length)
    if (others.some((other) => equal(other, item, tools.charge))) return false
    others.push(item)
    return true
  })
}

function rangeOf(args: readonly number[]): readonly number[] {
  const [start, end, step] =
    args.length === 1 ? [0, args[0] as number, 1] : [args[0] as number, args[1] as number, args[2] ?? 1]
  if (step === 0) throw new Refused('step must not be 0')
  const count = Math.max(0, Math.ceil((end - start) / step))
  if (count > maxListLength) throw new Refused('the list would have more than 100,000 items', 'expression_limit')
  return Array.from({ length: count }, (_, at) => start + at * step)
}

function chunks(items: Items, size: number): readonly Items[] {
  if (whole(size, 'size') < 1) throw new Refused('size must be at least 1')
  const made: Items[] = []
  for (let at = 0; at < items.length; at += size) made.push(items.slice(at, at + size))
  return made
}

const byField = [param('list', list), param('field', text)] as const

export const listFunctions = [
  defineFunction<[Items]>({
    name: 'sort',
    form: 'function',
    group,
    params: [param('list', list)],
    returns: sameItems,
    run: ([items], tools) => sortedBy(items, items, tools),
    doc: 'The list in ascending order; its items must be of one kind.',
    example: 'sort([3, 1, 2])',
    result: [1, 2, 3],
  }),
  defineFunction<[Items, string]>({
    name: 'sort_by',
    form: 'function',
    group,
    params: byField,
    returns: sameItems,
    check: checkField,
    run: ([items, field], tools) => sortedBy(items, keysOf(items, field, tools), tools),
    doc: 'The list in ascending order of a field, or of an expression: `sort_by(list, x, -x.score)`.',
    example: 'sort_by([{"n": 2}, {"n": 1}], "n")',
    result: [{ n: 1 }, { n: 2 }],
  }),
  defineFunction<[Items, string]>({
    name: 'group_by',
    form: 'function',
    group,
    params: byField,
    returns: ([items]) => mapOf(listOf(itemType(items))),
    check: checkField,
    run: ([items, field], tools) => grouped(items, keysOf(items, field, tools), tools),
    doc: 'A map from each value of a field, or of an expression, to the items that have it.',
    example: 'group_by([{"k": "a", "n": 1}, {"k": "a", "n": 2}], "k")',
    result: {
      a: [
        { k: 'a', n: 1 },
        { k: 'a', n: 2 },
      ],
    },
  }),
  defineFunction<[Items, string]>({
    name: 'index_by',
    form: 'function',
    group,
    params: byField,
    returns: ([items]) => mapOf(itemType(items)),
    check: checkField,
    run: ([items, field], tools) => indexed(items, keysOf(items, field, tools), tools),
    doc: 'A map from each value of a field, or of an expression, to the (last) item that has it.',
    example: 'index_by([{"id": "a", "n": 1}], "id")',
    result: { a: { id: 'a', n: 1 } },
  }),
  defineFunction<[Items]>({
    name: 'unique',
    form: 'function',
    group,
    params: [param('list', list)],
    returns: sameItems,
    run: ([items], tools) => tools.list(distinct(items, tools)),
    doc: 'The list without repetitions, in order of first appearance.',
    example: 'unique(["a", "b", "a"])',
    result: ['a', 'b'],
  }),
  defineFunction<[Items, number?]>({
    name: 'flatten',
    form: 'function',
    group,
    params: [param('list', list), param('depth', number, 'optional')],
    returns: flattenedType,
    run: ([items, depth], tools) => flattened(items, Math.min(whole(depth ?? 1, 'depth'), 100), tools),
    doc: 'The items of inner lists in one list, one level (or `depth` levels) deep.',
    example: 'flatten([[1], [2, 3]])',
    result: [1, 2, 3],
  }),
  defineFunction<[Items | string, number, number?]>({
    name: 'slice',
    form: 'function',
    group,
    params: [param('value', list | text), param('start', number), param('end', number, 'optional')],
    returns: sameKind,
    run: ([value, start, end], tools) => {
      const to = end === undefined ? undefined : whole(end, 'end')
      if (typeof value !== 'string') return tools.list(value.slice(whole(start, 'start'), to))
      return tools.text(sliceCharacters(value, whole(start, 'start'), to))
    },
    doc: 'Items or characters from `start` up to but not including `end`; negative places count from the end.',
    example: 'slice([1, 2, 3, 4], 1, -1)',
    result: [2, 3],
  }),
  defineFunction<[Items, number]>({
    name: 'chunk',
    form: 'function',
    group,
    params: [param('list', list), param('size', number)],
    returns: (args) => listOf(sameItems(args)),
    run: ([items, size], tools) => {
      tools.charge(items.length)
      return tools.list(chunks(items, size))
    },
    doc: 'The list in pieces of so many items; the last may be shorter.',
    example: 'chunk([1, 2, 3], 2)',
    result: [[1, 2], [3]],
  }),
  defineFunction<readonly number[]>({
    name: 'range',
    form: 'function',
    group,
    params: [param('start', number), param('end', number, 'optional'), param('step', number, 'optional')],
    returns: (args) =>
      listOf(
        args.every(({ type }) => type.schema !== true && type.schema.type === 'integer') ? types.integer : types.number,
      ),
    run: (args, tools) => tools.list(rangeOf(args)),
    doc: 'The numbers from 0 (or `start`) up to but not including `end`.',
    example: 'range(3)',
    result: [0, 1, 2],
  }),
  defineFunction<[Items | string]>({
    name: 'reverse',
    form: 'method',
    group,
    params: [param('value', list | text)],
    returns: sameKind,
    run: ([value], tools) => {
      if (typeof value !== 'string') return tools.list(value.toReversed())
      return Array.from(tools.text(value)).reverse().join('')
    },
    doc: 'The list or the text backwards.',
    example: '[1, 2, 3].reverse()',
    result: [3, 2, 1],
  }),
]

/** The type of `flatten` and joined lists: what either holds. */
export const joined = (a: Type, b: Type): Type => listOf(union(itemOf(a), itemOf(b)))

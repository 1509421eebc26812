/** Functions about numbers. */
import { itemOf } from '../schema-fields.ts'
import { isInteger, nullable, ofKinds, type Type, types, union } from '../schema-types.ts'
import { describe, Kind, kindOf, type Plain, Timestamp } from '../values.ts'
import { type Argument, charactersOf, defineFunction, type Items, param, Refused, type Tools } from './define.ts'
import { compare } from './order.ts'

const { number, text, list, boolean, time, duration } = Kind
const group = 'numbers'

const wholeList = ({ type }: Argument) => isInteger(itemOf(type))

function numbersOf(items: Items, name: string, tools: Tools): readonly number[] {
  tools.charge(items.length)
  return items.map((item, at) => {
    if (typeof item === 'number') return item
    throw new Refused(`${name} takes numbers, but item ${at} is ${describe(item)}`)
  })
}

const total = (numbers: readonly number[]): number => finite(numbers.reduce((sum, next) => sum + next, 0))

/** The number, unless it grew beyond what a number can hold. */
export function finite(value: number): number {
  if (Number.isFinite(value)) return value
  throw new Refused('the result is too large for a number')
}

function extreme(args: readonly Plain[], sign: number, tools: Tools): Plain {
  const items = args.length === 1 && Array.isArray(args[0]) ? (args[0] as Items) : args
  tools.charge(items.length)
  let best: Plain | undefined
  for (const item of items) if (best === undefined || compare(item, best) * sign > 0) best = item
  return best ?? null
}

/** One argument is a list of what is compared, or all there is. */
function extremeOf(args: readonly Argument[]): Type {
  const [only] = args
  if (args.length !== 1 || !only) return args.map(({ type }) => type).reduce(union, only?.type ?? types.any)
  const { kinds, schema } = only.type
  if ((kinds & list) === 0) return only.type
  const item = nullable(itemOf(only.type))
  return kinds === list || schema === true ? item : union(item, ofKinds(kinds & ~list))
}

function rounded(value: number, digits: number): number {
  if (!Number.isInteger(digits) || digits < 0 || digits > 15)
    throw new Refused('digits must be a whole number, 0 to 15')
  const shifted = timesPowerOfTen(Math.abs(value), digits)
  if (!Number.isFinite(shifted)) return value
  return Math.sign(value) * timesPowerOfTen(Math.round(shifted), -digits) || 0
}

/** By the number's text, so that 1.005 becomes 100.5 and not 100.49999999999999. */
function timesPowerOfTen(value: number, power: number): number {
  const [digits, exponent = '0'] = String(value).split('e')
  return Number(`${digits}e${Number(exponent) + power}`)
}

function parseNumber(value: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) return finite(Number(value))
  throw new Refused(`"${value.slice(0, 40)}" is no number`)
}

/** CEL's `int` and `uint`: a whole number, what stands after the point is dropped. */
function integerOf(value: number | string | Timestamp): number {
  if (value instanceof Timestamp) return Math.floor(value.ms / 1_000)
  if (typeof value === 'number') return Math.trunc(value) || 0
  if (/^[+-]?\d+$/.test(value)) return Number(value)
  throw new Refused(`"${value.slice(0, 40)}" is no whole number`)
}

export const numberFunctions = [
  defineFunction<[Items]>({
    name: 'sum',
    form: 'function',
    group,
    params: [param('list', list)],
    returns: ([items]) => (items && wholeList(items) ? types.integer : types.number),
    run: ([items], tools) => total(numbersOf(items, 'sum', tools)),
    doc: 'The sum of a list of numbers; 0 for an empty list.',
    example: 'sum([1, 2, 3.5])',
    result: 6.5,
  }),
  defineFunction<[Items]>({
    name: 'avg',
    form: 'function',
    group,
    params: [param('list', list)],
    returns: types.any,
    run: ([items], tools) => (items.length === 0 ? null : total(numbersOf(items, 'avg', tools)) / items.length),
    doc: 'The mean of a list of numbers; null for an empty list.',
    example: 'avg([1, 2, 6])',
    result: 3,
  }),
  defineFunction<readonly Plain[]>({
    name: 'min',
    form: 'function',
    group,
    params: [
      param('first', number | text | list | time | duration),
      param('others', number | text | time | duration, 'rest'),
    ],
    returns: extremeOf,
    run: (args, tools) => extreme(args, -1, tools),
    doc: 'The smallest item of a list, or the smallest argument; null for an empty list.',
    example: 'min([3, 1, 2])',
    result: 1,
  }),
  defineFunction<readonly Plain[]>({
    name: 'max',
    form: 'function',
    group,
    params: [
      param('first', number | text | list | time | duration),
      param('others', number | text | time | duration, 'rest'),
    ],
    returns: extremeOf,
    run: (args, tools) => extreme(args, 1, tools),
    doc: 'The largest item of a list, or the largest argument; null for an empty list.',
    example: 'max(3, 7)',
    result: 7,
  }),
  defineFunction<[number, number | undefined]>({
    name: 'round',
    form: 'function',
    group,
    params: [param('number', number), param('digits', number, 'optional')],
    returns: (args) => (args.length === 1 ? types.integer : types.number),
    run: ([value, digits]) => rounded(value, digits ?? 0),
    doc: 'The nearest number with so many digits after the point (0); halves go away from zero.',
    example: 'round(2.345, 2)',
    result: 2.35,
  }),
  defineFunction<[number]>({
    name: 'floor',
    form: 'function',
    group,
    params: [param('number', number)],
    returns: types.integer,
    run: ([value]) => Math.floor(value) || 0,
    doc: 'The next whole number below.',
    example: 'floor(2.9)',
    result: 2,
  }),
  defineFunction<[number]>({
    name: 'ceil',
    form: 'function',
    group,
    params: [param('number', number)],
    returns: types.integer,
    run: ([value]) => Math.ceil(value) || 0,
    doc: 'The next whole number above.',
    example: 'ceil(2.1)',
    result: 3,
  }),
  defineFunction<[number | string]>({
    name: 'double',
    form: 'function',
    group,
    params: [param('value', number | text)],
    returns: types.number,
    run: ([value]) => (typeof value === 'number' ? value : parseNumber(value)),
    doc: 'The number that a text holds.',
    example: 'double("2.5") + 1',
    result: 3.5,
  }),
  defineFunction<[number | string | Timestamp]>({
    name: 'int',
    form: 'function',
    group,
    params: [param('value', number | text | time)],
    returns: types.integer,
    run: ([value]) => integerOf(value),
    doc: 'A whole number: from a text, from a number (cut after the point), from a time (seconds since 1970).',
    example: 'int("42")',
    result: 42,
  }),
  defineFunction<[number | string]>({
    name: 'uint',
    form: 'function',
    group,
    params: [param('value', number | text)],
    returns: types.integer,
    run: ([value]) => {
      const made = integerOf(value)
      if (made >= 0) return made
      throw new Refused(`${made} is negative`)
    },
    doc: 'As `int`, but never negative.',
    example: 'uint(7.9)',
    result: 7,
  }),
  ...(['function', 'method'] as const).map((form) =>
    defineFunction<[string | Items | { readonly [key: string]: Plain }]>({
      name: 'size',
      form,
      group: 'lists',
      params: [param('value', text | list | Kind.map)],
      returns: types.integer,
      run: ([value], tools) => {
        if (typeof value !== 'string') return Array.isArray(value) ? value.length : Object.keys(value).length
        tools.charge(value.length >> 6)
        return charactersOf(value).length
      },
      doc: 'How many items, entries or characters there are.',
      example: form === 'function' ? 'size("abc")' : '[1, 2].size()',
      result: form === 'function' ? 3 : 2,
    }),
  ),
  defineFunction<[boolean | string]>({
    name: 'bool',
    form: 'function',
    group: 'values',
    params: [param('value', boolean | text)],
    returns: types.boolean,
    run: ([value]) => {
      if (kindOf(value) === boolean) return value
      if (value === 'true' || value === 'True' || value === 'TRUE' || value === 't' || value === '1') return true
      if (value === 'false' || value === 'False' || value === 'FALSE' || value === 'f' || value === '0') return false
      throw new Refused(`"${String(value).slice(0, 40)}" is neither "true" nor "false"`)
    },
    doc: 'true or false from the texts "true" and "false".',
    example: 'bool("true")',
    result: true,
  }),
]

/**
 * Macros: calls whose last arguments are evaluated once per item, with a name for the item.
 */
import type { FunctionDoc } from './functions/define.ts'
import { maxMacroNesting } from './limits.ts'
import type { ASTNode, NodeOf } from './parse.ts'

export type MacroName =
  | 'all'
  | 'exists'
  | 'exists_one'
  | 'filter'
  | 'map'
  | 'sort_by'
  | 'group_by'
  | 'index_by'
  | 'optMap'
  | 'optFlatMap'

export interface MacroCall {
  readonly name: MacroName
  /** What it goes over; an optional for `optMap` and `optFlatMap`. */
  readonly over: ASTNode
  readonly variable: string
  /** Decides per item; all macros but `map` of two arguments. */
  readonly condition: ASTNode | undefined
  /** Gives a value per item: `map`, the `_by` macros and the `opt` ones. */
  readonly value: ASTNode | undefined
}

const predicates: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'existsOne', 'filter'])
const byKey: ReadonlySet<string> = new Set(['sort_by', 'group_by', 'index_by'])

/** The macro that a call is, if it is one. */
export function macroOf(node: ASTNode): MacroCall | undefined {
  if (node.op === 'rcall') return methodMacro(node)
  if (node.op !== 'call') return undefined
  const [name, args] = node.args
  if (args.length !== 3 || !byKey.has(name)) return undefined
  const [over, variable, value] = args as [ASTNode, ASTNode, ASTNode]
  return variable.op === 'id'
    ? { name: name as MacroName, over, variable: variable.args, condition: undefined, value }
    : undefined
}

function methodMacro(node: NodeOf<'rcall'>): MacroCall | undefined {
  const [name, over, args] = node.args
  const [variable, second, third] = args
  if (variable?.op !== 'id' || second === undefined) return undefined
  const call = (macro: MacroName, condition?: ASTNode, value?: ASTNode): MacroCall => ({
    name: macro,
    over,
    variable: variable.args,
    condition,
    value,
  })
  if (args.length === 2) {
    if (predicates.has(name)) return call(name === 'existsOne' ? 'exists_one' : (name as MacroName), second)
    if (name === 'map' || name === 'optMap' || name === 'optFlatMap') return call(name, undefined, second)
  }
  return args.length === 3 && name === 'map' ? call('map', second, third) : undefined
}

/** Names of macros that stand after a dot, for suggestions. */
export const macroNames: readonly string[] = [...predicates, 'map', 'optMap', 'optFlatMap']

const doc = (
  name: string,
  signature: string,
  text: string,
  example: string,
  result: FunctionDoc['result'],
): FunctionDoc => ({
  name,
  form: signature.startsWith(name) ? 'function' : 'method',
  group: 'macros',
  signature,
  doc: text,
  example,
  result,
})

export const macroDocs: readonly FunctionDoc[] = [
  doc('has', 'has(value.field)', 'Whether a field is present and not null.', 'has(dyn({"a": 1}).b)', false),
  doc('all', 'list.all(x, condition)', 'Whether a condition holds for every item.', '[1, 2].all(x, x > 0)', true),
  doc(
    'exists',
    'list.exists(x, condition)',
    'Whether it holds for at least one item.',
    '[1, 2].exists(x, x > 1)',
    true,
  ),
  doc(
    'exists_one',
    'list.exists_one(x, condition)',
    'Whether it holds for exactly one item.',
    '[1, 2].exists_one(x, x > 0)',
    false,
  ),
  doc('filter', 'list.filter(x, condition)', 'The items for which it holds.', '[1, 2, 3].filter(x, x > 1)', [2, 3]),
  doc('map', 'list.map(x, value)', 'A value for each item.', '[1, 2].map(x, x * 10)', [10, 20]),
  doc(
    'map',
    'list.map(x, condition, value)',
    'A value for each item for which a condition holds.',
    '[1, 2].map(x, x > 1, x * 10)',
    [20],
  ),
  doc(
    'sort_by',
    'sort_by(list, x, key)',
    'The list in ascending order of an expression.',
    'sort_by([1, 3, 2], x, -x)',
    [3, 2, 1],
  ),
  doc(
    'group_by',
    'group_by(list, x, key)',
    'A map from each key to the items that have it.',
    'group_by([1, 2, 3], x, x > 1 ? "big" : "small")',
    {
      small: [1],
      big: [2, 3],
    },
  ),
  doc(
    'index_by',
    'index_by(list, x, key)',
    'A map from each key to the (last) item that has it.',
    'index_by(["a", "bb"], x, size(x))',
    {
      '1': 'a',
      '2': 'bb',
    },
  ),
  doc(
    'optMap',
    'optional.optMap(x, value)',
    'An optional of a value made from the one inside.',
    '{"a": 1}.?a.optMap(x, x + 1)',
    2,
  ),
  doc(
    'optFlatMap',
    'optional.optFlatMap(x, optional)',
    'As `optMap`, for a value that is an optional itself.',
    'dyn({"a": {"b": 1}}).?a.optFlatMap(x, x.?c)',
    null,
  ),
]

export const nestingMessage = `Macros (filter, map, all, …) nest at most ${maxMacroNesting} deep.`

export const bindMessage = 'cel.bind is not available; write the value where it is used.'

export const isBind = (node: ASTNode): boolean =>
  node.op === 'rcall' && node.args[0] === 'bind' && node.args[1].op === 'id' && node.args[1].args === 'cel'

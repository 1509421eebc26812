/**
 * Operators: which kinds of values they take, and what they give.
 *
 * An operator is refused when no value that its operands can have would do; what is merely possible is left to run time.
 */
import type { JsonSchema } from '../plan.ts'
import { didYouMean } from '../suggest.ts'
import { type CheckContext, constantValue, describeType, fault, operand } from './check-context.ts'
import { joined } from './functions/lists.ts'
import { orderedKinds } from './functions/order.ts'
import type { ASTNode } from './parse.ts'
import { constantsOf, itemOf } from './schema-fields.ts'
import { isInteger, ofKinds, type Type, types } from './schema-types.ts'
import { jsonKinds, Kind } from './values.ts'

const { number, text, list, map, time, duration } = Kind

/** left, right, result. */
type Row = readonly [number, number, number]

const arithmetic: Readonly<Record<string, readonly Row[]>> = {
  '+': [
    [number, number, number],
    [text, text | number, text],
    [number, text, text],
    [list, list, list],
    [time, duration, time],
    [duration, time, time],
    [duration, duration, duration],
  ],
  '-': [
    [number, number, number],
    [time, time, duration],
    [time, duration, time],
    [duration, duration, duration],
  ],
  '*': [[number, number, number]],
  '/': [[number, number, number]],
  '%': [[number, number, number]],
}

type BinaryNode = Extract<ASTNode, { readonly args: [ASTNode, ASTNode] }>

export function checkBinary(node: BinaryNode, context: CheckContext): Type {
  const left = operand(node.args[0], context)
  const right = operand(node.args[1], context)
  switch (node.op) {
    case '==':
    case '!=':
      return checkEquality(node, left, right, context)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return checkOrder(node, left, right, context)
    case 'in':
      return checkIn(node, left, right, context)
    default:
      return checkArithmetic(node, left, right, context)
  }
}

function checkArithmetic(node: BinaryNode, left: Type, right: Type, context: CheckContext): Type {
  let kinds = 0
  for (const [a, b, result] of arithmetic[node.op] ?? []) {
    if ((left.kinds & a) !== 0 && (right.kinds & b) !== 0) kinds |= result
  }
  if (kinds === 0) return refuse(node, left, right, context)
  if ((node.op === '/' || node.op === '%') && constantValue(node.args[1]) === 0) {
    return fault(context, 'expression_type', node.args[1], 'This divides by zero.')
  }
  if (kinds === number) return node.op !== '/' && isInteger(left) && isInteger(right) ? types.integer : types.number
  if (kinds === list) return joined(left, right)
  return left.schema === true || right.schema === true ? { kinds, schema: oneKind(kinds), root: true } : ofKinds(kinds)
}

/** Nothing is said of what an unknown operand gives, unless it can only be of one kind. */
const oneKind = (kinds: number): JsonSchema => ((kinds & (kinds - 1)) === 0 ? ofKinds(kinds).schema : true)

function refuse(node: BinaryNode, left: Type, right: Type, context: CheckContext): Type {
  const message = `"${node.op}" does not work on ${describeType(left)} and ${describeType(right)}.`
  const hint = hintFor(node.op, left, right)
  return fault(context, 'expression_type', node, message, hint ? { hint } : {})
}

function hintFor(operator: string, left: Type, right: Type): string | undefined {
  const both = left.kinds | right.kinds
  if (both === (number | text)) return 'Turn the text into a number with double(text).'
  if (both === (time | text)) return 'Turn the text into a time with time(text).'
  if (both === (duration | text) || both === (duration | number)) return 'Write a duration as dur("30s").'
  if (operator === '+' && (both & text) !== 0) return 'Turn it into text with json(value).'
  return undefined
}

function checkOrder(node: BinaryNode, left: Type, right: Type, context: CheckContext): Type {
  return (left.kinds & right.kinds & orderedKinds) === 0 ? refuseBoolean(node, left, right, context) : types.boolean
}

function checkEquality(node: BinaryNode, left: Type, right: Type, context: CheckContext): Type {
  const nulls = (left.kinds | right.kinds) & Kind.null
  if ((left.kinds & right.kinds) === 0 && nulls === 0) return refuseBoolean(node, left, right, context)
  checkConstant(node.args[0], right, context)
  checkConstant(node.args[1], left, context)
  return types.boolean
}

/** The result is boolean all the same, so that nothing else is reported. */
function refuseBoolean(node: BinaryNode, left: Type, right: Type, context: CheckContext): Type {
  const message = `${capital(describeType(left))} cannot be compared with ${describeType(right)}.`
  const hint = hintFor(node.op, left, right)
  fault(context, 'expression_type', node, message, hint ? { hint } : {})
  return types.boolean
}

const capital = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`

/** A literal that a value with a closed list of values is compared with must be on that list. */
function checkConstant(node: ASTNode, other: Type, context: CheckContext): void {
  if (node.op !== 'value' || typeof node.args !== 'string') return
  const known = isLiteralType(other) ? undefined : constantsOf(other)
  if (!known || known.includes(node.args)) return
  const names = known.filter((value) => typeof value === 'string')
  const near = didYouMean(node.args, names)
  const hint = near ?? `The values are ${names.map((name) => `"${name}"`).join(', ')}.`
  fault(context, 'expression_type', node, `"${node.args}" is not among the values that this can have.`, {
    name: node.args,
    candidates: names,
    hint,
  })
}

const isLiteralType = ({ schema }: Type): boolean => schema !== true && 'const' in schema

function checkIn(node: BinaryNode, left: Type, right: Type, context: CheckContext): Type {
  if ((right.kinds & (list | map)) === 0) {
    const message = `"in" looks into lists and maps, but this is ${describeType(right)}.`
    const hint = right.kinds === text ? { hint: 'For text there is text.contains(other).' } : {}
    fault(context, 'expression_type', node.args[1], message, hint)
  } else if ((right.kinds & list) === 0 && (left.kinds & text) === 0) {
    fault(context, 'expression_type', node.args[0], `The keys of a map are texts, but this is ${describeType(left)}.`)
  } else if ((right.kinds & map) === 0 && misses(left, itemOf(right))) {
    const message = `${capital(describeType(left))} is never in a list of ${describeType(itemOf(right))}.`
    fault(context, 'expression_type', node, message)
  }
  if (node.args[1].op === 'list') for (const item of node.args[1].args) checkConstant(item, left, context)
  return types.boolean
}

const misses = (left: Type, item: Type): boolean =>
  item.schema !== true && (left.kinds & item.kinds) === 0 && (left.kinds & jsonKinds) !== jsonKinds

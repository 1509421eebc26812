/**
 * The one number type: what cel-js reads as int, uint and double are all JSON numbers, and operators work on them.
 *
 * `7 / 2` is 3.5; dividing by zero and growing beyond what a number can hold are errors; a number joined to a text is text.
 */

import { boundedDuration, boundedMs } from './functions/calendar.ts'
import type { Tools } from './functions/define.ts'
import { Refused } from './functions/define.ts'
import { finite } from './functions/numbers.ts'
import { maxListLength } from './limits.ts'
import type { ASTNode, NodeOf } from './parse.ts'
import { Duration, describe, type Plain, Timestamp } from './values.ts'

type LiteralNode = NodeOf<'value'>

/** The JSON value of a literal; undefined for bytes, which JSON does not have, and for numbers that cannot be exact. */
export function literalValue({ args }: LiteralNode): null | boolean | number | string | undefined {
  switch (typeof args) {
    case 'bigint':
      return exact(args)
    case 'object':
      if (args === null) return null
      return args instanceof Uint8Array ? undefined : exact(args.value)
    default:
      return args
  }
}

function exact(value: bigint): number | undefined {
  const number = Number(value)
  return Number.isFinite(number) && BigInt(number) === value ? number : undefined
}

/** Why `literalValue` gave nothing. */
export const literalFault = ({ args }: LiteralNode): string =>
  args instanceof Uint8Array
    ? 'Bytes are not JSON data; write a text.'
    : `${String(args).slice(0, 40)} is too large to be held exactly as a number.`

const isNumbers = (a: Plain, b: Plain): boolean => typeof a === 'number' && typeof b === 'number'

export function add(a: Plain, b: Plain, tools: Tools): Plain {
  if (isNumbers(a, b)) return finite((a as number) + (b as number))
  if (typeof a === 'string' && (typeof b === 'string' || typeof b === 'number')) return tools.text(a + joinable(b))
  if (typeof a === 'number' && typeof b === 'string') return tools.text(joinable(a) + b)
  if (Array.isArray(a) && Array.isArray(b)) return addLists(a, b, tools)
  if (a instanceof Timestamp && b instanceof Duration) return new Timestamp(boundedMs(a.ms + b.ms))
  if (a instanceof Duration && b instanceof Timestamp) return new Timestamp(boundedMs(a.ms + b.ms))
  if (a instanceof Duration && b instanceof Duration) return new Duration(boundedDuration(a.ms + b.ms))
  return refuse('+', a, b)
}

const joinable = (value: string | number): string => (typeof value === 'string' ? value : JSON.stringify(value))

function addLists(a: readonly Plain[], b: readonly Plain[], tools: Tools): Plain {
  tools.charge((a.length + b.length) >> 3)
  if (a.length + b.length > maxListLength)
    throw new Refused('the list would have more than 100,000 items', 'expression_limit')
  return tools.list([...a, ...b])
}

export function subtract(a: Plain, b: Plain): Plain {
  if (isNumbers(a, b)) return finite((a as number) - (b as number))
  if (a instanceof Timestamp && b instanceof Timestamp) return new Duration(boundedDuration(a.ms - b.ms))
  if (a instanceof Timestamp && b instanceof Duration) return new Timestamp(boundedMs(a.ms - b.ms))
  if (a instanceof Duration && b instanceof Duration) return new Duration(boundedDuration(a.ms - b.ms))
  return refuse('-', a, b)
}

export function multiply(a: Plain, b: Plain): Plain {
  return isNumbers(a, b) ? finite((a as number) * (b as number)) : refuse('*', a, b)
}

export function divide(a: Plain, b: Plain): Plain {
  if (!isNumbers(a, b)) return refuse('/', a, b)
  if (b === 0) throw new Refused('division by zero')
  return finite((a as number) / (b as number))
}

export function remainder(a: Plain, b: Plain): Plain {
  if (!isNumbers(a, b)) return refuse('%', a, b)
  if (b === 0) throw new Refused('division by zero')
  return (a as number) % (b as number) || 0
}

export function negate(value: Plain): Plain {
  if (typeof value === 'number') return -value || 0
  if (value instanceof Duration) return new Duration(-value.ms || 0)
  throw new Refused(`"-" does not work on ${describe(value)}`)
}

function refuse(operator: string, a: Plain, b: Plain): never {
  throw new Refused(`"${operator}" does not work on ${describe(a)} and ${describe(b)}`)
}

/** The value of a literal, a negative number included; undefined for every other node. */
export function fromJsonLiteral(node: ASTNode): null | boolean | number | string | undefined {
  if (node.op === 'value') return literalValue(node)
  if (node.op !== '-_') return undefined
  const inner = fromJsonLiteral(node.args)
  return typeof inner === 'number' ? -inner || 0 : undefined
}

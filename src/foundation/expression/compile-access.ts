/**
 * Fields and indexes: `a.b`, `a.?b`, `a[0]`, `a["b"]`, `a[?0]`.
 *
 * A field that is missing is an error, unless it is declared as one that may be missing: then it is null.
 */
import { didYouMean } from '../suggest.ts'
import { type CompileContext, compileOperand, failAt, type Run } from './compile-context.ts'
import type { Evaluation } from './evaluation.ts'
import { Refused } from './functions/define.ts'
import type { ASTNode, NodeOf } from './parse.ts'
import { absent, describe, isMap, Optional, type Plain, type PlainMap, type Value } from './values.ts'

type AccessNode = NodeOf<'.'> | NodeOf<'.?'> | NodeOf<'[]'> | NodeOf<'[?]'>

export function compileAccess(node: AccessNode, context: CompileContext): Run {
  const base = context.compile(node.args[0], context)
  const key = compileKey(node, context)
  const optional = node.op === '.?' || node.op === '[?]'
  return (at) => {
    const value = base(at)
    if (optional) return lookUpOptional(value, key(at))
    if (value instanceof Optional) return value.value === undefined ? absent : lookUpOptional(value, key(at))
    return lookUp(value, key(at), node, context, at)
  }
}

function compileKey(node: AccessNode, context: CompileContext): (at: Evaluation) => Plain {
  if (node.op === '[]' || node.op === '[?]') return compileOperand(node.args[1], context)
  const name = node.args[1]
  return () => name
}

/** The member of a list or a map; undefined when there is none. */
function member(value: Plain, key: Plain): Plain | undefined {
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined
  if (!isMap(value) || typeof key !== 'string' || !Object.hasOwn(value, key)) return undefined
  return value[key]
}

function lookUpOptional(value: Value, key: Plain): Optional {
  const inner = value instanceof Optional ? value.value : value
  const found = inner === undefined ? undefined : member(inner, key)
  return found === undefined ? absent : new Optional(found)
}

function lookUp(value: Plain, key: Plain, node: AccessNode, context: CompileContext, at: Evaluation): Plain {
  const found = member(value, key)
  if (found !== undefined) return found
  if (isMap(value) && typeof key === 'string' && context.mayBeMissing(node as ASTNode, at)) return null
  throw failAt(node, context, new Refused(whyMissing(value, key)))
}

function whyMissing(value: Plain, key: Plain): string {
  if (Array.isArray(value)) {
    if (typeof key !== 'number') return `a list is read by number, not by ${describe(key)}`
    if (!Number.isInteger(key)) return `a list is read by whole numbers, not by ${key}`
    return `there is no item ${key}; the list has ${value.length}`
  }
  if (isMap(value))
    return typeof key === 'string' ? noField(value, key) : `a map is read by text, not by ${describe(key)}`
  const name = typeof key === 'string' ? `field "${key}"` : 'items'
  return value === null
    ? `null has no ${name}; use .? where a value may be missing`
    : `${describe(value)} has no ${name}`
}

function noField(value: PlainMap, key: string): string {
  const keys = Object.keys(value)
  const near = keys.length <= 200 ? didYouMean(key, keys) : undefined
  return `there is no field "${key}"${near ? `. ${near}` : ''}`
}

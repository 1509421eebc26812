/**
 * Syntax tree → a function that evaluates it. Values are JSON throughout; see json-numbers.ts for the one number type.
 *
 * Names, fields and keys are looked up as own properties only, so no prototype can be reached.
 */

import { forbiddenKeys } from '../json.ts'
import { compileAccess } from './compile-access.ts'
import { compileCall } from './compile-calls.ts'
import {
  absorbable,
  type CompileContext,
  compileOperand,
  compileTruth,
  failAt,
  guard,
  type Run,
} from './compile-context.ts'
import type { Evaluation } from './evaluation.ts'
import { Refused } from './functions/define.ts'
import { compare, equal } from './functions/order.ts'
import { add, divide, literalFault, literalValue, multiply, negate, remainder, subtract } from './json-numbers.ts'
import type { ASTNode, NodeOf } from './parse.ts'
import { ExpressionError } from './types.ts'
import { describe, isMap, Kind, kindOf, type Plain, plain, type Value } from './values.ts'

/** Compiles a node. Throws ExpressionError for what can never be evaluated (unknown functions, macros too deep). */
export function compileNode(node: ASTNode, context: CompileContext): Run {
  switch (node.op) {
    case 'value':
      return compileLiteral(node, context)
    case 'id':
      return compileName(node, context)
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      return compileAccess(node, context)
    case 'call':
    case 'rcall':
      return compileCall(node, context)
    case 'list':
      return compileList(node, context)
    case 'map':
      return compileMap(node, context)
    case '?:':
      return compileChoice(node, context)
    case '&&':
      return compileLogic(node, context, false)
    case '||':
      return compileLogic(node, context, true)
    case '!_': {
      const inner = compileTruth(node.args, context)
      return (at) => !inner(at)
    }
    case '-_': {
      const inner = compileOperand(node.args, context)
      return (at) => guard(node, context, () => negate(inner(at)))
    }
    default:
      return compileBinary(node, context)
  }
}

function compileLiteral(node: NodeOf<'value'>, context: CompileContext): Run {
  const value = literalValue(node)
  if (value !== undefined) return () => value
  throw new ExpressionError('expression_failed', literalFault(node), context.source, node.start, node.end)
}

function compileName(node: NodeOf<'id'>, context: CompileContext): Run {
  const name = node.args
  const local = context.locals.get(name)
  if (local !== undefined) return ({ locals }) => locals[local] as Value
  return ({ scope }) => {
    const value = Object.hasOwn(scope.names, name) ? scope.names[name] : undefined
    if (value !== undefined) return value
    throw failAt(node, context, new Refused(`there is no "${name}" here`))
  }
}

function compileList(node: NodeOf<'list'>, context: CompileContext): Run {
  const items = node.args.map((item) => context.compile(item, context))
  return (at) => items.map((item) => plain(item(at)))
}

function compileMap(node: NodeOf<'map'>, context: CompileContext): Run {
  const entries = node.args.map(([key, value]) => ({
    node: key,
    key: compileOperand(key, context),
    value: context.compile(value, context),
  }))
  return (at) => {
    const made: Record<string, Plain> = {}
    for (const { node: keyNode, key, value } of entries) {
      const name = guard(keyNode, context, () => mapKey(key(at), made))
      made[name] = plain(value(at))
    }
    return made
  }
}

function mapKey(key: Plain, made: Readonly<Record<string, Plain>>): string {
  if (typeof key !== 'string') throw new Refused(`the keys of a map are texts, not ${describe(key)}`)
  if (forbiddenKeys.has(key)) throw new Refused(`the key "${key}" is not allowed`)
  if (Object.hasOwn(made, key)) throw new Refused(`the key "${key}" is there twice`)
  return key
}

function compileChoice(node: NodeOf<'?:'>, context: CompileContext): Run {
  const condition = compileTruth(node.args[0], context)
  const yes = context.compile(node.args[1], context)
  const no = context.compile(node.args[2], context)
  return (at) => (condition(at) ? yes(at) : no(at))
}

/** `&&` and `||`: a side that decides wins over an error of the other side. */
function compileLogic(node: NodeOf<'&&'> | NodeOf<'||'>, context: CompileContext, decides: boolean): Run {
  const left = compileTruth(node.args[0], context)
  const right = compileTruth(node.args[1], context)
  return (at) => {
    let failed: unknown
    try {
      if (left(at) === decides) return decides
    } catch (error) {
      failed = absorbable(error, at)
    }
    const value = right(at)
    if (failed !== undefined && value !== decides) throw failed
    return value
  }
}

type Binary = (a: Plain, b: Plain, at: Evaluation) => Value

const operators: Readonly<Record<string, Binary>> = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  '%': remainder,
  '==': (a, b, at) => equal(a, b, at.charge),
  '!=': (a, b, at) => !equal(a, b, at.charge),
  '<': (a, b) => compare(a, b) < 0,
  '<=': (a, b) => compare(a, b) <= 0,
  '>': (a, b) => compare(a, b) > 0,
  '>=': (a, b) => compare(a, b) >= 0,
  in: isIn,
}

function isIn(a: Plain, b: Plain, at: Evaluation): boolean {
  if (Array.isArray(b)) {
    at.charge(b.length >> 3)
    return b.some((item) => equal(a, item as Plain, at.charge))
  }
  if (isMap(b)) return typeof a === 'string' && Object.hasOwn(b, a)
  const hint = kindOf(b) === Kind.text ? '; for text there is text.contains(other)' : ''
  throw new Refused(`"in" looks into lists and maps, not into ${describe(b)}${hint}`)
}

type BinaryNode = Extract<ASTNode, { readonly args: [ASTNode, ASTNode] }>

function compileBinary(node: ASTNode, context: CompileContext): Run {
  const [leftNode, rightNode] = (node as BinaryNode).args
  const left = compileOperand(leftNode, context)
  const right = compileOperand(rightNode, context)
  const operator = operators[node.op] as Binary
  return (at) => {
    const a = left(at)
    const b = right(at)
    try {
      return operator(a, b, at)
    } catch (error) {
      throw error instanceof Refused ? failAt(node, context, error) : error
    }
  }
}

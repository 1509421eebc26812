/**
 * The type checker of expressions: a walk over the syntax tree with JSON Schemas as types. Every fault of an expression
 * is reported, not only the first. No environment is built per stage or per expression.
 */
import { forbiddenKeys, type Json } from '../json.ts'
import { checkCall } from './check-calls.ts'
import { type CheckContext, constantValue, describeType, fault, newReads, operand, truth } from './check-context.ts'
import { checkAccess, checkName } from './check-names.ts'
import { checkBinary } from './check-operators.ts'
import { literalFault, literalValue } from './json-numbers.ts'
import { type ASTNode, createParser, type NodeOf } from './parse.ts'
import {
  constantOf,
  isInteger,
  leaving,
  listOf,
  ofKinds,
  optionalOf,
  settled,
  type Type,
  types,
  union,
} from './schema-types.ts'
import type { CheckedExpression, TypeScope } from './types.ts'
import { Kind } from './values.ts'

export interface Checker {
  /** Checks one expression against what is in scope. Never throws. */
  check(source: string, scope: TypeScope): CheckedExpression
}

export function createChecker(): Checker {
  const parse = createParser()
  return {
    check(source, scope) {
      const parsed = parse(source)
      if ('fault' in parsed) return { faults: [parsed.fault], type: true, reads: newReads() }
      const { context, type } = checkTree(source, parsed.ast, scope)
      if (context.faults.length > 1) context.faults.sort((a, b) => a.start - b.start)
      const { schema } = settled(type)
      return { faults: context.faults, type: context.used.times ? leaving(schema) : schema, reads: context.reads }
    },
  }
}

/**
 * For the evaluator: which accesses of a tree read a field that is declared as one that may be missing. Asked only when
 * a field is missing; the answer is remembered per scope.
 */
export function createOptionalFields(source: string, ast: ASTNode): (node: ASTNode, scope: TypeScope) => boolean {
  const known = new WeakMap<TypeScope, ReadonlySet<ASTNode>>()
  return (node, scope) => {
    const found = known.get(scope) ?? checkTree(source, ast, scope).context.optionalFields
    known.set(scope, found)
    return found.has(node)
  }
}

function checkTree(source: string, ast: ASTNode, scope: TypeScope): { context: CheckContext; type: Type } {
  const context: CheckContext = {
    source,
    scope,
    faults: [],
    reads: newReads(),
    local: undefined,
    depth: 0,
    optionalFields: new Set(),
    used: { times: false },
    check: checkNode,
  }
  return { context, type: checkNode(ast, context) }
}

function checkNode(node: ASTNode, context: CheckContext): Type {
  switch (node.op) {
    case 'value':
      return checkLiteral(node, context)
    case 'id':
      return checkName(node, context)
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      return checkAccess(node, context)
    case 'call':
    case 'rcall':
      return checkCall(node, context)
    case 'list':
      return checkList(node, context)
    case 'map':
      return checkMap(node, context)
    case '?:':
      return checkChoice(node, context)
    case '&&':
    case '||':
      truth(node.args[0], context)
      truth(node.args[1], context)
      return types.boolean
    case '!_':
      truth(node.args, context)
      return types.boolean
    case '-_':
      return checkNegation(node, context)
    default:
      return checkBinary(node, context)
  }
}

function checkLiteral(node: NodeOf<'value'>, context: CheckContext): Type {
  const value = literalValue(node)
  return value === undefined ? fault(context, 'expression_type', node, literalFault(node)) : constantOf(value)
}

function checkNegation(node: NodeOf<'-_'>, context: CheckContext): Type {
  const type = operand(node.args, context)
  const constant = constantValue(node)
  if (constant !== undefined) return constantOf(constant)
  const kinds = type.kinds & (Kind.number | Kind.duration)
  if (kinds === 0) return fault(context, 'expression_type', node, `"-" does not work on ${describeType(type)}.`)
  return isInteger(type) ? types.integer : ofKinds(kinds) // bounds and values of the operand are not those of the result
}

function checkList(node: NodeOf<'list'>, context: CheckContext): Type {
  const items = node.args.map((item) => settled(context.check(item, context)))
  return items.length === 0 ? types.list : listOf(items.reduce(union))
}

function checkMap(node: NodeOf<'map'>, context: CheckContext): Type {
  const properties: Record<string, Json> = {}
  let known = true
  for (const [keyNode, valueNode] of node.args) {
    const key = checkKey(keyNode, properties, context)
    const value = settled(context.check(valueNode, context))
    if (key === undefined) known = false
    else properties[key] = value.schema as Json
  }
  if (!known) return types.map
  const schema = { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
  return { kinds: Kind.map, schema, root: true }
}

/** The key when it is written out. */
function checkKey(node: ASTNode, before: Readonly<Record<string, Json>>, context: CheckContext): string | undefined {
  const type = operand(node, context)
  const key = constantValue(node)
  if ((type.kinds & Kind.text) === 0) {
    const hint = node.op === 'value' ? { hint: `Write {"${JSON.stringify(key)}": …}.` } : {}
    fault(context, 'expression_type', node, `The keys of a map are texts, but this is ${describeType(type)}.`, hint)
  }
  if (typeof key !== 'string') return undefined
  if (forbiddenKeys.has(key)) fault(context, 'expression_type', node, `The key "${key}" is not allowed.`)
  else if (Object.hasOwn(before, key)) fault(context, 'expression_type', node, `The key "${key}" is there twice.`)
  else return key
  return undefined
}

/** The branches may differ in type. */
function checkChoice(node: NodeOf<'?:'>, context: CheckContext): Type {
  truth(node.args[0], context)
  const yes = context.check(node.args[1], context)
  const no = context.check(node.args[2], context)
  if (!yes.optional && !no.optional) return union(yes, no)
  return optionalOf(union(yes, no))
}

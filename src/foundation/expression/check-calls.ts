/**
 * Calls: functions and methods of the table, `has`, `optional.of`, and macros.
 */
import { type CheckContext, constantValue, describeType, fault, nameSpan, operand, truth } from './check-context.ts'
import { maybeAbsent } from './check-names.ts'
import type { Argument, FunctionSpec } from './functions/define.ts'
import { fitsCount, functions, methods, parameterText, signatureOf } from './functions.ts'
import { maxMacroNesting } from './limits.ts'
import { bindMessage, isBind, type MacroCall, macroDocs, macroNames, macroOf, nestingMessage } from './macros.ts'
import type { ASTNode, NodeOf } from './parse.ts'
import { itemOf } from './schema-fields.ts'
import { listOf, mapOf, optionalOf, settled, type Type, types, union } from './schema-types.ts'
import { Kind } from './values.ts'

type CallNode = NodeOf<'call'> | NodeOf<'rcall'>

export function checkCall(node: CallNode, context: CheckContext): Type {
  const macro = macroOf(node)
  if (macro) return checkMacro(node, macro, context)
  if (isBind(node)) return fault(context, 'expression_limit', node, bindMessage)
  if (node.op === 'call' && node.args[0] === 'has') return checkHas(node, context)
  if (node.op === 'rcall' && node.args[1].op === 'id' && node.args[1].args === 'optional') {
    return checkOptional(node, context)
  }
  const known = node.op === 'call' ? functions : methods
  const spec = known.get(node.args[0])
  return spec ? checkFunction(node, spec, context) : unknownFunction(node, context)
}

const argumentsOf = (node: CallNode): readonly ASTNode[] =>
  node.op === 'call' ? node.args[1] : [node.args[1], ...node.args[2]]

function checkFunction(node: CallNode, spec: FunctionSpec, context: CheckContext): Type {
  const nodes = argumentsOf(node)
  const args = nodes.map((arg, at) => argumentOf(arg, at, spec, context))
  if (spec.name === 'now') context.reads.now = true
  if (spec.group === 'time') context.used.times = true
  if (!fitsCount(spec, nodes.length)) {
    return fault(context, 'expression_type', node, `"${spec.name}" does not take ${countText(nodes.length, spec)}.`, {
      name: spec.name,
      hint: `Write ${signatureOf(spec)}.`,
    })
  }
  const fits = args.map((arg, at) => fitsParameter(arg, nodes[at] as ASTNode, at, spec, context)).every(Boolean)
  if (fits && spec.check) refuseArgument(spec.check(args), nodes, context)
  return typeof spec.returns === 'function' ? (fits ? spec.returns(args) : types.any) : spec.returns
}

function countText(count: number, spec: FunctionSpec): string {
  const given = spec.form === 'method' ? count - 1 : count
  return given === 0 ? 'no arguments' : given === 1 ? 'one argument' : `${given} arguments`
}

/** Optionals become their value or null, but what stands before the dot of a method must not be one. */
function argumentOf(node: ASTNode, at: number, spec: FunctionSpec, context: CheckContext): Argument {
  const receiver = spec.form === 'method' && at === 0
  if (spec.optionals) return { type: context.check(node, context), constant: undefined }
  const type = receiver ? operand(node, context) : settled(context.check(node, context))
  if (receiver && type.absent) return { type: maybeAbsent(node, type.absent, context), constant: undefined }
  return { type, constant: constantValue(node) }
}

function fitsParameter(
  { type }: Argument,
  node: ASTNode,
  at: number,
  spec: FunctionSpec,
  context: CheckContext,
): boolean {
  if (spec.optionals) return at > 0 || isOptional(type, node, spec, context)
  const param = spec.params[Math.min(at, spec.params.length - 1)]
  if (!param || (type.kinds & param.kinds) !== 0) return true
  const place = spec.form === 'method' && at === 0 ? 'before the dot' : `as "${param.name}"`
  const message = `"${spec.name}" takes ${parameterText(spec, at)} ${place}, but this is ${describeType(type)}.`
  fault(context, 'expression_type', node, message, { name: spec.name, hint: `Write ${signatureOf(spec)}.` })
  return false
}

function isOptional(type: Type, node: ASTNode, spec: FunctionSpec, context: CheckContext): boolean {
  if (type.optional || type.schema === true) return true
  fault(context, 'expression_type', node, `"${spec.name}" works on what .? gives, but this is ${describeType(type)}.`)
  return false
}

function refuseArgument(
  refusal: ReturnType<NonNullable<FunctionSpec['check']>>,
  nodes: readonly ASTNode[],
  context: CheckContext,
): void {
  if (!refusal) return
  const { argument, message, code = 'expression_type', name, candidates } = refusal
  const at = nodes[argument] ?? nodes[0]
  if (at) fault(context, code, at, message, { ...(name !== undefined && { name }), ...(candidates && { candidates }) })
}

function unknownFunction(node: CallNode, context: CheckContext): Type {
  const [name] = node.args
  const asMacro = macroDocs.find((doc) => doc.name === name)
  const span = nameSpan(node, name, context)
  if (asMacro)
    return fault(context, 'expression_type', node, `"${name}" is not written so.`, {
      name,
      hint: `Write ${asMacro.signature}.`,
    })
  for (const arg of argumentsOf(node)) context.check(arg, context)
  const candidates = node.op === 'call' ? [...functions.keys(), 'has'] : [...methods.keys(), ...macroNames]
  const other = (node.op === 'call' ? methods : functions).get(name)
  const hint = other ? { hint: `Write ${signatureOf(other)}.` } : {}
  return fault(context, 'unknown_function', span, `There is no function "${name}".`, { name, candidates, ...hint })
}

function checkHas(node: NodeOf<'call'>, context: CheckContext): Type {
  const [field, extra] = node.args[1]
  if (field && extra === undefined && (field.op === '.' || field.op === '.?')) {
    context.check(toOptional(field), context)
    return types.boolean
  }
  return fault(context, 'expression_type', node, '"has" takes one field, as in has(a.b).', { name: 'has' })
}

/** `has(a.b)` asks whether a field is there, so it is read as `a.?b`. */
const toOptional = (field: NodeOf<'.'> | NodeOf<'.?'>): ASTNode => {
  const { args, start, end, pos, input, range } = field
  return { op: '.?', args, start, end, pos, input, range, toOldStructure: () => field.toOldStructure() }
}

function checkOptional(node: NodeOf<'rcall'>, context: CheckContext): Type {
  const [name, , args] = node.args
  const [inner] = args
  if (name === 'none' && inner === undefined) return optionalOf(types.any)
  if ((name === 'of' || name === 'ofNonZeroValue') && inner && args.length === 1)
    return optionalOf(operand(inner, context))
  const span = nameSpan(node, name, context)
  const details = { name, candidates: ['of', 'ofNonZeroValue', 'none'] }
  return fault(context, 'unknown_function', span, `There is no function "optional.${name}".`, details)
}

function checkMacro(node: CallNode, macro: MacroCall, context: CheckContext): Type {
  if (context.depth >= maxMacroNesting) return fault(context, 'expression_limit', node, nestingMessage)
  const over = overType(macro, context)
  const local = { name: macro.variable, type: variableType(macro, over), outer: context.local }
  const inside: CheckContext = { ...context, local, depth: context.depth + 1 }
  if (macro.condition) truth(macro.condition, inside)
  const value = macro.value && inside.check(macro.value, inside)
  return resultType(macro, over, value ?? types.any)
}

const ofOptional = ({ name }: MacroCall): boolean => name === 'optMap' || name === 'optFlatMap'
const ofList = ({ name }: MacroCall): boolean => name === 'sort_by' || name === 'group_by' || name === 'index_by'

/** The type of what a macro goes over; a fault when it cannot go over that. */
function overType(macro: MacroCall, context: CheckContext): Type {
  if (ofOptional(macro)) return context.check(macro.over, context)
  const type = ofList(macro) ? settled(context.check(macro.over, context)) : operand(macro.over, context)
  if (type.absent) return maybeAbsent(macro.over, type.absent, context)
  const wanted = ofList(macro) ? Kind.list : Kind.list | Kind.map
  if ((type.kinds & wanted) !== 0) return type
  const wantedText = ofList(macro) ? 'a list' : 'a list or a map'
  const message = `"${macro.name}" goes over ${wantedText}, but this is ${describeType(type)}.`
  return fault(context, 'expression_type', macro.over, message, { name: macro.name })
}

function variableType(macro: MacroCall, over: Type): Type {
  if (ofOptional(macro)) return { kinds: over.kinds, schema: over.schema, root: over.root }
  if ((over.kinds & Kind.list) === 0) return types.text
  const item = itemOf(over)
  return (over.kinds & Kind.map) === 0 ? item : union(item, types.text) // of a map it is a key
}

function resultType(macro: MacroCall, over: Type, value: Type): Type {
  switch (macro.name) {
    case 'all':
    case 'exists':
    case 'exists_one':
      return types.boolean
    case 'filter':
      return (over.kinds & Kind.list) === 0 ? listOf(types.text) : listOf(variableType(macro, over))
    case 'map':
      return listOf(settled(value))
    case 'sort_by':
      return listOf(itemOf(over))
    case 'group_by':
      return mapOf(listOf(itemOf(over)))
    case 'index_by':
      return mapOf(itemOf(over))
    default:
      return optionalOf(value)
  }
}

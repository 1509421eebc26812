/**
 * Calls: functions and methods of the table, `has`, and macros.
 */
import { didYouMean } from '../suggest.ts'
import { type CompileContext, compileOperand, failAt, type Run, refuse } from './compile-context.ts'
import { compileMacro } from './compile-macros.ts'
import type { Evaluation } from './evaluation.ts'
import { type FunctionSpec, Refused } from './functions/define.ts'
import { fitsCount, functions, methods, parameterText, signatureOf } from './functions.ts'
import { bindMessage, isBind, macroOf } from './macros.ts'
import type { ASTNode, NodeOf } from './parse.ts'
import { absent, Duration, describe, isMap, kindOf, Optional, type Plain, plain, type Value } from './values.ts'

export function compileCall(node: NodeOf<'call'> | NodeOf<'rcall'>, context: CompileContext): Run {
  const macro = macroOf(node)
  if (macro) return compileMacro(node, macro, context)
  if (isBind(node)) throw refuse(node, context, bindMessage, 'expression_limit')
  if (node.op === 'call' && node.args[0] === 'has' && node.args[1].length === 1) return compileHas(node, context)
  const isOptionalMaker = node.op === 'rcall' && isOptionalName(node.args[1])
  if (isOptionalMaker) return compileOptional(node, context)
  return compileFunction(node, context)
}

const isOptionalName = (node: ASTNode): boolean => node.op === 'id' && node.args === 'optional'

/** `optional.of(x)`, `optional.ofNonZeroValue(x)` and `optional.none()`. */
function compileOptional(node: NodeOf<'rcall'>, context: CompileContext): Run {
  const [name, , args] = node.args
  const [inner] = args
  if (name === 'none' && inner === undefined) return () => absent
  if ((name === 'of' || name === 'ofNonZeroValue') && inner !== undefined && args.length === 1) {
    const value = compileOperand(inner, context)
    if (name === 'of') return (at) => new Optional(value(at))
    return (at) => {
      const made = value(at)
      return isZero(made) ? absent : new Optional(made)
    }
  }
  throw refuse(node, context, `There is no function "optional.${name}".`)
}

/** What CEL calls a zero value: null, false, 0, and whatever is empty. */
function isZero(value: Plain): boolean {
  if (value === null || value === false || value === 0 || value === '') return true
  if (value instanceof Duration) return value.ms === 0
  if (Array.isArray(value)) return value.length === 0
  return isMap(value) && Object.keys(value).length === 0
}

function compileFunction(node: NodeOf<'call'> | NodeOf<'rcall'>, context: CompileContext): Run {
  const [name] = node.args
  const known = node.op === 'call' ? functions : methods
  const spec = known.get(name)
  if (!spec) throw refuse(node, context, `There is no function "${name}".${suffix(didYouMean(name, known.keys()))}`)
  const argNodes = node.op === 'call' ? node.args[1] : [node.args[1], ...node.args[2]]
  if (!fitsCount(spec, argNodes.length)) throw refuse(node, context, `Write ${signatureOf(spec)}.`)
  const args = argNodes.map((arg) => context.compile(arg, context))
  const run = spec.run as unknown as (args: readonly Value[], at: Evaluation) => Value
  return (at) => {
    const values = args.map((arg) => (spec.optionals ? arg(at) : plain(arg(at))))
    try {
      at.charge(1)
      if (!spec.optionals) checkArguments(spec, values as Plain[])
      return run(values, at)
    } catch (error) {
      throw error instanceof Refused ? failAt(node, context, error) : error
    }
  }
}

const suffix = (hint: string | undefined): string => (hint ? ` ${hint}` : '')

function checkArguments(spec: FunctionSpec, values: readonly Plain[]): void {
  for (const [at, value] of values.entries()) {
    const param = spec.params[Math.min(at, spec.params.length - 1)]
    if (param && (kindOf(value) & param.kinds) === 0) {
      throw new Refused(`${spec.name} takes ${parameterText(spec, at)} as "${param.name}", not ${describe(value)}`)
    }
  }
}

/** `has(a.b)`: the field is there and not null. */
function compileHas(node: NodeOf<'call'>, context: CompileContext): Run {
  const [field] = node.args[1]
  if (field?.op !== '.' && field?.op !== '.?') throw refuse(node, context, 'has() takes a field, as in has(a.b).')
  const name = field.args[1]
  const base = context.compile(field.args[0], context)
  return (at) => {
    const value = plain(base(at))
    if (value === null) return false
    if (isMap(value)) return Object.hasOwn(value, name) && value[name] !== null
    throw failAt(node, context, new Refused(`${describe(value)} has no field "${name}"`))
  }
}

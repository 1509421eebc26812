/**
 * What the parts of the checker share: what is in scope, what was found, and nodes that must be of a certain kind.
 */

import type { Json } from '../json.ts'
import { fromJsonLiteral } from './json-numbers.ts'
import type { ASTNode } from './parse.ts'
import { type StageRead, type Type, types } from './schema-types.ts'
import type { ExpressionFault, ExpressionReads, TypeScope } from './types.ts'
import { describeKinds, Kind } from './values.ts'

export interface Read {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** The reads found so far; stages are completed by the accesses that follow. */
export interface Reads extends ExpressionReads {
  readonly stages: StageRead[]
  readonly vars: Read[]
  readonly inputs: Read[]
  readonly env: Read[]
  readonly secrets: Read[]
  now: boolean
  readonly whole: Set<string>
}

export const newReads = (): Reads => ({
  stages: [],
  vars: [],
  inputs: [],
  env: [],
  secrets: [],
  now: false,
  whole: new Set(),
})

/** A macro variable, and those around it. */
export interface Local {
  readonly name: string
  readonly type: Type
  readonly outer: Local | undefined
}

export interface CheckContext {
  readonly source: string
  readonly scope: TypeScope
  readonly faults: ExpressionFault[]
  readonly reads: Reads
  readonly local: Local | undefined
  /** How many macro bodies are around. */
  readonly depth: number
  /** Accesses of fields that are declared as ones that may be missing. */
  readonly optionalFields: Set<ASTNode>
  /** Whether times or durations occur, whose schemas are marked until they leave. */
  readonly used: { times: boolean }
  /** Checks a node; handed on, since nodes hold nodes of every kind. */
  readonly check: (node: ASTNode, context: CheckContext) => Type
}

export type Details = Omit<ExpressionFault, 'code' | 'start' | 'end' | 'message'>

/** Notes a fault at a place; the type of what is wrong is unknown, so that one fault does not cause others. */
export function fault(
  context: CheckContext,
  code: ExpressionFault['code'],
  at: { readonly start: number; readonly end: number },
  message: string,
  details: Details = {},
): Type {
  context.faults.push({ code, start: at.start, end: at.end, message, ...details })
  return types.any
}

export function findLocal(context: CheckContext, name: string): Local | undefined {
  for (let local = context.local; local; local = local.outer) if (local.name === name) return local
  return undefined
}

/** The type of a node that must not be an optional. */
export function operand(node: ASTNode, context: CheckContext): Type {
  const type = context.check(node, context)
  if (!type.optional) return type
  return fault(context, 'optional_operand', node, 'This may be absent, so no operator works on it.', {
    hint: `Give it a default: coalesce(${context.source.slice(node.start, node.end)}, …).`,
  })
}

/** Checks a node that must be true or false. */
export function truth(node: ASTNode, context: CheckContext): void {
  const type = operand(node, context)
  if ((type.kinds & Kind.boolean) !== 0) return
  fault(context, 'expression_type', node, `This must be true or false, but it is ${describeType(type)}.`)
}

export const describeType = (type: Type): string => (type.optional ? 'an optional value' : describeKinds(type.kinds))

/** The value of a literal (also a negative number); undefined for everything else. */
export const constantValue = (node: ASTNode): Json | undefined => fromJsonLiteral(node)

/** Where the name of a method, or of a field, stands. */
export function nameSpan(node: ASTNode, name: string, context: CheckContext): { start: number; end: number } {
  if (node.op === 'call') return { start: node.start, end: node.start + name.length }
  if (node.op !== 'rcall') return { start: node.pos, end: node.end }
  const found = /^[\s)]*\.\s*/.exec(context.source.slice(node.args[1].end))
  const start = found ? node.args[1].end + found[0].length : node.start
  return { start, end: context.source.startsWith(name, start) ? start + name.length : node.end }
}

/**
 * What the parts of the compiler of expressions share: the context, and nodes that must be of a certain kind.
 */
import type { Evaluation } from './evaluation.ts'
import { Refused, sentence } from './functions/define.ts'
import type { ASTNode } from './parse.ts'
import { ExpressionError } from './types.ts'
import { describe, Optional, type Plain, type Value } from './values.ts'

export type Run = (at: Evaluation) => Value

/** What is known while compiling: the source, the macro variables around, and how to tell that a field is declared. */
export interface CompileContext {
  readonly source: string
  /** Macro variable → its place among the locals. */
  readonly locals: ReadonlyMap<string, number>
  /** How many macro bodies are around. */
  readonly depth: number
  /** Compiles a node; handed on, since nodes hold nodes of every kind. */
  readonly compile: (node: ASTNode, context: CompileContext) => Run
  /** Whether a field that is missing is declared as one that may be missing, and so is null. */
  readonly mayBeMissing: (node: ASTNode, at: Evaluation) => boolean
}

/** An error at a node. */
export function failAt(node: ASTNode, context: CompileContext, error: Refused): ExpressionError {
  return new ExpressionError(error.code, sentence(error.message), context.source, node.start, node.end)
}

/** Runs an operation; what it refuses becomes an error at the node. */
export function guard<T>(node: ASTNode, context: CompileContext, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof Refused ? failAt(node, context, error) : error
  }
}

/** A node whose value must not be an optional. */
export function compileOperand(node: ASTNode, context: CompileContext): (at: Evaluation) => Plain {
  const run = context.compile(node, context)
  return (at) => {
    const value = run(at)
    if (!(value instanceof Optional)) return value
    throw failAt(node, context, new Refused('this may be absent; give it a default with coalesce(…)'))
  }
}

/** A node that must be true or false. */
export function compileTruth(node: ASTNode, context: CompileContext): (at: Evaluation) => boolean {
  const run = compileOperand(node, context)
  return (at) => {
    const value = run(at)
    if (typeof value === 'boolean') return value
    throw failAt(node, context, new Refused(`this must be true or false, not ${describe(value)}`))
  }
}

/** Only failures can be outvoted, never limits. Counted, since an error is dear to make. */
export function absorbable(error: unknown, at: Evaluation): unknown {
  if (!(error instanceof ExpressionError) || error.code !== 'expression_failed') throw error
  at.charge(100)
  return error
}

/** An error at a node, found while compiling. */
export function refuse(
  node: ASTNode,
  context: CompileContext,
  message: string,
  code: ExpressionError['code'] = 'expression_failed',
): ExpressionError {
  return new ExpressionError(code, message, context.source, node.start, node.end)
}

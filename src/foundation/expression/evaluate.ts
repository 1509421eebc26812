/**
 * Expressions at run time: compiled once, evaluated often, never able to hang.
 *
 *   const evaluator = createEvaluator()
 *   evaluator.expression('inputs.n / 2', { names: { inputs: { n: 7 } }, nowMs: 0 })   // 3.5
 */
import type { Json } from '../json.ts'
import type { Template } from '../template.ts'
import { createOptionalFields } from './check.ts'
import { compileNode } from './compile.ts'
import type { Run } from './compile-context.ts'
import { createShared, Evaluation, type Shared } from './evaluation.ts'
import { Refused, sentence } from './functions/define.ts'
import { renderText, toJson } from './leave.ts'
import { type ASTNode, createParser, type Parse } from './parse.ts'
import { type EvaluationScope, ExpressionError } from './types.ts'
import type { Value } from './values.ts'

/** Evaluates expressions and templates. Throws `ExpressionError` only. Results are strict JSON; do not change them. */
export interface Evaluator {
  expression(source: string, scope: EvaluationScope): Json
  /** true or false; anything else is an error. */
  condition(source: string, scope: EvaluationScope): boolean
  /** The value of a template: expressions keep their types, those inside longer text are rendered. */
  template(template: Template, scope: EvaluationScope): Json
}

/** How many compiled expressions an evaluator keeps. */
const maxPrograms = 10_000
/** Characters of a text that a template makes. */
const maxRenderedLength = 16 * 1_048_576

export function createEvaluator(): Evaluator {
  const parse = createParser()
  const shared = createShared()
  const programs = new Map<string, Run>()

  function programOf(source: string): Run {
    const known = programs.get(source)
    if (known) return known
    const made = protect(source, () => compileSource(source, parse))
    if (programs.size >= maxPrograms) programs.delete(programs.keys().next().value as string)
    programs.set(source, made)
    return made
  }

  const expression = (source: string, scope: EvaluationScope): Json => {
    const program = programOf(source)
    return protect(source, () => evaluateIn(program, scope, shared))
  }

  function condition(source: string, scope: EvaluationScope): boolean {
    const value = expression(source, scope)
    if (typeof value === 'boolean') return value
    const found =
      value === null
        ? 'null'
        : Array.isArray(value)
          ? 'a list'
          : value instanceof Object
            ? 'a map'
            : JSON.stringify(value)
    throw new ExpressionError(
      'expression_failed',
      `A condition must be true or false, not ${found.slice(0, 80)}.`,
      source,
      0,
      source.length,
    )
  }

  function template(node: Template, scope: EvaluationScope): Json {
    switch (node.kind) {
      case 'literal':
        return node.value
      case 'expression':
        return expression(node.source, scope)
      case 'text':
        return renderParts(node.parts, (source) => expression(source, scope))
      case 'list':
        return node.items.map((item) => template(item, scope))
      case 'map':
        return Object.fromEntries(node.entries.map(([key, inner]) => [key, template(inner, scope)]))
    }
  }

  return { expression, condition, template }
}

function compileSource(source: string, parse: Parse): Run {
  const parsed = parse(source)
  if ('fault' in parsed) {
    const { code, message, start, end } = parsed.fault
    const kind = code === 'expression_limit' ? 'expression_limit' : 'expression_failed'
    throw new ExpressionError(kind, message, source, start, end)
  }
  const isOptionalField = createOptionalFields(source, parsed.ast)
  const mayBeMissing = (node: ASTNode, at: Evaluation): boolean =>
    at.scope.types !== undefined && isOptionalField(node, at.scope.types)
  return compileNode(parsed.ast, { source, locals: new Map(), depth: 0, compile: compileNode, mayBeMissing })
}

function evaluateIn(program: Run, scope: EvaluationScope, shared: Shared): Json {
  const evaluation = new Evaluation(scope, shared)
  const value: Value = program(evaluation)
  return typeof value === 'object' && value !== null ? toJson(value, shared.weights, evaluation.charge) : value
}

/** Whatever goes wrong becomes an ExpressionError of this source. */
function protect<T>(source: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof ExpressionError) throw error
    if (error instanceof Refused) throw new ExpressionError(error.code, sentence(error.message), source)
    if (error instanceof RangeError)
      throw new ExpressionError('expression_limit', 'The expression or its data is too large or too deep.', source)
    throw error
  }
}

function renderParts(parts: Extract<Template, { kind: 'text' }>['parts'], evaluate: (source: string) => Json): string {
  let text = ''
  for (const part of parts) {
    text += typeof part === 'string' ? part : protect(part.source, () => renderText(evaluate(part.source)))
    if (text.length <= maxRenderedLength) continue
    const source = typeof part === 'string' ? '' : part.source
    throw new ExpressionError('expression_limit', 'The text would be longer than 16 MB.', source)
  }
  return text
}

/**
 * Macros: `filter`, `map`, `all`, `exists`, `exists_one`, `sort_by(list, x, …)` and their like.
 */
import { absorbable, type CompileContext, compileTruth, failAt, type Run, refuse } from './compile-context.ts'
import type { Evaluation } from './evaluation.ts'
import { Refused } from './functions/define.ts'
import { grouped, indexed, sortedBy } from './functions/lists.ts'
import { maxMacroNesting } from './limits.ts'
import { type MacroCall, nestingMessage } from './macros.ts'
import type { ASTNode } from './parse.ts'
import { absent, describe, isMap, Optional, type Plain, plain, type Value } from './values.ts'

export function compileMacro(node: ASTNode, macro: MacroCall, context: CompileContext): Run {
  if (context.depth >= maxMacroNesting) throw refuse(node, context, nestingMessage, 'expression_limit')
  const over = context.compile(macro.over, context)
  const slot = context.depth
  const inside = { ...context, depth: slot + 1, locals: new Map(context.locals).set(macro.variable, slot) }
  const step = stepOf(macro, inside)
  const cost = 1 + Math.floor(weightOf(macro) / 10)
  const body: Body = {
    node,
    context,
    each(at, item) {
      at.charge(cost)
      at.locals[slot] = item
    },
  }
  const run = runners[macro.name]
  return (at) => {
    const value = over(at)
    try {
      return run(value, step, body, at)
    } catch (error) {
      throw error instanceof Refused ? failAt(node, context, error) : error
    }
  }
}

interface Step {
  readonly condition: ((at: Evaluation) => boolean) | undefined
  readonly value: Run | undefined
}

interface Body {
  readonly node: ASTNode
  readonly context: CompileContext
  /** Makes an item the current one, and counts it. */
  each(at: Evaluation, item: Plain): void
}

const stepOf = ({ condition, value }: MacroCall, inside: CompileContext): Step => ({
  condition: condition && compileTruth(condition, inside),
  value: value && inside.compile(value, inside),
})

type Runner = (over: Value, step: Step, body: Body, at: Evaluation) => Value

const runners: Readonly<Record<MacroCall['name'], Runner>> = {
  all: (over, step, body, at) => quantify(over, step, body, at, false),
  exists: (over, step, body, at) => quantify(over, step, body, at, true),
  exists_one: (over, step, body, at) => keep(itemsOf(over), step, body, at).length === 1,
  filter: (over, step, body, at) => at.list(keep(itemsOf(over), step, body, at)),
  map: (over, step, body, at) => at.list(valuesOf(itemsOf(over), step, body, at)),
  sort_by: (over, step, body, at) => sortedBy(listOf(over), valuesOf(listOf(over), step, body, at), at),
  group_by: (over, step, body, at) => grouped(listOf(over), valuesOf(listOf(over), step, body, at), at),
  index_by: (over, step, body, at) => indexed(listOf(over), valuesOf(listOf(over), step, body, at), at),
  optMap: (over, step, body, at) => mapOptional(over, step, body, at, false),
  optFlatMap: (over, step, body, at) => mapOptional(over, step, body, at, true),
}

/** `all` and `exists`: an item that decides wins over errors of other items. */
function quantify(over: Value, { condition }: Step, body: Body, at: Evaluation, decides: boolean): boolean {
  let failed: unknown
  for (const item of itemsOf(over)) {
    body.each(at, item)
    try {
      if (condition?.(at) === decides) return decides
    } catch (error) {
      const one = absorbable(error, at)
      failed ??= one
    }
  }
  if (failed !== undefined) throw failed
  return !decides
}

function keep(items: readonly Plain[], { condition }: Step, body: Body, at: Evaluation): Plain[] {
  return items.filter((item) => {
    body.each(at, item)
    return condition?.(at) ?? true
  })
}

function valuesOf(items: readonly Plain[], { condition, value }: Step, body: Body, at: Evaluation): Plain[] {
  const made: Plain[] = []
  for (const item of items) {
    body.each(at, item)
    if (condition === undefined || condition(at)) made.push(plain(value?.(at) ?? null))
  }
  return made
}

function mapOptional(over: Value, { value }: Step, body: Body, at: Evaluation, flat: boolean): Value {
  const inner = over instanceof Optional ? over.value : over
  if (inner === undefined) return absent
  body.each(at, inner)
  const made = value?.(at) ?? null
  if (made instanceof Optional) return flat ? made : new Optional(plain(made))
  return new Optional(made)
}

/** Items of a list, keys of a map. */
function itemsOf(over: Value): readonly Plain[] {
  const value = plain(over)
  if (Array.isArray(value)) return value
  if (isMap(value)) return Object.keys(value)
  throw new Refused(`this goes over a list or a map, not over ${describe(value)}`)
}

function listOf(over: Value): readonly Plain[] {
  const value = plain(over)
  if (Array.isArray(value)) return value
  throw new Refused(`this takes a list, not ${describe(value)}`)
}

/** How many nodes a macro evaluates per item. */
function weightOf({ condition, value }: MacroCall): number {
  return (condition ? nodesIn(condition) : 0) + (value ? nodesIn(value) : 0)
}

function nodesIn(node: unknown): number {
  if (Array.isArray(node)) return node.reduce<number>((sum, inner) => sum + nodesIn(inner), 0)
  if (typeof node !== 'object' || node === null || !('op' in node)) return 0
  return 1 + nodesIn((node as ASTNode).args)
}

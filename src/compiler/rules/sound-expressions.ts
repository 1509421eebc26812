/** Every expression reads what is there, where it may be read, with types that work. */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { ExpressionFault } from '../../foundation/expression/types.ts'
import type { Span } from '../../foundation/source.ts'
import { suggest } from '../../foundation/suggest.ts'
import { type ListedStage, listsAround, outwards, type StageList } from '../stage-tree.ts'
import { levelOf, lookAt, undoneBy } from './facts/sight.ts'
import type { View } from './facts/sites.ts'
import type { Facts, Rule } from './rule.ts'

export const soundExpressions: Rule = (facts, report) => {
  for (const { site, checked, spanIn } of facts.expressions.all) {
    for (const fault of checked.faults) report(diagnosticOf(fault, spanIn(fault.start, fault.end), site.view, facts))
  }
}

function diagnosticOf(fault: ExpressionFault, span: Span, view: View, facts: Facts): Diagnostic {
  const { message, hint, name = '', candidates = [] } = fault
  const near = suggest(name, candidates)
  switch (fault.code) {
    case 'expression_syntax':
    case 'expression_type':
    case 'expression_limit':
    case 'wrong_scope':
    case 'optional_operand':
    case 'bad_pattern':
      return diagnostics[fault.code](span, message, hint)
    case 'unknown_name':
      return diagnostics.unknown_name(span, name, withRoot(name, facts) ?? near, candidates)
    case 'unknown_stage':
      return diagnostics.unknown_stage(span, name, near, candidates)
    case 'unknown_field':
      return diagnostics.unknown_field(span, message, near, candidates)
    case 'unknown_function':
      return diagnostics.unknown_function(span, name, near, hint)
    case 'stage_not_upstream':
      return notUpstream(span, name, view, facts)
    case 'maybe_absent_output':
      return maybeAbsent(span, name, view, facts)
  }
}

/** `topic` alone means `inputs.topic`, where there is such an input. */
function withRoot(name: string, { declared, tree }: Facts): string | undefined {
  const roots = ['inputs', 'vars', 'env', 'secrets'] as const
  const root = roots.find((each) => declared[each].has(name)) ?? (tree.find(name) ? 'stages' : undefined)
  return root && `${root}.${name}`
}

function notUpstream(span: Span, name: string, { reader, names }: View, { tree, factsOf }: Facts): Diagnostic {
  const other = tree.find(name) as ListedStage
  const apart = roleApart(other, reader)
  if (apart) return diagnostics.stage_inside_body(span, other.id, apart.holder?.id ?? '', apart.role)
  const at = levelOf(other, reader)
  if (!at) return insideBody(span, other, reader, names)
  const within = at === reader ? undefined : at.id
  const { order } = factsOf(at.list)
  const fix = other === at ? 'itself' : order.waitsFor(other.index, at.index) ? 'move' : 'add'
  return diagnostics.stage_not_upstream(span, name, reader?.id ?? '', fix, within)
}

/** The list of a handler or of `finally` that a stage stands in, and what reads it does not. */
function roleApart(
  other: ListedStage,
  reader: ListedStage | undefined,
): { readonly role: 'finally' | 'handler'; readonly holder: ListedStage | undefined } | undefined {
  const around = new Set(reader ? listsAround(reader.list) : [])
  for (const list of listsAround(other.list)) {
    if (around.has(list)) return undefined
    if (list.role === 'finally') return { role: 'finally', holder: undefined }
    if (list.role === 'handler' || list.role === 'on_error') return { role: 'handler', holder: list.holder }
  }
  return undefined
}

/** The outermost stage that holds the other one and can be seen, or that both stand in. */
function insideBody(span: Span, other: ListedStage, reader: ListedStage | undefined, names: StageList): Diagnostic {
  if (other.list === names) return diagnostics.stage_inside_body(span, other.id, reader?.id ?? '', 'while')
  const around = new Set([...outwards(reader)])
  const lists = new Set([...around].map(({ list }) => list)).add(names)
  const holder = [...outwards(other)].find(({ list }) => lists.has(list) || !list.holder) as ListedStage
  return diagnostics.stage_inside_body(span, other.id, holder.id, around.has(holder) ? 'beside' : 'outside')
}

function maybeAbsent(span: Span, name: string, view: View, { tree, factsOf }: Facts): Diagnostic {
  if (undoneBy(view)?.id === name) return diagnostics.maybe_absent_output(span, name, 'undone')
  const seen = lookAt(tree.find(name) as ListedStage, view, factsOf)
  const isKnown = seen === 'tolerated' || seen === 'failed' || seen === 'valueless' || seen === 'ended'
  return diagnostics.maybe_absent_output(span, name, isKnown ? seen : 'skipped')
}

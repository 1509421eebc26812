/** Every expression reads what is there, where it may be read, with types that work. */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { ExpressionFault } from '../../foundation/expression/types.ts'
import type { Span } from '../../foundation/source.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { Facts, Rule } from './rule.ts'

export const soundExpressions: Rule = (facts, report) => {
  for (const { site, checked, spanIn } of facts.expressions.all) {
    for (const fault of checked.faults) report(diagnosticOf(fault, spanIn(fault.start, fault.end), site.reader, facts))
  }
}

function diagnosticOf(fault: ExpressionFault, span: Span, reader: number | undefined, facts: Facts): Diagnostic {
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
      return notUpstream(span, name, reader ?? 0, facts)
    case 'maybe_absent_output':
      return maybeAbsent(span, name, reader, facts)
  }
}

/** `topic` alone means `inputs.topic`, where there is such an input. */
function withRoot(name: string, { declared, stages }: Facts): string | undefined {
  const roots = ['inputs', 'vars', 'env', 'secrets'] as const
  const root =
    roots.find((each) => declared[each].has(name)) ?? (stages.indexOf(name) === undefined ? undefined : 'stages')
  return root && `${root}.${name}`
}

function notUpstream(span: Span, name: string, reader: number, { stages, order }: Facts): Diagnostic {
  const other = stages.indexOf(name) ?? reader
  const fix = other === reader ? 'itself' : order.waitsFor(other, reader) ? 'move' : 'add'
  return diagnostics.stage_not_upstream(span, name, stages.all[reader]?.id ?? '', fix)
}

function maybeAbsent(span: Span, name: string, reader: number | undefined, { stages, presence }: Facts): Diagnostic {
  const stage = stages.indexOf(name) ?? 0
  const why = reader === undefined ? presence.whyAbsentAtEnd(stage) : presence.whyAbsent(stage, reader)
  return diagnostics.maybe_absent_output(span, name, why ?? 'skipped')
}

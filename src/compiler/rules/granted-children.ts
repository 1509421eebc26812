/** A pipeline that is a stage reads and asks nothing that the pipeline around it may not. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject } from '../../foundation/json.ts'
import type { Span } from '../../foundation/source.ts'
import type { ChildDeclaration } from '../declarations.ts'
import type { Path } from '../parsed.ts'
import type { Facts, Report, Rule } from './rule.ts'

export const grantedChildren: Rule = (facts, report) => {
  for (const { child, configPath } of facts.declared.stages) {
    if (child) checkChild(child, facts.parsed.spanOf(configPath(['pipeline'])), facts, report)
  }
}

function checkChild(child: ChildDeclaration, span: Span, { parsed, declared, context }: Facts, report: Report): void {
  const { spec, spanOf } = child.parsed
  const refuse = (what: string, name: string, list: string, path: Path) =>
    report(diagnostics.not_granted(span, what, name, spec.name, list, spanOf(path)))
  for (const [at, entry] of (spec.env ?? []).entries()) {
    for (const name of typeof entry === 'string' ? [entry] : Object.keys(entry)) {
      if (!declared.env.has(name)) refuse('environment variable', name, 'env', ['env', at])
    }
  }
  for (const [at, name] of (spec.secrets ?? []).entries()) {
    if (!declared.secrets.has(name)) refuse('secret', name, 'secrets', ['secrets', at])
  }
  const models = isJsonObject(parsed.data.models) ? Object.values(parsed.data.models) : []
  for (const [name, model] of Object.entries(spec.models ?? {})) {
    // Names are the child's own business; what they stand for is not.
    if (!models.includes(model) && !context.models.has(model)) refuse('model', model, 'models', ['models', name])
  }
}

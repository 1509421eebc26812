/** What has an effect and comes after a gate depends on its decision; and what stands below a gate comes after it. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject } from '../../foundation/json.ts'
import type { StageDeclaration } from '../declarations.ts'
import type { Facts, Rule } from './rule.ts'

export const shutGates: Rule = (facts, report) => {
  const { declared, order, parsed, stages } = facts
  const gates = declared.stages.filter(({ kind }) => kind.waits === 'gate')
  if (gates.length === 0) return
  const effects = declared.stages.filter(hasEffect)
  for (const gate of gates) {
    const mayContinue = isJsonObject(gate.config) && gate.config.on_reject === 'continue'
    const guarded = mayContinue ? guardedBy(gate, facts) : undefined
    for (const { index, id } of effects) {
      if (order.isUncertain(index)) continue
      const span = parsed.spanOf(['stages', index, 'id'])
      if (order.waitsFor(index, gate.index)) {
        if (guarded && !guarded.has(index)) report(diagnostics.open_gate(span, id, gate.id))
      } else if (index > gate.index && stages.all[index]?.needs !== 'all_above' && !isAbove(index, gate, facts)) {
        report(diagnostics.beside_gate(span, id, gate.id))
      }
    }
  }
}

const hasEffect = ({ kind, config }: StageDeclaration): boolean =>
  !kind.pure && !(kind.name === 'uses' && isJsonObject(config) && config.uses === 'core/log')

/** The gate itself waits for it. */
const isAbove = (stage: number, gate: StageDeclaration, { order }: Facts): boolean => order.waitsFor(gate.index, stage)

/** Stages that read the decision in their `if`, and those that need one of these to have succeeded. */
function guardedBy(gate: StageDeclaration, { stages, expressions, order }: Facts): ReadonlySet<number> {
  const guarded = new Set(
    expressions.all.flatMap(({ site, checked }) =>
      site.label === 'if' && site.reader !== undefined && checked.reads.stages.some(({ id }) => id === gate.id)
        ? [site.reader]
        : [],
    ),
  )
  for (const index of order.sequence) {
    const stage = stages.all[index]
    if (!stage || stage.needs === 'all_above' || guarded.has(index)) continue
    const plain = stage.needs.filter(({ statuses }) => statuses === undefined || !statuses.includes('failed'))
    const needsOne = plain.some((need) => guarded.has(need.stage))
    const onlyThose = plain.length > 0 && plain.every((need) => guarded.has(need.stage))
    if (stage.join === 'all_succeeded' ? needsOne : stage.join !== 'all_done' && onlyThose) guarded.add(index)
  }
  return guarded
}

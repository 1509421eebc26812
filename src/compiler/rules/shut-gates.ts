/** What has an effect and comes after a gate depends on its decision; and what stands below a gate comes after it. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject } from '../../foundation/json.ts'
import type { StageDeclaration } from '../declarations.ts'
import { type ListedStage, outwards, type StageList } from '../stage-tree.ts'
import type { Facts, Rule } from './rule.ts'

export const shutGates: Rule = (facts, report) => {
  const { declared, parsed, factsOf } = facts
  const gates = declared.stages.filter(({ kind }) => kind.waits === 'gate')
  if (gates.length === 0) return
  const effects = declared.stages.filter(hasEffect)
  for (const { stage: gate, config } of gates) {
    const { order } = factsOf(gate.list)
    const mayContinue = isJsonObject(config) && config.on_reject === 'continue'
    const guarded = mayContinue ? guardedBy(gate, facts) : undefined
    for (const { stage, id } of effects) {
      const at = beside(stage, gate.list)
      if (!at || order.isUncertain(at.index)) continue
      const span = parsed.spanOf([...stage.path, 'id'])
      if (order.waitsFor(at.index, gate.index)) {
        const isGuarded = guarded && [...outwards(stage)].some((each) => guarded.has(each))
        if (guarded && !isGuarded) report(diagnostics.open_gate(span, id, gate.id))
      } else if (at.index > gate.index && at.needs !== 'all_above' && !order.waitsFor(gate.index, at.index)) {
        report(diagnostics.beside_gate(span, id, gate.id))
      }
    }
  }
}

const hasEffect = ({ kind, config }: StageDeclaration): boolean =>
  !kind.pure && !kind.body && !(kind.name === 'uses' && isJsonObject(config) && config.uses === 'core/log')

/** The stage of this list that it is, or that it stands in. */
const beside = (stage: ListedStage, list: StageList): ListedStage | undefined =>
  [...outwards(stage)].find((each) => each.list === list)

/** Stages that read the decision in their `if`, and those that need one of these to have succeeded. */
function guardedBy(gate: ListedStage, { expressions, factsOf }: Facts): ReadonlySet<ListedStage> {
  const guarded = new Set(
    expressions.all.flatMap(({ site, checked }) => {
      const { reader } = site.view
      const reads = site.label === 'if' && checked.reads.stages.some(({ id }) => id === gate.id)
      return reads && reader ? [reader] : []
    }),
  )
  const { all } = gate.list
  for (const index of factsOf(gate.list).order.sequence) {
    const stage = all[index]
    if (!stage || stage.needs === 'all_above' || guarded.has(stage)) continue
    const plain = stage.needs.filter(({ statuses }) => statuses === undefined || !statuses.includes('failed'))
    const isGuarded = (need: { readonly stage: number }) => guarded.has(all[need.stage] as ListedStage)
    const onlyThose = plain.length > 0 && plain.every(isGuarded)
    if (stage.join === 'all_succeeded' ? plain.some(isGuarded) : stage.join !== 'all_done' && onlyThose) {
      guarded.add(stage)
    }
  }
  return guarded
}

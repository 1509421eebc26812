/** Everything named in `needs:` is a stage of this pipeline, and named once. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { Rule } from './rule.ts'

export const knownNeeds: Rule = ({ stages, parsed: { spanOf } }, report) => {
  for (const { needs, id } of stages.all) {
    if (needs === 'all_above') continue
    const seen = new Set<string>()
    for (const need of needs) {
      const span = spanOf(need.namePath)
      if (need.stage === -1) {
        const others = [...stages.ids()].filter((other) => other !== id && !other.startsWith('#'))
        report(diagnostics.unknown_stage(span, need.name, suggest(need.name, others), others))
      } else if (seen.has(need.name) && need.statuses === undefined) report(diagnostics.duplicate_need(span, need.name))
      seen.add(need.name)
    }
  }
}

/** Everything named in `needs:` is a stage of this pipeline, and named once. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { Need } from './facts/stage-list.ts'
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
      } else if (isRepeated(need, seen)) report(diagnostics.duplicate_need(span, need.name))
      seen.add(need.name).add(keyOf(need))
    }
  }
}

/** The plain name after any need of the stage, or the same statuses again; other statuses make another need. */
const isRepeated = (need: Need, seen: ReadonlySet<string>): boolean => seen.has(keyOf(need))

const keyOf = ({ name, statuses }: Need): string => (statuses ? `${name} ${[...statuses].sort()}` : name)

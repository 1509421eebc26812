/** Everything named in `needs:` is a stage of the same list, and named once. */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Span } from '../../foundation/source.ts'
import { suggest } from '../../foundation/suggest.ts'
import { type ListedStage, type Need, outwards, type StageTree } from '../stage-tree.ts'
import type { Rule } from './rule.ts'

export const knownNeeds: Rule = ({ tree, parsed: { spanOf } }, report) => {
  for (const stage of tree.all) {
    if (stage.needs === 'all_above') continue
    const seen = new Set<string>()
    for (const need of stage.needs) {
      const span = spanOf(need.namePath)
      if (need.stage === -1) report(unknownNeed(span, need.name, stage, tree))
      else if (isRepeated(need, seen)) report(diagnostics.duplicate_need(span, need.name))
      seen.add(need.name).add(keyOf(need))
    }
  }
}

function unknownNeed(span: Span, name: string, stage: ListedStage, tree: StageTree): Diagnostic {
  const other = tree.find(name)
  if (other) return diagnostics.need_elsewhere(span, name, whatToNeed(stage, other))
  const ids = stage.list.all.map(({ id }) => id).filter((id) => id !== stage.id && !id.startsWith('#'))
  return diagnostics.unknown_stage(span, name, suggest(name, ids), ids)
}

/** The way from here to a stage of another list. */
function whatToNeed(stage: ListedStage, other: ListedStage): string {
  const around = [...outwards(stage)]
  const inside = around.find((each) => each.list === other.list)
  if (inside === other) return `"${stage.id}" is a part of "${other.id}"; take it out of the needs.`
  if (inside) return `Put it into the needs of "${inside.id}", in which "${stage.id}" stands.`
  const beside = [...outwards(other)].find((each) => each.list === stage.list)
  if (beside && beside !== stage) return `It stands inside "${beside.id}"; need that stage.`
  return 'Stages need stages of their own list; lists beside each other never wait for each other.'
}

/** The plain name after any need of the stage, or the same statuses again; other statuses make another need. */
const isRepeated = (need: Need, seen: ReadonlySet<string>): boolean => seen.has(keyOf(need))

const keyOf = ({ name, statuses }: Need): string => (statuses ? `${name} ${[...statuses].sort()}` : name)

/** Whether a stage with stages inside may succeed without a value: the value of its body is null then. */
import type { ListedStage } from '../../stage-tree.ts'
import type { FactsOf } from './lists.ts'

/** With `output:` a null would have to fit, so what succeeds has a value as far as anybody can say. */
export function mayLackValue(stage: ListedStage, factsOf: FactsOf): boolean {
  const { spec, lists } = stage
  if (spec.output !== undefined) return false
  switch (stage.kind?.body?.kind) {
    case 'loop':
      return mayRunNever(stage) || (spec.result === undefined && lists.some(({ all }) => endsInNull(all, factsOf)))
    case 'switch':
      return lists.some(({ all }) => endsInNull(all, factsOf))
    default:
      return false
  }
}

/** The output of a stage at the end of the body that it stands in. */
export const mayBeNull = (stage: ListedStage, factsOf: FactsOf): boolean =>
  factsOf(stage.list).presence.whyAbsentInBody(stage.index) !== undefined || mayLackValue(stage, factsOf)

function endsInNull(all: readonly ListedStage[], factsOf: FactsOf): boolean {
  const last = all.at(-1)
  return last !== undefined && mayBeNull(last, factsOf)
}

/** A `while` may be false from the start. */
const mayRunNever = ({ spec }: ListedStage): boolean => (spec.loop as { readonly while?: unknown })?.while !== undefined

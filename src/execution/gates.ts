/** Which stages of a plan wait for somebody, and which of them are gates. */
import { allStages, listsOf, type Plan, type StagePlan } from '../foundation/plan.ts'
import type { StageKinds } from '../foundation/stage-kind.ts'

export interface Gates {
  /** Ids of stages whose failure, whatever it is, keeps what needs them from running. */
  readonly gates: ReadonlySet<string>
  /** Ids of stages that are or contain one that waits. */
  readonly waits: ReadonlySet<string>
}

export function gatesOf({ stages }: Pick<Plan, 'stages'>, kinds: StageKinds): Gates {
  const of = ({ kind }: StagePlan) => kinds.get(kind)?.waits
  const all = allStages(stages)
  const holdsOne = (stage: StagePlan): boolean =>
    of(stage) !== undefined || listsOf(stage).some((list) => allStages(list).some((inner) => of(inner) !== undefined))
  return {
    gates: new Set(all.flatMap((stage) => (of(stage) === 'gate' ? [stage.id] : []))),
    waits: new Set(all.flatMap((stage) => (holdsOne(stage) ? [stage.id] : []))),
  }
}

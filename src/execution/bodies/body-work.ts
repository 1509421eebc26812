/** What the bodies of stages are made of: lists run inside, and what came of them. */
import type { Failure } from '../../foundation/errors.ts'
import type { Json } from '../../foundation/json.ts'
import type { BodyEnd, Outcome, SkipReason } from '../../foundation/outcome.ts'
import type { BodyPlan, StagePlan } from '../../foundation/plan.ts'
import type { StageLine } from '../../foundation/stage-runner.ts'
import type { Way } from '../stage-attempts.ts'
import type { StageAtWork } from '../stage-work.ts'
import type { Parts, View } from '../view.ts'
import type { Workshop } from '../workshop.ts'

/** The stage whose body is run. */
export interface BodyWork {
  readonly shop: Workshop
  readonly at: StageAtWork
  readonly way: Way
  readonly line: StageLine
  readonly body: BodyPlan
  runStage(shop: Workshop, stage: StagePlan, view: View, line: StageLine): Promise<Outcome>
}

/** How a list ended. */
export type ListEnd =
  | { readonly is: 'done' }
  | ({ readonly is: 'failed'; readonly failure: Failure } & Pick<Outcome, 'rollback' | 'shut'>)
  /** A stage in it was skipped for a reason that leaves the list. */
  | { readonly is: 'skipped'; readonly reason: SkipReason }
  /** It was stopped from outside. */
  | { readonly is: 'cut'; readonly error: Failure | null }

/** What came of a body. */
export interface Ran {
  readonly end: ListEnd
  /** Where it is done. */
  readonly value?: Json
  readonly parts?: Parts
  readonly body?: BodyEnd
}

export const done: ListEnd = { is: 'done' }

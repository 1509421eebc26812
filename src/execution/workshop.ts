/** What the parts of the stage runner share: made once per plan and stretch, no state of a stage in it. */
import { createDates } from '../foundation/clock.ts'
import type { RunEventBody } from '../foundation/events.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { ChildPlan, Plan, StagePlan } from '../foundation/plan.ts'
import { createFailureWriter, type FailureWriter } from './failures.ts'
import { type Gates, gatesOf } from './gates.ts'
import type { ListShape } from './lists.ts'
import { createOutputs, type KeepOutput } from './output.ts'
import { createRedactor, type Redactor } from './redact.ts'
import { createChildRoots, type Root, rootOfPlan } from './roots.ts'
import type { RunnerDeps } from './runner-deps.ts'
import type { ScopeFor } from './scope.ts'
import { type CreateStop, createStops } from './stop.ts'
import type { View } from './view.ts'

export interface Workshop {
  readonly plan: Plan
  readonly deps: RunnerDeps
  /** The pipeline's own names and list. */
  readonly root: Root
  readonly list: ListShape
  readonly childRoot: (child: ChildPlan) => Root
  readonly gates: Gates
  readonly redactor: Redactor
  readonly failures: FailureWriter
  readonly createStop: CreateStop
  /** For what runs when all else has ended. */
  readonly createLastStop: CreateStop
  readonly keepOutput: KeepOutput
  /** A time, in milliseconds since 1970, as a text. */
  readonly dateOf: (ms: number) => string
  /** Looked up at the moment of use. */
  readonly secrets: () => JsonObject
  readonly secret: (name: string) => string | undefined
}

/** Says something of a stage, to everyone who listens. `at` is now unless it is given. */
export type Say = (event: RunEventBody, at?: string) => void

export function createWorkshop(plan: Plan, deps: RunnerDeps): Workshop {
  const secret = deps.secret ?? ((name: string) => deps.env[name])
  const redactor = createRedactor(plan.secrets.map((name) => secret(name) ?? ''))
  return {
    plan,
    deps,
    root: rootOfPlan(plan, deps.lists),
    list: deps.lists.of(plan.stages),
    childRoot: createChildRoots(plan, deps.lists),
    gates: gatesOf(plan, deps.kinds),
    redactor,
    failures: createFailureWriter(plan, redactor),
    createStop: createStops(deps.control),
    createLastStop: createStops(deps.control.last),
    keepOutput: createOutputs(deps.validators, redactor),
    dateOf: createDates(),
    secret,
    secrets: () => Object.freeze(Object.fromEntries(plan.secrets.map((name) => [name, secret(name) ?? null]))),
  }
}

export const rootOf = ({ root, childRoot }: Workshop, { inside }: View): Root =>
  inside?.pipeline ? childRoot(inside.pipeline) : root

export const listOf = ({ list }: Workshop, { inside }: View): ListShape => inside?.list ?? list

/** What a stage of the view's list sees, or `outputs` and their like, that see all of it. */
export function scopeOf(shop: Workshop, view: View, stage?: StagePlan): ScopeFor {
  const reader = stage && listOf(shop, view).topology.indexOf(stage.id)
  return rootOf(shop, view).scopes.of(view, reader)
}

/** What the parts of the stage runner share: made once per plan and stretch, no state of a stage in it. */
import type { Topology } from '../compiler/lower/topology.ts'
import { createDates } from '../foundation/clock.ts'
import type { RunEventBody } from '../foundation/events.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { Plan } from '../foundation/plan.ts'
import { createFailureWriter, type FailureWriter } from './failures.ts'
import { type Gates, gatesOf } from './gates.ts'
import { createInputHash, type HashInput } from './input-hash.ts'
import { createAboveJudge } from './join.ts'
import { createOutputs, type KeepOutput } from './output.ts'
import { createRedactor, type Redactor } from './redact.ts'
import type { RunnerDeps } from './runner-deps.ts'
import { createScopes, type Scopes } from './scope.ts'
import { type CreateStop, createStops } from './stop.ts'
import { createVariables, type Variables } from './variables.ts'

export interface Workshop {
  readonly plan: Plan
  readonly deps: RunnerDeps
  readonly topology: Topology
  readonly variables: Variables
  readonly scopes: Scopes
  readonly judgeAbove: ReturnType<typeof createAboveJudge>
  readonly gates: Gates
  readonly redactor: Redactor
  readonly failures: FailureWriter
  readonly createStop: CreateStop
  readonly hashInput: HashInput
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
  const { topology } = deps
  const variables = createVariables(plan, topology)
  const gates = gatesOf(plan, deps.kinds)
  const redactor = createRedactor(plan.secrets.map((name) => secret(name) ?? ''))
  return {
    plan,
    deps,
    topology,
    variables,
    scopes: createScopes(plan, topology, variables),
    judgeAbove: createAboveJudge(plan, gates),
    gates,
    redactor,
    failures: createFailureWriter(plan, redactor),
    createStop: createStops(deps.control),
    hashInput: createInputHash(plan),
    keepOutput: createOutputs(deps.validators, redactor),
    dateOf: createDates(),
    secret,
    secrets: () => Object.freeze(Object.fromEntries(plan.secrets.map((name) => [name, secret(name) ?? null]))),
  }
}

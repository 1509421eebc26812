/**
 * What expressions see: `inputs vars stages env run`, and `secrets output error` where those belong.
 *
 * Only what the expressions at hand read is built: a scope that held every stage above would make a run quadratic.
 */
import type { Topology } from '../compiler/lower/topology.ts'
import { type Failure, failureToJson } from '../foundation/errors.ts'
import type { EvaluationScope } from '../foundation/expression/types.ts'
import { deepFreeze, type Json, type JsonObject } from '../foundation/json.ts'
import type { Outcome, RunState } from '../foundation/outcome.ts'
import type { Plan } from '../foundation/plan.ts'
import type { RunView } from '../foundation/stage-runner.ts'
import { createReads, type Names, nobody } from './reads.ts'
import type { Variables } from './variables.ts'

/** Names that only some places know. */
export interface ScopeExtras {
  readonly secrets?: JsonObject
  readonly output?: Json
  readonly error?: Failure
}

/** The scope for these expressions. */
export type ScopeFor = (sources: readonly string[], extras?: ScopeExtras) => EvaluationScope

export interface Scopes {
  /** `reader` is a position in the plan; without one everything is seen, as `outputs` do. */
  of(view: RunView, reader?: number): ScopeFor
}

export function createScopes(plan: Plan, topology: Topology, variables: Variables): Scopes {
  const readsOf = createReads()
  const inputsOf = remember((inputs: JsonObject) => completeInputs(plan, inputs))
  const runOf = remember(describeRun)
  const stageOf = remember(describeStage)

  function stages(view: RunView, names: Names, reader: number | undefined): JsonObject {
    if (names === nobody) return nothing
    const seen: Record<string, Json> = {}
    for (const id of names === 'all' ? upstream(view, reader) : names) {
      if (Object.hasOwn(view.outcomes, id)) seen[id] = stageOf(view.outcomes[id] as Outcome)
    }
    return Object.freeze(seen)
  }

  const upstream = (view: RunView, reader: number | undefined): string[] =>
    Object.keys(view.outcomes).filter((id) => reader === undefined || topology.isUpstream(topology.indexOf(id), reader))

  function vars(view: RunView, names: Names, reader: number | undefined): JsonObject {
    if (names === nobody) return nothing
    const seen: Record<string, Json> = {}
    for (const name of names === 'all' ? Object.keys(plan.vars) : names) {
      if (Object.hasOwn(plan.vars, name)) seen[name] = variables.seen(name, view, reader)
    }
    return Object.freeze(seen)
  }

  return {
    of: (view, reader) => (sources, extras) => {
      const reads = readsOf(sources)
      const names: Record<string, Json> = {
        inputs: inputsOf(view.inputs),
        vars: vars(view, reads.vars, reader),
        stages: stages(view, reads.stages, reader),
        env: deepFreeze(view.run.env),
        run: runOf(view.run),
      }
      if (extras?.secrets) names.secrets = extras.secrets
      if (extras?.output !== undefined) names.output = extras.output
      if (extras?.error) names.error = deepFreeze(failureToJson(extras.error))
      return new Scope(names, () => latestEnd(view, reader === undefined ? undefined : topology.needs(reader), plan))
    },
  }
}

const nothing: JsonObject = Object.freeze({})

/** The time is worked out only for those who ask for it. */
class Scope implements EvaluationScope {
  readonly names: JsonObject
  private readonly now: () => number

  constructor(names: JsonObject, now: () => number) {
    this.names = names
    this.now = now
  }

  get nowMs(): number {
    return this.now()
  }
}

/** Absent optional inputs are null. */
function completeInputs(plan: Plan, inputs: JsonObject): JsonObject {
  const nulls = Object.fromEntries(Object.keys(plan.inputs).map((name) => [name, null]))
  return deepFreeze({ ...nulls, ...inputs })
}

const describeRun = ({ id, thread_id, pipeline, version, started_at, last }: RunState): JsonObject =>
  Object.freeze({ id, thread_id, pipeline, version, started_at, last: last ? { ...last } : null })

function describeStage({ output, status, reason, error, attempts, tolerated }: Outcome): JsonObject {
  const failure = error === null ? null : failureToJson(error)
  return deepFreeze({ output, status, reason, error: failure, attempts, tolerated })
}

/** What `now()` gives: the same after a crash or a two-day pause. */
function latestEnd(view: RunView, needs: readonly number[] | undefined, { stages }: Plan): number {
  const outcomes = needs ? needs.map((index) => view.outcomes[stages[index]?.id ?? '']) : Object.values(view.outcomes)
  let latest = ''
  for (const outcome of outcomes) if (outcome && outcome.ended_at > latest) latest = outcome.ended_at
  return Date.parse(latest === '' ? view.run.started_at : latest)
}

/** Remembers per object, for as long as the object lives. */
function remember<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new WeakMap<Key, Value>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const value = make(key)
    made.set(key, value)
    return value
  }
}

/**
 * What expressions see: `inputs vars stages env run`, and `secrets output error` where those belong.
 *
 * Only what the expressions at hand read is built: a scope that held every stage above would make a run quadratic.
 */
import { type Failure, failureToJson } from '../foundation/errors.ts'
import { createPlanTypes } from '../foundation/expression/plan-types.ts'
import type { EvaluationScope, TypeScope } from '../foundation/expression/types.ts'
import { deepFreeze, type Json, type JsonObject } from '../foundation/json.ts'
import type { Outcome, RunState } from '../foundation/outcome.ts'
import type { ChildPlan, Plan } from '../foundation/plan.ts'
import type { ListShape } from './lists.ts'
import { perPlan } from './per-plan.ts'
import { createReads, type Names, nobody } from './reads.ts'
import type { Variables } from './variables.ts'
import { outerOf, type View } from './view.ts'

/** Names that only some places know. */
export interface ScopeExtras {
  readonly secrets?: JsonObject
  readonly output?: Json
  readonly error?: Failure
}

/** The scope for these expressions. */
export type ScopeFor = (sources: readonly string[], extras?: ScopeExtras) => EvaluationScope

export interface Scopes {
  /** `reader` is a position in the view's list; without one everything in it is seen, as `outputs` do. */
  of(view: View, reader?: number): ScopeFor
}

/** Of one pipeline; `list` is its own. */
export function createScopes(
  plan: Pick<ChildPlan, 'inputs' | 'vars' | 'stages' | 'finally' | 'onError'>,
  list: ListShape,
  variables: Variables,
): Scopes {
  const readsOf = createReads()
  const inputsOf = remember((inputs: JsonObject) => completeInputs(plan, inputs))
  const runOf = remember(describeRun)
  const stageOf = remember(describeStage)

  /** Of the stage that reads; of what is asked inside a stage about all of its list; or of the whole pipeline. */
  const typesOf: TypesOf = (view, reader) => {
    const made = planTypes(plan)
    if (reader !== undefined) return made((view.inside?.list ?? list).stages[reader])
    const { holder, sealed } = view.inside ?? { sealed: true }
    if (!holder || sealed || holder.reader === undefined) return made()
    return made((holder.view.inside?.list ?? list).stages[holder.reader], 'inside')
  }

  function stages(view: View, names: Names, reader: number | undefined): JsonObject {
    if (names === nobody) return nothing
    const seen: Record<string, Json> = {}
    if (names === 'all') addAll(view, reader, seen)
    else
      for (const id of names) {
        const outcome = outcomeOf(view, id)
        if (outcome) seen[id] = stageOf(outcome)
      }
    return Object.freeze(seen)
  }

  function addAll(view: View, reader: number | undefined, seen: Record<string, Json>): void {
    const { topology } = view.inside?.list ?? list
    for (const id of Object.keys(view.outcomes)) {
      const isSeen = reader === undefined || topology.isUpstream(topology.indexOf(id), reader)
      if (isSeen) seen[id] = stageOf(view.outcomes[id] as Outcome)
    }
    const outer = outerOf(view)
    if (outer) addAll(outer.view, outer.reader, seen)
  }

  function vars(view: View, names: Names, reader: number | undefined): JsonObject {
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
        ...view.inside?.names,
        inputs: inputsOf(view.inputs),
        vars: vars(view, reads.vars, reader),
        stages: stages(view, reads.stages, reader),
        env: deepFreeze(view.run.env),
        run: runOf(view.run),
      }
      if (extras?.secrets) names.secrets = extras.secrets
      if (extras?.output !== undefined) names.output = extras.output
      if (extras?.error) names.error = deepFreeze(failureToJson(extras.error))
      return new Scope(names, view, reader, view.inside?.list ?? list, typesOf)
    },
  }
}

const nothing: JsonObject = Object.freeze({})

/** The same object for every run, since answers are remembered by it. */
const planTypes = perPlan(createPlanTypes)

type TypesOf = (view: View, reader: number | undefined) => TypeScope

/** Time and types are worked out only for those who ask for them. */
class Scope implements EvaluationScope {
  readonly names: JsonObject
  private readonly view: View
  private readonly reader: number | undefined
  private readonly list: ListShape
  private readonly typesOf: TypesOf

  constructor(names: JsonObject, view: View, reader: number | undefined, list: ListShape, typesOf: TypesOf) {
    this.names = names
    this.view = view
    this.reader = reader
    this.list = list
    this.typesOf = typesOf
  }

  get nowMs(): number {
    return latestEnd(this.view, this.reader, this.list)
  }

  get types(): TypeScope {
    return this.typesOf(this.view, this.reader)
  }
}

/** Absent optional inputs are null. */
function completeInputs(plan: Pick<Plan, 'inputs'>, inputs: JsonObject): JsonObject {
  const nulls = Object.fromEntries(Object.keys(plan.inputs).map((name) => [name, null]))
  return deepFreeze({ ...nulls, ...inputs })
}

/** How it ends is known only to what runs last. */
function describeRun({ id, thread_id, pipeline, version, started_at, last, status, error }: RunState): JsonObject {
  const run = { id, thread_id, pipeline, version, started_at, last: last ? { ...last } : null }
  if (status === undefined) return Object.freeze(run)
  return deepFreeze({ ...run, status, error: error ? failureToJson(error) : null })
}

/** In the own list of the view, or in one outside it. Ids are unique. */
function outcomeOf(view: View, id: string): Outcome | undefined {
  if (Object.hasOwn(view.outcomes, id)) return view.outcomes[id]
  const outer = outerOf(view)
  return outer && outcomeOf(outer.view, id)
}

function describeStage({ output, status, reason, error, attempts, tolerated, body }: Outcome): JsonObject {
  const failure = error === null ? null : failureToJson(error)
  const stage = { output, status, reason, error: failure, attempts, tolerated }
  if (!body) return deepFreeze(stage)
  const { errors, ...ends } = body
  const items = errors?.map((each) => ({ ...each, error: failureToJson(each.error) }))
  return deepFreeze({ ...stage, ...ends, ...(items && { errors: items }) })
}

/** What `now()` gives: the same after a crash or a two-day pause. */
function latestEnd(view: View, reader: number | undefined, { stages, topology }: ListShape): number {
  const outcomes =
    reader === undefined
      ? Object.values(view.outcomes)
      : topology.needs(reader).map((index) => view.outcomes[stages[index]?.id ?? ''])
  let latest = view.inside?.since ?? ''
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

/**
 * The fold of a variable: what stages set, in plan order, never in the order in which they ended.
 *
 * A stage sees the defaults and what its transitive upstream set. An edit from outside (a patch) stands in place of what
 * it covers, for every stage that starts later; the rest folds on top of it.
 */
import { produce } from 'immer'
import type { Topology } from '../compiler/lower/topology.ts'
import { StageError } from '../foundation/errors.ts'
import { assertJson, deepFreeze, type Json, NotJsonError } from '../foundation/json.ts'
import type { VariablePatch } from '../foundation/outcome.ts'
import type { JsonSchema, Plan, VariablePlan } from '../foundation/plan.ts'
import type { RunView } from '../foundation/stage-runner.ts'
import { type Merge, merges } from './merge.ts'
import { loadReducer, type Reducer } from './reducers.ts'

export interface Variables {
  /** Contributions in plan order on `base` (a patch) or the default; null when there is neither. Frozen. */
  fold(variable: string, contributions: readonly Json[], base?: Json): Json
  /** What the stage at `reader` sees, or everything when there is no reader. Frozen. */
  seen(variable: string, view: RunView, reader?: number): Json
  /** What one stage may give: the variable's type, for `merge` with none of its fields required. */
  contributionSchema(variable: string): JsonSchema
  /** Loads every reducer of the user's. Throws StageError. */
  load(): void
}

export function createVariables(plan: Plan, topology: Topology): Variables {
  const setters = settersOf(plan)
  const loaded = new Map<string, Merge>()
  const schemas = new Map(Object.entries(plan.vars).map(([name, variable]) => [name, schemaOfOne(variable)]))

  function mergeOf(name: string, { merge }: VariablePlan): Merge {
    if (typeof merge === 'string') return merges[merge]
    const known = loaded.get(name)
    if (known) return known
    const made = reducing(name, loadReducer(merge, plan.origin.directory))
    loaded.set(name, made)
    return made
  }

  function fold(name: string, contributions: readonly Json[], base?: Json): Json {
    const variable = plan.vars[name]
    if (!variable) throw new TypeError(`There is no variable "${name}".`)
    const start = base ?? (replaces(variable) ? undefined : variable.default)
    const values = start === undefined ? contributions : [start, ...contributions]
    if (values.length === 0) return deepFreeze(variable.default ?? null)
    return deepFreeze(mergeOf(name, variable)(start === undefined && reduces(variable) ? [null, ...values] : values))
  }

  function seen(name: string, view: RunView, reader?: number): Json {
    const patch = view.patches.findLast(({ variable }) => variable === name)
    const visible = (setters.get(name) ?? []).filter(
      (index) => reader === undefined || topology.isUpstream(index, reader),
    )
    return fold(name, contributionsOf(plan, name, view, visible, patch), patch?.value)
  }

  return {
    fold,
    seen,
    contributionSchema: (name) => schemas.get(name) ?? true,
    load() {
      for (const [name, variable] of Object.entries(plan.vars)) mergeOf(name, variable)
    },
  }
}

/** A default of these stands only until something is set. */
const replaces = ({ merge }: VariablePlan): boolean => merge === 'last' || merge === 'first'

function schemaOfOne({ schema, merge }: VariablePlan): JsonSchema {
  if (merge !== 'merge' || schema === true) return schema
  const { required: _, ...partial } = schema
  return partial
}

/** A reducer of the user's starts at null when there is no default. */
const reduces = ({ merge }: VariablePlan): boolean => typeof merge !== 'string'

/** Variable → positions of the stages that set it, in plan order. */
function settersOf({ stages }: Plan): ReadonlyMap<string, readonly number[]> {
  const setters = new Map<string, number[]>()
  for (const [index, { set }] of stages.entries()) {
    for (const name of Object.keys(set)) {
      const known = setters.get(name)
      if (known) known.push(index)
      else setters.set(name, [index])
    }
  }
  return setters
}

function contributionsOf(
  { stages }: Plan,
  name: string,
  { outcomes }: RunView,
  setters: readonly number[],
  patch: VariablePatch | undefined,
): Json[] {
  const covered = new Set(patch?.covers)
  return setters.flatMap((index) => {
    const id = stages[index]?.id ?? ''
    const set = outcomes[id]?.set
    return set && Object.hasOwn(set, name) && !covered.has(id) ? [set[name] as Json] : []
  })
}

/** Lets a reducer change what it is given, without changing it for anyone else. */
function reducing(name: string, reducer: Reducer): Merge {
  const step = (current: Json, update: Json): Json => {
    const next: unknown = isDraftable(current)
      ? produce(current, (draft: Json) => reducer(draft, update) as typeof current | undefined)
      : reducer(current, update)
    assertJson(next)
    return next
  }
  return ([first, ...updates]) => {
    try {
      return updates.reduce<Json>(step, first as Json)
    } catch (cause) {
      throw reducerFailed(name, cause)
    }
  }
}

const isDraftable = (value: Json): value is Extract<Json, object> => typeof value === 'object' && value !== null

function reducerFailed(name: string, cause: unknown): StageError {
  const notJson = cause instanceof NotJsonError
  const why = cause instanceof Error ? cause.message : String(cause)
  const message = `The reducer of "${name}" ${notJson ? `returned what is ${why}` : `failed: ${why}`}`
  return new StageError(message, { category: notJson ? 'not_json' : 'internal', code: 'reducer_failed', cause })
}

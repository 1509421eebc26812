/**
 * The fold of a variable: what stages set, in plan order, never in the order in which they ended.
 *
 * A stage sees the defaults and what its transitive upstream set. An edit from outside (a patch) stands in place of what
 * it covers, for every stage that starts later; the rest folds on top of it.
 */
import { produce } from 'immer'
import { StageError } from '../foundation/errors.ts'
import { assertJson, deepFreeze, type Json, NotJsonError } from '../foundation/json.ts'
import type { Outcome } from '../foundation/outcome.ts'
import type { JsonSchema, Plan, StagePlan, VariablePlan } from '../foundation/plan.ts'
import type { ListShape } from './lists.ts'
import { type Merge, merges } from './merge.ts'
import { loadReducer, type Reducer } from './reducers.ts'
import { outerOf, pathOf, type View } from './view.ts'

export interface Variables {
  /** Contributions in plan order on `base` (a patch) or the default; null when there is neither. Frozen. */
  fold(variable: string, contributions: readonly Json[], base?: Json): Json
  /** What the stage at `reader` sees, or everything when there is no reader. Frozen. */
  seen(variable: string, view: View, reader?: number): Json
  /** What stages side by side, or one after the other, gave, as few contributions as say the same. */
  combined(variable: string, contributions: readonly Json[]): readonly Json[]
  /** What one stage may give: the variable's type, for `merge` with none of its fields required. */
  contributionSchema(variable: string): JsonSchema
  /** Loads every reducer of the user's. Throws StageError. */
  load(): void
}

/** Of one pipeline; `list` is its own, `directory` where its reducers are looked for. */
export function createVariables(
  { vars, directory }: { readonly vars: Plan['vars']; readonly directory: string },
  list: ListShape,
): Variables {
  const loaded = new Map<string, Merge>()
  const schemas = new Map(Object.entries(vars).map(([name, variable]) => [name, schemaOfOne(variable)]))

  function mergeOf(name: string, { merge }: VariablePlan): Merge {
    if (typeof merge === 'string') return merges[merge]
    const known = loaded.get(name)
    if (known) return known
    const made = reducing(name, loadReducer(merge, directory))
    loaded.set(name, made)
    return made
  }

  function fold(name: string, contributions: readonly Json[], base?: Json): Json {
    const variable = vars[name]
    if (!variable) throw new TypeError(`There is no variable "${name}".`)
    const start = base ?? (replaces(variable) ? undefined : variable.default)
    const values = start === undefined ? contributions : [start, ...contributions]
    if (values.length === 0) return deepFreeze(variable.default ?? null)
    return deepFreeze(mergeOf(name, variable)(start === undefined && reduces(variable) ? [null, ...values] : values))
  }

  function seen(name: string, view: View, reader?: number): Json {
    const patch = view.patches.findLast(({ variable }) => variable === name)
    return fold(name, contributionsTo({ name, list, covered: new Set(patch?.covers) }, view, reader), patch?.value)
  }

  return {
    fold,
    seen,
    combined(name, contributions) {
      const variable = vars[name]
      if (!variable || reduces(variable) || contributions.length < 2) return contributions
      return [mergeOf(name, variable)(contributions)]
    },
    contributionSchema: (name) => schemas.get(name) ?? true,
    load() {
      for (const [name, variable] of Object.entries(vars)) mergeOf(name, variable)
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

interface Sought {
  readonly name: string
  /** The pipeline's own. */
  readonly list: ListShape
  /** Paths of stages whose contributions an edit from outside stands for. */
  readonly covered: ReadonlySet<string>
}

/**
 * What was given to a variable, as the stage at `reader` sees it, in plan order: what lists outside gave stands around
 * `inner`, which the list that the reader holds gave.
 */
function contributionsTo(sought: Sought, view: View, reader?: number, inner: readonly Json[] = []): readonly Json[] {
  const { stages, topology, setters } = view.inside?.list ?? sought.list
  const given: Json[] = []
  let placed = false
  const place = (): void => {
    placed = true
    given.push(...inner)
  }
  for (const index of setters(sought.name)) {
    if (reader !== undefined && index >= reader && !placed) place()
    if (reader !== undefined && !topology.isUpstream(index, reader)) continue
    const { id } = stages[index] as StagePlan
    const outcome = Object.hasOwn(view.outcomes, id) ? view.outcomes[id] : undefined
    if (outcome && !sought.covered.has(pathOf(view, id))) given.push(...contributionsOf(outcome, sought.name))
  }
  if (!placed) place()
  const all = [...(view.inside?.earlier[sought.name] ?? []), ...given]
  const outer = outerOf(view)
  return outer ? contributionsTo(sought, outer.view, outer.reader, all) : all
}

/** What a stage gave to a variable: the stages inside it first. */
export function contributionsOf({ parts, set }: Pick<Outcome, 'parts' | 'set'>, name: string): readonly Json[] {
  const own = Object.hasOwn(set, name) ? [set[name] as Json] : []
  const inside = parts && Object.hasOwn(parts, name) ? parts[name] : undefined
  return inside ? [...inside, ...own] : own
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

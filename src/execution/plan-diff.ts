/**
 * Where two plans of one pipeline differ, stage by stage, also inside stages. What has no part in what a run does, such as
 * a `title` and where it stands in the file, is not compared.
 */
import { canonicalJson, type Json } from '../foundation/json.ts'
import { listsOf, type Plan, type StagePlan } from '../foundation/plan.ts'

export interface StageDiff {
  /** Its path without indices: `search.rank` is the stage `rank` of every item. */
  readonly stage: string
  readonly change: 'added' | 'removed' | 'changed' | 'same'
  /** Keys of the stage, as they are written, whose values differ. */
  readonly keys: readonly string[]
}

export interface PlanDiff {
  /** In the order of the new plan, those that are gone last; a holder before what is inside of it. */
  readonly stages: readonly StageDiff[]
  /** What differs beside the stages, such as `vars.tone`, `outputs` and `tools.ts`. */
  readonly others: readonly string[]
}

export function diffPlans(before: Plan, after: Plan): PlanDiff {
  return { stages: diffLists(before.stages, after.stages, ''), others: diffOthers(before, after) }
}

export function diffLists(before: readonly StagePlan[], after: readonly StagePlan[], prefix: string): StageDiff[] {
  const known = new Map(before.map((stage) => [stage.id, stage]))
  const kept = new Set(after.map(({ id }) => id))
  const gone = before.filter(({ id }) => !kept.has(id))
  return [
    ...after.flatMap((stage) => diffStage(known.get(stage.id), stage, prefix)),
    ...gone.map(({ id }): StageDiff => ({ stage: prefix + id, change: 'removed', keys: [] })),
  ]
}

function diffStage(before: StagePlan | undefined, after: StagePlan, prefix: string): StageDiff[] {
  const stage = prefix + after.id
  if (!before) return [{ stage, change: 'added', keys: [] }]
  const keys = changedKeys(before, after)
  const inside = isSameHolder(before, after) ? diffInside(before, after, `${stage}.`) : []
  return [{ stage, change: keys.length > 0 ? 'changed' : 'same', keys }, ...inside]
}

const diffInside = (before: StagePlan, after: StagePlan, prefix: string): StageDiff[] =>
  pairsOf(before, after).flatMap(([old, now]) => diffLists(old, now, prefix))

/** The lists inside of both, of holders that are otherwise the same. */
export function pairsOf(
  before: StagePlan,
  after: StagePlan,
): readonly (readonly [readonly StagePlan[], readonly StagePlan[]])[] {
  const old = listsOf(before)
  return listsOf(after).map((list, index) => [old[index] ?? [], list] as const)
}

export const isSameHolder = (before: StagePlan, after: StagePlan): boolean =>
  before.body?.kind === after.body?.kind && textOf(bodyOf(before)) === textOf(bodyOf(after))

/** As they are written. */
function changedKeys(before: StagePlan, after: StagePlan): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof StagePlan)[]
  return names.flatMap((name) => {
    if (name === 'title') return []
    if (name === 'body') return isSameHolder(before, after) ? [] : [after.kind]
    return textOf(before[name]) === textOf(after[name]) ? [] : [name === 'config' ? after.kind : written(name)]
  })
}

const written = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** What it does with its lists, without them. */
function bodyOf({ body }: StagePlan): object | undefined {
  switch (body?.kind) {
    case undefined:
      return undefined
    case 'switch':
      return { ...body, cases: body.cases.map((each) => ({ ...each, stages: [] })) }
    case 'parallel':
      return { ...body, branches: body.branches.map((each) => ({ ...each, stages: [] })) }
    case 'pipeline':
      return { ...body, child: { ...body.child, stages: [] } }
    default:
      return { ...body, stages: [] }
  }
}

/** A stage without the lists inside of it. */
export const withoutLists = (stage: StagePlan): object => ({ ...stage, body: bodyOf(stage) })

/** Undefined members are as good as absent. */
export const textOf = (value: unknown): string =>
  value === undefined ? '' : canonicalJson(JSON.parse(JSON.stringify(value)) as Json)

const maps = ['inputs', 'vars', 'models', 'files'] as const
const wholes = ['env', 'secrets', 'limits', 'finally', 'onError', 'outputs'] as const

function diffOthers(before: Plan, after: Plan): string[] {
  return [
    ...maps.flatMap((map) =>
      changedNames(before[map], after[map]).map((name) => (map === 'files' ? name : `${map}.${name}`)),
    ),
    ...wholes.filter((key) => textOf(before[key]) !== textOf(after[key])).map(written),
  ]
}

/** Names whose values differ, or that only one has. */
export function changedNames(before: object, after: object): string[] {
  const old = new Map<string, unknown>(Object.entries(before))
  const now = new Map<string, unknown>(Object.entries(after))
  return [...new Set([...old.keys(), ...now.keys()])].filter((name) => textOf(old.get(name)) !== textOf(now.get(name)))
}

/**
 * What a run has to do again when it goes on by another plan: stages that were added or changed, those that read what
 * changed, those that did not come to a good end, and all that wait for any of them. Everything else keeps its outcome.
 */
import { createTopology, type Topology } from '../compiler/lower/topology.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { Past } from '../foundation/past.ts'
import { isInside } from '../foundation/paths.ts'
import { listsOf, type Plan, type StagePlan } from '../foundation/plan.ts'
import { isOver, type Renewal, withoutIndices } from '../foundation/renewal.ts'
import { changedNames, diffLists, diffPlans, isSameHolder, type PlanDiff, pairsOf, textOf } from './plan-diff.ts'
import { type ChangedNames, orderBefore, readsChanged } from './reads-changed.ts'

/**
 * - `added`: the run's plan did not have it.
 * - `changed`: it was edited, or one of those inside a loop was.
 * - `reads`: it reads or sets something that changed beside the stages.
 * - `order`: other stages come before it than did, and that may make a difference to it.
 * - `ended_badly`: it did not come to a good end.
 * - `inside`: something inside of it runs again.
 * - `follows`: it waits for a stage that runs again.
 */
export type AgainReason = 'added' | 'changed' | 'reads' | 'order' | 'ended_badly' | 'inside' | 'follows'

export interface AgainBecause {
  readonly because: AgainReason
  /** What was edited, is read, or is waited for. */
  readonly of: readonly string[]
}

export interface Migration {
  readonly diff: PlanDiff
  readonly renewal: Renewal
  /** Path without indices → why it runs again. */
  readonly again: ReadonlyMap<string, AgainBecause>
}

/** Two plans of one run, and what that was started with by either. */
export interface Versions {
  readonly before: Plan
  readonly after: Plan
  readonly inputsBefore: JsonObject
  readonly inputsAfter: JsonObject
}

export function planMigration({ before, after, inputsBefore, inputsAfter }: Versions, past: Past): Migration {
  const diff = diffPlans(before, after)
  const files = changedNames(before.files, after.files)
  const changed: ChangedNames = {
    inputs: changedNames(inputsBefore, inputsAfter),
    vars: [...changedNames(before.vars, after.vars), ...reducedBy(after, files)],
    models: changedNames(before.models, after.models),
    files,
  }
  const walk = new Walk(diff, endsOf(past))
  walk.list(before.stages, after.stages, '', changed)
  const removed = diff.stages.flatMap(({ stage, change }) => (change === 'removed' ? [stage] : []))
  const { anew, partly, again } = walk
  return { diff, again, renewal: { anew, partly, removed } }
}

const reducedBy = ({ vars }: Plan, files: readonly string[]): string[] =>
  Object.entries(vars).flatMap(([name, { merge }]) =>
    typeof merge === 'object' && files.includes(merge.file) ? [name] : [],
  )

/** How everything at a path without indices came to its end, as far as it did. */
type Ends = ReadonlyMap<string, 'well' | 'not well'>

function endsOf(past: Past): Ends {
  const ends = new Map<string, 'well' | 'not well'>()
  for (const path of past.paths) {
    const { outcome } = past.of(path)
    const pattern = isInside(path) ? withoutIndices(path) : path
    const isWell = isOver(outcome) === 'well' && !outcome?.tolerated
    if (!isWell || !ends.has(pattern)) ends.set(pattern, isWell ? 'well' : 'not well')
    if (isOver(outcome) === 'badly') ends.set(badly(path), 'not well')
  }
  return ends
}

const because = (reason: AgainReason, of: readonly string[] | undefined): AgainBecause | undefined =>
  of && { because: reason, of }

/** No path has a blank in it. */
const badly = (path: string): string => `${path} badly`

/** What has no part in how a stage came to a good end. */
const later: ReadonlySet<string> = new Set([
  'retry',
  'timeout',
  'once',
  'checkpoint',
  'limits',
  'cache',
  'idempotency_key',
  'rollback',
  'on_error',
])

class Walk {
  readonly anew: string[] = []
  readonly partly: string[] = []
  readonly again = new Map<string, AgainBecause>()
  private readonly keysOf: ReadonlyMap<string, readonly string[]>
  private readonly ends: Ends

  constructor({ stages }: PlanDiff, ends: Ends) {
    this.ends = ends
    this.keysOf = new Map(stages.map(({ stage, keys }) => [stage, keys]))
  }

  /** In an order in which everything comes after what it waits for. */
  list(before: readonly StagePlan[], after: readonly StagePlan[], prefix: string, changed: ChangedNames): void {
    const now = createTopology({ stages: after })
    const known = new Map(before.map((stage) => [stage.id, stage]))
    const orders = orderBefore(before, after)
    for (const index of now.order) {
      const stage = after[index] as StagePlan
      const path = prefix + stage.id
      const old = known.get(stage.id)
      const why =
        this.wholly(old, stage, path, changed) ??
        because('order', old && orders(stage)) ??
        because('follows', this.follows(after, now, index, prefix)) ??
        because('ended_badly', this.endedBadly(stage, path) ? [] : undefined)
      if (why || !old) this.begin(path, why ?? { because: 'added', of: [] })
      else this.inside(old, stage, path, changed)
    }
  }

  private wholly(
    old: StagePlan | undefined,
    stage: StagePlan,
    path: string,
    changed: ChangedNames,
  ): AgainBecause | undefined {
    if (!old) return { because: 'added', of: [] }
    const keys = this.keysOf.get(path) ?? []
    const counts = this.ends.get(path) === 'not well' ? keys : keys.filter((key) => !later.has(key))
    if (counts.length > 0) return { because: 'changed', of: counts }
    const reads = readsChanged(stage, changed)
    if (reads.length > 0) return { because: 'reads', of: reads }
    if (stage.body?.kind !== 'loop' || !differsInside(old, stage, changed)) return undefined
    return { because: 'changed', of: ['stages'] } // what an iteration did follows from the one before
  }

  private follows(list: readonly StagePlan[], now: Topology, index: number, prefix: string): string[] | undefined {
    const first = now.needs(index).find((need) => this.again.has(prefix + list[need]?.id))
    return first === undefined ? undefined : [prefix + list[first]?.id]
  }

  /** What is inside of others is found by its own end, when that is gone through again. */
  private endedBadly({ body }: StagePlan, path: string): boolean {
    return !body && !isInside(path) && this.ends.has(badly(path))
  }

  private inside(old: StagePlan, stage: StagePlan, path: string, changed: ChangedNames): void {
    const known = this.again.size
    const names = stage.body?.kind === 'pipeline' ? onlyFiles(changed) : changed
    for (const [before, after] of pairsOf(old, stage)) this.list(before, after, `${path}.`, names)
    const of = [...this.again.keys()].slice(known)
    if (of.length > 0 || differs(old, stage)) this.enter(path, { because: 'inside', of })
    else if (!isInside(path) && this.ends.has(badly(path))) this.enter(path, { because: 'ended_badly', of: [] })
  }

  private begin(path: string, why: AgainBecause): void {
    this.again.set(path, why)
    this.anew.push(path)
  }

  private enter(path: string, why: AgainBecause): void {
    this.again.set(path, why)
    this.partly.push(path)
  }
}

/** A pipeline inside has names of its own. */
const onlyFiles = ({ files }: ChangedNames): ChangedNames => ({ inputs: [], vars: [], models: [], files })

/** The order of what is inside, and what is there no more, may change what it gives. */
const differs = (old: StagePlan, stage: StagePlan): boolean =>
  listsOf(stage).length > 0 && textOf(listsOf(old).map(idsOf)) !== textOf(listsOf(stage).map(idsOf))

const idsOf = (stages: readonly StagePlan[]): string[] => stages.map(({ id }) => id)

function differsInside(old: StagePlan, stage: StagePlan, changed: ChangedNames): boolean {
  if (!isSameHolder(old, stage) || differs(old, stage)) return true
  return pairsOf(old, stage).some(
    ([before, after]) =>
      diffLists(before, after, '').some(
        ({ change, keys }) => change !== 'same' && keys.some((key) => !later.has(key)),
      ) || after.some((each) => readsChanged(each, changed).length > 0),
  )
}

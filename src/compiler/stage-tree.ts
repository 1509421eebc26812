/**
 * The stages of a pipeline as a tree: a list of stages, some of which hold lists again. Rules about order look at one list
 * at a time, by index; everything else goes outwards, from a stage to the one that holds it.
 */
import { isJsonObject, type Json } from '../foundation/json.ts'
import { type JoinName, joinNames, type NeedStatus } from '../foundation/plan.ts'
import type { StageKind, StageKinds } from '../foundation/stage-kind.ts'
import type { ParsedPipeline, Path } from './parsed.ts'
import { valuesAt } from './spec/slots.ts'
import { valueIn } from './spec/value-in.ts'
import { configOf, kindOf, needsList, pathInStage, type StageSpec } from './spec.ts'

export interface Need {
  /** As written. */
  readonly name: string
  /** Index of the stage in its list, or -1 when there is none. */
  readonly stage: number
  readonly statuses: readonly NeedStatus[] | undefined
  /** Place of the name, and of the whole entry. */
  readonly namePath: Path
  readonly path: Path
}

export interface ListedStage {
  /** Position in its list. */
  readonly index: number
  readonly id: string
  /** Where it stands in the document. */
  readonly path: Path
  readonly list: StageList
  readonly spec: StageSpec
  readonly kind: StageKind | undefined
  readonly needs: 'all_above' | readonly Need[]
  readonly join: JoinName
  /** Its `if`, as written. */
  readonly condition: string | undefined
  /** What its failure means for those that need it. */
  readonly onFailure: 'fail' | 'continue_without_value' | 'continue_with_value'
  /** The lists of stages inside it. */
  readonly lists: readonly StageList[]
}

export interface StageList {
  /** Where it stands in the document. */
  readonly path: Path
  /** The stage that it stands in; undefined for the pipeline's own. */
  readonly holder: ListedStage | undefined
  /** What must hold for it to be gone through: the `when` of a case. */
  readonly condition: string | undefined
  readonly all: readonly ListedStage[]
  /** Index of the first stage with this id. */
  indexOf(id: string): number | undefined
}

export interface StageTree {
  readonly root: StageList
  /** Every list, those of a stage after the one that it stands in. */
  readonly lists: readonly StageList[]
  /** Every stage, those inside it after it. */
  readonly all: readonly ListedStage[]
  /** The first stage with this id. */
  find(id: string): ListedStage | undefined
  /** Several stages have this id, so nobody knows which one is meant. */
  isAmbiguous(id: string): boolean
}

export function readTree({ spec }: ParsedPipeline, kinds: StageKinds): StageTree {
  const lists: StageList[] = []
  const all: ListedStage[] = []
  const first = new Map<string, ListedStage>()
  const ambiguous = new Set<string>()

  function readList(
    specs: readonly StageSpec[],
    path: Path,
    place: Pick<StageList, 'holder' | 'condition'>,
  ): StageList {
    const indexes = new Map<string, number>()
    for (const [index, { id }] of specs.entries()) if (!indexes.has(id)) indexes.set(id, index)
    const stages: ListedStage[] = []
    const list: StageList = { path, ...place, all: stages, indexOf: (id) => indexes.get(id) }
    lists.push(list)
    for (const [index, each] of specs.entries()) stages.push(readStage(each, index, list))
    return list
  }

  function readStage(spec: StageSpec, index: number, list: StageList): ListedStage {
    const inside: StageList[] = []
    const path = [...list.path, index]
    const kind = kindOf(spec, kinds)
    const stage: ListedStage = { ...describe(spec, path, list), index, kind, lists: inside }
    all.push(stage)
    if (first.has(stage.id)) ambiguous.add(stage.id)
    else first.set(stage.id, stage)
    for (const each of kind ? listsIn(spec, kind) : []) {
      inside.push(readList(each.stages, [...path, ...each.path], { holder: stage, condition: each.condition }))
    }
    return stage
  }

  const root = readList(spec.stages, ['stages'], { holder: undefined, condition: undefined })
  return { root, lists, all, find: (id) => first.get(id), isAmbiguous: (id) => ambiguous.has(id) }
}

interface WrittenList {
  readonly path: Path
  readonly stages: readonly StageSpec[]
  readonly condition: string | undefined
}

function listsIn(spec: StageSpec, kind: StageKind): WrittenList[] {
  const config = kind.body ? configOf(spec, kind) : null
  return (kind.body?.lists ?? [])
    .flatMap((pattern) => valuesAt(pattern, config))
    .filter(({ value }) => Array.isArray(value))
    .map(({ path, value }) => {
      const beside = valueIn(config, [...path.slice(0, -1), 'when'])
      return {
        path: pathInStage(kind, path),
        stages: value as unknown as readonly StageSpec[],
        condition: typeof beside === 'string' ? beside : undefined,
      }
    })
}

const describe = (spec: StageSpec, path: Path, list: StageList) => ({
  id: spec.id,
  path,
  list,
  spec,
  needs: readNeeds(spec, path, list),
  join: joinNames.find((name) => name === spec.join) ?? 'none_failed',
  condition: spec.if,
  onFailure: onFailure(spec.on_error),
})

function readNeeds(spec: StageSpec, path: Path, { indexOf }: StageList): ListedStage['needs'] {
  const written = needsList(spec)
  if (!written) return 'all_above'
  const base: Path = [...path, 'needs']
  return written.map((need, at): Need => {
    const place = typeof spec.needs === 'string' ? base : [...base, at]
    const name = typeof need === 'string' ? need : need.stage
    return {
      name,
      stage: indexOf(name) ?? -1,
      statuses: typeof need === 'string' ? undefined : need.status,
      namePath: typeof need === 'string' ? place : [...place, 'stage'],
      path: place,
    }
  })
}

function onFailure(written: StageSpec['on_error']): ListedStage['onFailure'] {
  if (written === 'continue') return 'continue_without_value'
  return typeof written === 'object' ? 'continue_with_value' : 'fail'
}

/** The stage, the one that holds it, the one that holds that one, … */
export function* outwards(stage: ListedStage | undefined): Generator<ListedStage> {
  for (let at = stage; at; at = at.list.holder) yield at
}

/** The nearest stage of a kind around a list. */
export function around(list: StageList, kind: 'foreach' | 'loop'): ListedStage | undefined {
  for (const holder of outwards(list.holder)) if (holder.kind?.body?.kind === kind) return holder
  return undefined
}

/** What stages inside a foreach read its item as. */
export function itemName({ spec }: ListedStage): string {
  return typeof spec.as === 'string' ? spec.as : 'item'
}

/** A switch of which perhaps no case is taken. */
export function mayTakeNone({ kind, spec }: ListedStage): boolean {
  if (kind?.body?.kind !== 'switch') return false
  const cases = spec.switch as Json
  return !(Array.isArray(cases) && cases.some((each) => isJsonObject(each) && Object.hasOwn(each, 'else')))
}

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
import { configOf, type HandlerSpec, kindOf, needsList, pathInStage, type StageSpec } from './spec.ts'

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
  /** What its failure may mean for those that need it. */
  readonly onFailure: OnFailure
  /** The lists of stages inside it. */
  readonly lists: readonly StageList[]
  /** The stages of its handlers (`on_error`), one list per handler, empty where that has none. */
  readonly handlers: readonly StageList[]
  /** What takes it back: a stage of its own list, with the id of this one. */
  readonly undo: ListedStage | undefined
}

/** Several may be true where handlers decide. */
export interface OnFailure {
  readonly fails: boolean
  readonly continuesWithValue: boolean
  readonly continuesWithoutValue: boolean
}

/**
 * What a list of stages is for: the pipeline's own; inside a stage; of a handler; what takes a stage back; what runs when
 * all of the pipeline's own have ended (`finally`, and handlers of the pipeline, `on_error`).
 */
export type ListRole = 'stages' | 'body' | 'handler' | 'rollback' | 'finally' | 'on_error'

export interface StageList {
  /** Where it stands in the document. */
  readonly path: Path
  readonly role: ListRole
  /** The stage that it stands in or belongs to; undefined for lists of the pipeline. */
  readonly holder: ListedStage | undefined
  /** The list all of whose stages have ended, whatever became of them, before this one is gone through. */
  readonly after: StageList | undefined
  /** What must hold for it to be gone through: the `when` of a case. */
  readonly condition: string | undefined
  readonly all: readonly ListedStage[]
  /** Index of the first stage with this id. */
  indexOf(id: string): number | undefined
}

export interface StageTree {
  readonly root: StageList
  readonly finally: StageList | undefined
  /** The stages of the pipeline's own handlers, one list per handler. */
  readonly onError: readonly StageList[]
  /** Every list, those of a stage after the one that it stands in. */
  readonly lists: readonly StageList[]
  /** Every stage, those inside it, of its handlers and of its rollback after it. */
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
    place: Pick<StageList, 'role' | 'holder' | 'condition' | 'after'>,
  ): StageList {
    const indexes = new Map<string, number>()
    for (const [index, { id }] of specs.entries()) if (!indexes.has(id)) indexes.set(id, index)
    const stages: ListedStage[] = []
    const list: StageList = { path, ...place, all: stages, indexOf: (id) => indexes.get(id) }
    lists.push(list)
    for (const [index, each] of specs.entries()) stages.push(readStage(each, index, [...path, index], list))
    return list
  }

  /** The one stage of a list of its own. It has the id of the stage that it takes back, so it cannot be found by it. */
  function readUndo(holder: ListedStage): ListedStage | undefined {
    const written = holder.spec.rollback
    if (!isJsonObject((written ?? null) as Json)) return undefined
    const stages: ListedStage[] = []
    const path = [...holder.path, 'rollback']
    const place = { role: 'rollback', holder, condition: undefined, after: undefined } as const
    const list: StageList = { path, ...place, all: stages, indexOf: () => 0 }
    lists.push(list)
    const stage = readStage({ ...(written as StageSpec), id: holder.id }, 0, path, list)
    stages.push(stage)
    return stage
  }

  function readHandlers(written: unknown, path: Path, place: Pick<StageList, 'role' | 'holder' | 'after'>) {
    return handlersOf(written).map(({ stages = [] }, at) =>
      readList(stages as readonly StageSpec[], [...path, at, 'stages'], { ...place, condition: undefined }),
    )
  }

  function readStage(spec: StageSpec, index: number, path: Path, list: StageList): ListedStage {
    const inside: StageList[] = []
    const handlers: StageList[] = []
    const kind = kindOf(spec, kinds)
    const stage: Mutable<ListedStage> = {
      ...describe(spec, path, list),
      index,
      kind,
      lists: inside,
      handlers,
      undo: undefined,
    }
    all.push(stage)
    if (list.role !== 'rollback') {
      if (first.has(stage.id)) ambiguous.add(stage.id)
      else first.set(stage.id, stage)
    }
    for (const each of kind ? listsIn(spec, kind) : []) {
      const place = { role: 'body', holder: stage, condition: each.condition, after: undefined } as const
      inside.push(readList(each.stages, [...path, ...each.path], place))
    }
    const place = { role: 'handler', holder: stage, after: undefined } as const
    handlers.push(...readHandlers(spec.on_error, [...path, 'on_error'], place))
    stage.undo = readUndo(stage)
    return stage
  }

  const outermost = { holder: undefined, condition: undefined } as const
  const root = readList(spec.stages, ['stages'], { role: 'stages', ...outermost, after: undefined })
  const onError = readHandlers(spec.on_error, ['on_error'], { role: 'on_error', ...outermost, after: root })
  const last = spec.finally as readonly StageSpec[] | undefined
  const end = last && readList(last, ['finally'], { role: 'finally', ...outermost, after: root })
  return {
    root,
    onError,
    finally: end,
    lists,
    all,
    find: (id) => first.get(id),
    isAmbiguous: (id) => ambiguous.has(id),
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

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
  join: joinNames.find((name) => name === spec.join) ?? (list.role === 'finally' ? 'all_done' : 'none_failed'),
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

function onFailure(written: StageSpec['on_error']): OnFailure {
  const handlers = handlersOf(written)
  const isHandled = Array.isArray(written)
  const actions = isHandled ? handlers.map((handler) => handler.do) : [written]
  const isUnmatched = isHandled && handlers.every(({ when }) => when !== undefined)
  return {
    fails: isUnmatched || actions.some((action) => action !== 'continue' && typeof action !== 'object'),
    continuesWithValue: actions.some((action) => typeof action === 'object'),
    continuesWithoutValue: actions.includes('continue'),
  }
}

/** The values that a stage may go on with when it failed, with their places. */
export function givenOnError({
  spec: { on_error },
  path,
}: ListedStage): { readonly value: Json; readonly path: Path }[] {
  const own = isJsonObject((on_error ?? null) as Json) ? [{ action: on_error, at: [] as Path }] : []
  const handled = handlersOf(on_error).map((handler, index) => ({ action: handler.do, at: [index, 'do'] as Path }))
  return [...own, ...handled].flatMap(({ action, at }) =>
    typeof action === 'object' && 'continue' in action
      ? [{ value: action.continue, path: [...path, 'on_error', ...at, 'continue'] }]
      : [],
  )
}

/** `on_error` as a list; nothing where it is a word or a value. */
export const handlersOf = (written: unknown): readonly HandlerSpec[] =>
  Array.isArray(written) ? (written as readonly HandlerSpec[]) : []

/** The stage, the one that holds it, the one that holds that one, … */
export function* outwards(stage: ListedStage | undefined): Generator<ListedStage> {
  for (let at = stage; at; at = at.list.holder) yield at
}

/** The list, the one that its holder stands in, … */
export function* listsAround(list: StageList): Generator<StageList> {
  for (let at: StageList | undefined = list; at; at = at.holder?.list) yield at
}

/** The nearest stage of a kind around a list. */
export function around(list: StageList, kind: 'foreach' | 'loop'): ListedStage | undefined {
  for (const inside of listsAround(list))
    if (inside.role === 'body' && inside.holder?.kind?.body?.kind === kind) return inside.holder
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

/** Which stages set which variable, and how those stages stand to each other. */
import { isJsonObject, type Json } from '../../../foundation/json.ts'
import type { ListedStage, StageList } from '../../stage-tree.ts'
import type { StageOrder } from './stage-order.ts'

/** A stage of a list that sets a variable, itself or by a stage inside it. */
export interface Setter {
  /** Its position in the list. */
  readonly index: number
  /** The one that sets it: the stage, or the first one inside it. */
  readonly stage: ListedStage
}

const known = new WeakMap<StageList, ReadonlyMap<string, readonly Setter[]>>()

/** Per variable the stages of a list that set it, in list order. */
export function settersOf(list: StageList): ReadonlyMap<string, readonly Setter[]> {
  const found = known.get(list) ?? findSetters(list)
  known.set(list, found)
  return found
}

function findSetters({ all }: StageList): ReadonlyMap<string, readonly Setter[]> {
  const setters = new Map<string, Setter[]>()
  for (const [index, stage] of all.entries()) {
    for (const [name, first] of setIn(stage)) {
      const others = setters.get(name)
      if (others) others.push({ index, stage: first })
      else setters.set(name, [{ index, stage: first }])
    }
  }
  return setters
}

function setIn(stage: ListedStage): ReadonlyMap<string, ListedStage> {
  const first = new Map(variablesSetBy(stage).map((name) => [name, stage]))
  for (const list of stage.lists) {
    for (const [name, [setter]] of settersOf(list)) if (setter && !first.has(name)) first.set(name, setter.stage)
  }
  return first
}

export const variablesSetBy = ({ spec }: ListedStage): readonly string[] =>
  isJsonObject((spec.set ?? null) as Json) ? Object.keys(spec.set as object) : []

/** The stages such that each waits for the one before it, and so for all before it; undefined when two are side by side. */
export function chainOf<S extends Pick<Setter, 'index'>>(
  setters: readonly S[],
  { sequence, waitsFor }: StageOrder,
): readonly S[] | undefined {
  if (setters.length < 2) return setters
  const wanted = new Map(setters.map((setter) => [setter.index, setter]))
  const chain = sequence.flatMap((stage) => wanted.get(stage) ?? [])
  return chain.every(({ index }, at) => at === 0 || waitsFor(index, (chain[at - 1] as S).index)) ? chain : undefined
}

/** The first in a chain that neither waits for the stage nor is waited for by it. */
export function besideChain<S extends Pick<Setter, 'index'>>(
  chain: readonly S[],
  stage: number,
  { waitsFor }: StageOrder,
): S | undefined {
  let low = 0
  for (let high = chain.length; low < high; ) {
    const middle = (low + high) >> 1
    if (waitsFor(stage, (chain[middle] as S).index)) low = middle + 1
    else high = middle
  }
  const next = chain[low]
  return next === undefined || next.index === stage || waitsFor(next.index, stage) ? undefined : next
}

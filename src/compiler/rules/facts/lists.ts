/** What is worked out once per list of stages: its order, and which outputs may be absent. */
import type { ListedStage, StageList } from '../../stage-tree.ts'
import { createPresence, type Presence } from './presence.ts'
import { type Awaited, createStageOrder, type StageOrder } from './stage-order.ts'

export interface ListFacts {
  readonly order: StageOrder
  readonly presence: Presence
}

export type FactsOf = (list: StageList) => ListFacts

/** `isAmbiguous(id)`: several stages have this id. */
export function createListFacts(isAmbiguous: (id: string) => boolean): FactsOf {
  const known = new Map<StageList, ListFacts>()

  function of(list: StageList): ListFacts {
    const found = known.get(list) ?? gather(list)
    known.set(list, found)
    return found
  }

  function gather({ all }: StageList): ListFacts {
    const order = createStageOrder(all.map(awaited), (index) => hasFaultyNeed(all[index] as ListedStage))
    return { order, presence: createPresence(all, order, mayBlock) }
  }

  /** It needs what does not exist, or what several stages are called. */
  function hasFaultyNeed({ needs }: ListedStage): boolean {
    return needs !== 'all_above' && needs.some(({ stage, name }) => stage === -1 || isAmbiguous(name))
  }

  /** A stage inside may be skipped for a reason that leaves the body; in a foreach that counts as a failure. */
  function mayBlock({ lists, kind }: ListedStage): boolean {
    return kind?.body?.kind !== 'foreach' && lists.some((list) => of(list).presence.mayBlockAtEnd())
  }

  return of
}

const awaited = ({ needs }: ListedStage): Awaited =>
  needs === 'all_above' ? needs : needs.flatMap(({ stage }) => (stage === -1 ? [] : [stage]))

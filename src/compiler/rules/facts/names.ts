/** The names that stages see because of what they stand in: items of a foreach, iterations of a loop. */
import { foreachNames, loopNames } from '../../../foundation/expression/body-types.ts'
import type { JsonSchema } from '../../../foundation/plan.ts'
import { itemName, outwards, type StageList } from '../../stage-tree.ts'
import type { Results } from './results.ts'

export interface Names {
  readonly names: Record<string, JsonSchema>
  /** Names of the language that have no value here, with the reason. */
  readonly elsewhere: Readonly<Record<string, string>>
}

/** Names of the language that have no value in most places, with the reason. */
export const elsewhere: Readonly<Record<string, string>> = {
  event: 'it exists only in the "match" of a wait or trigger',
  trigger: 'it exists only in the "with" of a trigger',
  iteration: 'it exists only inside a loop',
  item: 'it exists only inside a foreach',
  index: 'it exists only inside a foreach',
  output: 'it exists only in "set", where the stage has one',
  error: 'it exists only in the value of "on_error: { continue: … }"',
  'run.status': 'it exists only in "finally" and in handlers',
  'run.error': 'it exists only in "finally" and in handlers',
}

/** Names that no item can have, anywhere. */
export const languageNames: ReadonlySet<string> = new Set([
  'inputs',
  'vars',
  'stages',
  'env',
  'secrets',
  'run',
  ...Object.keys(elsewhere).filter((name) => name !== 'item'),
])

/** `shared` are the names that are the same everywhere. */
export function createNames(
  shared: Record<string, JsonSchema>,
  results: Pick<Results, 'itemOf' | 'declaredBy'>,
): (list: StageList) => Names {
  const known = new Map<StageList, Names>()

  function namesIn(list: StageList): Names {
    const found = known.get(list) ?? make(list)
    known.set(list, found)
    return found
  }

  function make(list: StageList): Names {
    const { holder } = list
    if (!holder) return { names: shared, elsewhere }
    const outer = namesIn(holder.list)
    switch (holder.kind?.body?.kind) {
      case 'foreach': {
        const name = itemName(holder)
        const own = foreachNames(name, results.itemOf(holder))
        const renamed = Object.hasOwn(outer.names, 'item') || name === 'item' ? {} : { item: `"as" calls it "${name}"` }
        return { names: { ...outer.names, ...own, ...shared }, elsewhere: { ...outer.elsewhere, ...renamed } }
      }
      case 'loop': {
        const past = list.all.map((stage) => [stage.id, results.declaredBy(stage)] as const)
        return { ...outer, names: { ...outer.names, ...loopNames(past) } }
      }
      default:
        return outer
    }
  }

  return namesIn
}

/** The names that the foreachs around a list have made. */
export function* itemNamesAround(list: StageList): Generator<string> {
  for (const holder of outwards(list.holder)) {
    if (holder.kind?.body?.kind !== 'foreach') continue
    yield itemName(holder)
    yield `${itemName(holder)}_index`
  }
}

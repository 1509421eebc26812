/** The names that stages see because of what they stand in: items of a foreach, iterations of a loop. */
import { failureSchema, foreachNames, loopNames, orNull } from '../../../foundation/expression/body-types.ts'
import type { Json, JsonObject } from '../../../foundation/json.ts'
import { finishedStatuses } from '../../../foundation/outcome.ts'
import type { JsonSchema } from '../../../foundation/plan.ts'
import { itemName, listsAround, type StageList } from '../../stage-tree.ts'
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
  output: 'it exists only in "set" and "rollback", where the stage has one',
  error: 'it exists only in "on_error": in conditions and stages of handlers, and in the value of "continue"',
  'run.status': 'it exists only in "finally" and in handlers of the pipeline',
  'run.error': 'it exists only in "finally" and in handlers of the pipeline',
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

/** A failure of a stage: it says which. */
export const stageFailure: JsonSchema = {
  ...(failureSchema as JsonObject),
  required: ['stage', 'category', 'code', 'message', 'attempts'],
}

/** `shared` are the names that are the same everywhere. */
export function createNames(
  shared: Record<string, JsonSchema>,
  results: Pick<Results, 'itemOf' | 'declaredBy' | 'of'>,
): (list: StageList) => Names {
  const known = new Map<StageList, Names>()

  function namesIn(list: StageList): Names {
    const found = known.get(list) ?? make(list)
    known.set(list, found)
    return found
  }

  function make(list: StageList): Names {
    const { holder } = list
    if (!holder) return list.after ? namesAfterAll(list.role) : { names: shared, elsewhere }
    const outer = namesIn(holder.list)
    if (list.role === 'handler') return { ...outer, names: { ...outer.names, error: stageFailure } }
    if (list.role === 'rollback') return { ...outer, names: { ...outer.names, output: results.of(holder) } }
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

  /** Why the run failed is known to what runs then; how it ended to all that runs last. */
  function namesAfterAll(role: StageList['role']): Names {
    const failed = role === 'on_error'
    const { properties, required, ...run } = shared.run as { properties: JsonObject; required: readonly string[] }
    const more = {
      status: { enum: [...finishedStatuses] },
      error: (failed ? failureSchema : orNull(failureSchema)) as Json,
    }
    const told = { ...run, properties: { ...properties, ...more }, required: [...required, ...Object.keys(more)] }
    return { names: { ...shared, run: told, ...(failed && { error: failureSchema }) }, elsewhere }
  }

  return namesIn
}

/** The names that the foreachs around a list have made. */
export function* itemNamesAround(list: StageList): Generator<string> {
  for (const { role, holder } of listsAround(list)) {
    if (role !== 'body' || holder?.kind?.body?.kind !== 'foreach') continue
    yield itemName(holder)
    yield `${itemName(holder)}_index`
  }
}

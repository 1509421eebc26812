/**
 * What a stage runs in: the state of the run, and where its list stands if that is inside another stage.
 *
 * A list inside sees what whoever holds it sees, and more; the outside sees nothing of it but the outcome of its holder.
 */
import type { JsonObject } from '../foundation/json.ts'
import type { Outcome } from '../foundation/outcome.ts'
import type { ChildPlan } from '../foundation/plan.ts'
import type { RunView } from '../foundation/stage-runner.ts'
import type { ListShape } from './lists.ts'

export interface View extends RunView {
  /** Absent for the pipeline's own list. */
  readonly inside?: Inside
}

/** Variable → contributions, in plan order. */
export type Parts = NonNullable<Outcome['parts']>

export interface Inside {
  /** What comes before the id of a stage in its path, such as `search[3].`. */
  readonly prefix: string
  readonly list: ListShape
  /** The pipeline inside whose names its expressions read; absent: the outermost one. */
  readonly pipeline: ChildPlan | undefined
  /** The state of the list that holds it, and the position of the holder there; without one it sees all of it. */
  readonly holder: { readonly view: View; readonly reader: number | undefined }
  /** The list of a pipeline inside: nothing outside is seen. */
  readonly sealed: boolean
  /** Names that only lists inside know: items, indexes, iterations; those of outer ones included. */
  readonly names: JsonObject
  /** What earlier iterations set. */
  readonly earlier: Parts
  /** When the holder, or this iteration of it, began. ISO 8601, UTC. */
  readonly since: string
  /** Aborted with a StageError when the list has to stop although the run goes on. */
  readonly stop: AbortSignal | undefined
  /** Something beside the list failed, so whoever holds it will fail, whatever becomes of the list. */
  readonly isDoomed: () => boolean
  /** It runs when all else has ended: cancelling the run does not stop it. */
  readonly isLast: boolean
  /** Told how far a stage of the list is, 0 to 1. */
  readonly report: (stage: string, fraction: number) => void
}

/** Where what happens to a stage is recorded. */
export const pathOf = ({ inside }: View, id: string): string => (inside ? inside.prefix + id : id)

/** The next list outwards that may be read. */
export const outerOf = ({ inside }: View): Inside['holder'] | undefined =>
  inside && !inside.sealed ? inside.holder : undefined

export const noNames: JsonObject = Object.freeze({})

/** The stages of a pipeline as rules about order look at them: indexes instead of names. */
import { type JoinName, joinNames, type NeedStatus } from '../../../foundation/plan.ts'
import type { ParsedPipeline, Path } from '../../parsed.ts'
import { needsList, type StageSpec } from '../../spec.ts'

export interface Need {
  /** As written. */
  readonly name: string
  /** Index of the stage, or -1 when there is none. */
  readonly stage: number
  readonly statuses: readonly NeedStatus[] | undefined
  /** Place of the name, and of the whole entry. */
  readonly namePath: Path
  readonly path: Path
}

export interface ListedStage {
  readonly index: number
  readonly id: string
  readonly spec: StageSpec
  readonly needs: 'all_above' | readonly Need[]
  readonly join: JoinName
  /** Its `if`, as written. */
  readonly condition: string | undefined
  /** What its failure means for those that need it. */
  readonly onFailure: 'fail' | 'continue_without_value' | 'continue_with_value'
}

export interface StageList {
  readonly all: readonly ListedStage[]
  /** Index of the first stage with this id. */
  indexOf(id: string): number | undefined
  ids(): Iterable<string>
  /** Several stages have this id, so nobody knows which one is meant. */
  isAmbiguous(id: string): boolean
}

export function listStages({ spec }: ParsedPipeline): StageList {
  const indexes = new Map<string, number>()
  const ambiguous = new Set<string>()
  for (const [index, { id }] of spec.stages.entries()) {
    if (indexes.has(id)) ambiguous.add(id)
    else indexes.set(id, index)
  }
  return {
    all: spec.stages.map((stage, index) => listStage(stage, index, indexes)),
    indexOf: (id) => indexes.get(id),
    ids: () => indexes.keys(),
    isAmbiguous: (id) => ambiguous.has(id),
  }
}

function listStage(spec: StageSpec, index: number, indexes: ReadonlyMap<string, number>): ListedStage {
  return {
    index,
    id: spec.id,
    spec,
    needs: listNeeds(spec, index, indexes),
    join: joinNames.find((name) => name === spec.join) ?? 'none_failed',
    condition: spec.if,
    onFailure: onFailure(spec.on_error),
  }
}

function listNeeds(spec: StageSpec, index: number, indexes: ReadonlyMap<string, number>): ListedStage['needs'] {
  const written = needsList(spec)
  if (!written) return 'all_above'
  const base: Path = ['stages', index, 'needs']
  return written.map((need, at): Need => {
    const path = typeof spec.needs === 'string' ? base : [...base, at]
    const name = typeof need === 'string' ? need : need.stage
    return {
      name,
      stage: indexes.get(name) ?? -1,
      statuses: typeof need === 'string' ? undefined : need.status,
      namePath: typeof need === 'string' ? path : [...path, 'stage'],
      path,
    }
  })
}

function onFailure(written: StageSpec['on_error']): ListedStage['onFailure'] {
  if (written === 'continue') return 'continue_without_value'
  return typeof written === 'object' ? 'continue_with_value' : 'fail'
}

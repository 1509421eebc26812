/** What is worked out once of each list of stages: the pipeline's own, and those inside stages. */
import { createTopology, type Topology } from '../compiler/lower/topology.ts'
import { listsOf, type StagePlan } from '../foundation/plan.ts'
import { createAboveJudge } from './join.ts'
import { type Schedule, scheduleOf } from './schedule.ts'

export interface ListShape {
  readonly stages: readonly StagePlan[]
  readonly topology: Topology
  /** Made when it is first asked for: the pipeline's own list may be run by a graph. */
  readonly schedule: Schedule
  readonly judgeAbove: ReturnType<typeof createAboveJudge>
  /** Positions of the stages that set the variable themselves or by stages inside them, in the order of the list. */
  readonly setters: (variable: string) => readonly number[]
}

/** The same shape for the same list. */
export interface Lists {
  of(stages: readonly StagePlan[]): ListShape
}

export function createLists(): Lists {
  const made = new WeakMap<readonly StagePlan[], ListShape>()
  return {
    of(stages) {
      const known = made.get(stages)
      if (known) return known
      const shape = new Shape(stages)
      made.set(stages, shape)
      return shape
    },
  }
}

class Shape implements ListShape {
  readonly stages: readonly StagePlan[]
  readonly topology: Topology
  readonly judgeAbove: ReturnType<typeof createAboveJudge>
  readonly setters: (variable: string) => readonly number[]
  private made: Schedule | undefined

  constructor(stages: readonly StagePlan[]) {
    this.stages = stages
    this.topology = createTopology({ stages })
    this.judgeAbove = createAboveJudge({ stages })
    const bySet = settersOf(stages)
    this.setters = (variable) => bySet.get(variable) ?? nobody
  }

  get schedule(): Schedule {
    this.made ??= scheduleOf(this.stages, this.topology)
    return this.made
  }
}

const nobody: readonly number[] = []

function settersOf(stages: readonly StagePlan[]): ReadonlyMap<string, readonly number[]> {
  const setters = new Map<string, number[]>()
  for (const [index, stage] of stages.entries()) {
    for (const name of variablesSetBy(stage)) {
      const known = setters.get(name)
      if (known) known.push(index)
      else setters.set(name, [index])
    }
  }
  return setters
}

/** Names of variables that a stage sets, or one inside of it. A pipeline inside has variables of its own. */
export function variablesSetBy(stage: StagePlan): ReadonlySet<string> {
  const inside = stage.body?.kind === 'pipeline' ? [] : listsOf(stage).flat()
  return new Set([...inside.flatMap((each) => [...variablesSetBy(each)]), ...Object.keys(stage.set)])
}

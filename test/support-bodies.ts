/** Random plans with stages inside stages: lists, loops, cases, branches and pipelines, in each other. */

import { compileTemplate } from '../src/foundation/expression/template.ts'
import type { Json } from '../src/foundation/json.ts'
import type { BodyPlan, ForeachPlan, LoopPlan, Plan, StagePlan } from '../src/foundation/plan.ts'
import { type Pick, randomPlan } from './support-dags.ts'
import { type StageSketch, stage } from './support-stages.ts'

/** Some stages of a random plan become holders of random lists, which may hold more. */
export function randomBodies(pick: Pick, count: number, deepest: number): Plan {
  let lists = 0
  return holding(randomPlan(pick, count), deepest)

  function holding<Kind extends { readonly stages: readonly StagePlan[] }>(plan: Kind, depth: number): Kind {
    if (depth === 0) return plan
    const stages = plan.stages.map((stage) => (pick(true, false, false) ? holder(stage, depth) : stage))
    return { ...plan, stages }
  }

  function holder(stage: StagePlan, depth: number): StagePlan {
    const { output: _, onError, ...rest } = stage
    const body = bodyOf(depth)
    const itsFailure = onError.do === 'continue' ? onError : pick<StagePlan['onError']>(onError, { do: 'continue' })
    return { ...rest, kind: body.kind, config: compileTemplate(null), body, onError: itsFailure }
  }

  function bodyOf(depth: number): BodyPlan {
    const result = pick<Json>(null, '${{ vars.log }}')
    const value = result === null ? {} : { result: compileTemplate(result) }
    switch (pick('foreach', 'foreach', 'loop', 'switch', 'parallel', 'pipeline')) {
      case 'foreach':
        return {
          kind: 'foreach',
          list: compileTemplate(pick<Json>([1, 2, 3], ['a'], [], '${{ vars.log }}', 'no list')),
          as: 'item',
          concurrency: pick(1, 2, 8),
          onItemError: pick('fail', 'continue'),
          ...value,
          stages: listOf(depth, false),
        }
      case 'loop':
        return {
          kind: 'loop',
          ...(pick(true, false)
            ? { until: pick('false', 'true', 'iteration.index >= 1', 'size(vars.log) > 4') }
            : { while: pick('true', 'false', 'iteration.index < 2', 'iteration.previous == null') }),
          max: pick(1, 2, 3),
          onExhausted: pick('fail', 'continue'),
          keep: pick(0, 1, 2),
          ...value,
          stages: listOf(depth, true),
        }
      case 'switch':
        return {
          kind: 'switch',
          cases: [
            {
              when: pick('false', 'true', 'size(vars.log) % 2 == 0', 'inputs.none.x > 1'),
              stages: listOf(depth, true),
            },
            ...pick([], [{ stages: listOf(depth, true) }]),
          ],
        }
      case 'parallel':
        return {
          kind: 'parallel',
          failFast: false, // which failure comes first depends on clocks
          branches: ['left', 'right'].map((name) => ({ name, stages: listOf(depth, true) })),
        }
      case 'pipeline': {
        const { stages, vars, outputs } = holding(inner(), depth - 1)
        const child = {
          name: 'inner',
          inputs: {},
          vars,
          models: {},
          env: [],
          secrets: [],
          stages,
          outputs,
          directory: '.',
        }
        return { kind: 'pipeline', with: compileTemplate(pick<Json>({}, {}, { more: 1 })), child }
      }
    }
  }

  function listOf(depth: number, setsLast: boolean): readonly StagePlan[] {
    const { stages } = holding(inner(), depth - 1)
    return setsLast ? stages : stages.map((stage) => ({ ...stage, set: without(stage.set, 'last') }))
  }

  function inner(): Plan {
    const list = `l${lists++}_`
    const plan = randomPlan(pick, pick(1, 2, 3))
    const rename = (id: string): string => list + id
    const stages = plan.stages.map((stage): StagePlan => {
      const needs =
        stage.needs === 'all_above' ? stage.needs : stage.needs.map((need) => ({ ...need, stage: rename(need.stage) }))
      return { ...stage, id: rename(stage.id), needs }
    })
    return { ...plan, stages }
  }
}

const without = <Value>(map: Readonly<Record<string, Value>>, name: string): Record<string, Value> =>
  Object.fromEntries(Object.entries(map).filter(([key]) => key !== name))

/** The same body with other lists. */
export function mapLists(body: BodyPlan, map: (stages: readonly StagePlan[]) => readonly StagePlan[]): BodyPlan {
  switch (body.kind) {
    case 'foreach':
    case 'loop':
      return { ...body, stages: map(body.stages) }
    case 'switch':
      return { ...body, cases: body.cases.map((each) => ({ ...each, stages: map(each.stages) })) }
    case 'parallel':
      return { ...body, branches: body.branches.map((each) => ({ ...each, stages: map(each.stages) })) }
    case 'pipeline':
      return { ...body, child: { ...body.child, stages: map(body.child.stages) } }
  }
}

/** A holder by hand; values as written in YAML. */
export function holding(id: string, body: BodyPlan, sketch: StageSketch = {}): StagePlan {
  return stage(id, { kind: body.kind, ...sketch, body })
}

export const foreach = (
  list: Json,
  stages: readonly StagePlan[],
  more: Partial<Omit<ForeachPlan, 'result'>> & { readonly result?: Json } = {},
): ForeachPlan => {
  const { result, ...rest } = more
  const value = result !== undefined && { result: compileTemplate(result) }
  return { kind: 'foreach', list: compileTemplate(list), as: 'item', onItemError: 'fail', ...rest, ...value, stages }
}

export const loop = (
  stages: readonly StagePlan[],
  more: Partial<Omit<LoopPlan, 'result' | 'delay'>> & { readonly result?: Json; readonly delay?: string },
): LoopPlan => {
  const { result, delay, ...rest } = more
  return {
    kind: 'loop',
    max: 5,
    onExhausted: 'fail',
    keep: 1,
    ...rest,
    ...(result !== undefined && { result: compileTemplate(result) }),
    ...(delay !== undefined && { delay: compileTemplate(delay) }),
    stages,
  }
}

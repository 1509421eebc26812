/** Some stages of a random pipeline become holders of others. */
import { compileTemplate } from '../../src/foundation/expression/template.ts'
import type { Json } from '../../src/foundation/json.ts'
import {
  type BodyPlan,
  type ChildPlan,
  handledBy,
  listsOf,
  listsOfPipeline,
  type Plan,
  type StagePlan,
} from '../../src/foundation/plan.ts'
import { pick, type Random, times, upTo } from '../fuzz/random.ts'
import { stage } from '../support-stages.ts'

export interface InnerStages {
  /** A stage with this id, and how it behaves. */
  make(id: string, needs: StagePlan['needs']): StagePlan
  /** Some are pipelines with these variables and outputs. */
  readonly child?: Pick<ChildPlan, 'vars' | 'outputs'>
  /** One that runs when the others of a pipeline have ended. */
  last(id: string): StagePlan
}

/** How deep stages stand inside each other at most. */
const deepest = 3

/** The stage as a holder: its needs, its condition and what it sets stay. */
export function holderOf(random: Random, held: StagePlan, inner: InnerStages): StagePlan {
  const { child } = inner
  const kinds: BodyPlan['kind'][] = ['foreach', 'foreach', 'loop', 'switch', 'parallel']
  if (child) kinds.push('pipeline', 'pipeline')
  let made = 0
  return holder(held, deepest)

  function holder(
    { retry: _, timeout: __, once: ___, checkpoint: ____, ...rest }: StagePlan,
    depth: number,
  ): StagePlan {
    const body = bodyOf(depth)
    return { ...rest, kind: body.kind, config: compileTemplate(null), body, set: withoutOutput(rest.set) }
  }

  function bodyOf(depth: number): BodyPlan {
    switch (pick(random, kinds)) {
      case 'loop':
        return {
          kind: 'loop',
          ...(random() < 0.5
            ? { until: pick(random, ['false', 'iteration.index >= 1', 'vars.total > 130']) }
            : { while: pick(random, ['true', 'iteration.index < 2', 'iteration.previous == null']) }),
          max: 1 + upTo(random, 3),
          onExhausted: pick(random, ['fail', 'continue']),
          ...(random() < 0.3 && { delay: compileTemplate('2s') }),
          keep: 1,
          stages: list(depth),
        }
      case 'switch':
        return {
          kind: 'switch',
          cases: [
            { when: pick(random, ['false', 'true', 'size(vars.log) % 2 == 0']), stages: list(depth) },
            { stages: list(depth) },
          ],
        }
      case 'parallel':
        return {
          kind: 'parallel',
          failFast: false, // which failure comes first depends on clocks
          branches: ['left', 'right'].map((name) => ({ name, stages: list(depth) })),
        }
      case 'pipeline':
        return { kind: 'pipeline', with: compileTemplate({}), child: childOf(list(depth)) }
      case 'foreach':
        return {
          kind: 'foreach',
          list: compileTemplate(pick<Json>(random, [[1, 2, 3], ['a', 'b'], [], '${{ vars.log }}'])),
          as: 'item',
          concurrency: 1 + upTo(random, 4),
          onItemError: pick(random, ['fail', 'continue']),
          stages: list(depth).map((each) => ({ ...each, set: without(each.set, 'last') })),
        }
    }
  }

  function childOf(stages: readonly StagePlan[]): ChildPlan {
    const { vars = {}, outputs = {} } = child ?? {}
    const finally_ = random() < 0.3 ? [inner.last(`${held.id}_${made++}`)] : undefined
    const handler = {
      stages: random() < 0.5 ? [inner.last(`${held.id}_${made++}`)] : [],
      then: { do: 'fail' },
    } as const
    return {
      ...{ name: 'child', inputs: {}, models: {}, env: [], secrets: [], directory: '.' },
      vars,
      outputs,
      stages,
      ...(finally_ && { finally: finally_ }),
      ...(random() < 0.3 && { onError: { do: 'handle', handlers: [handler] } }),
    }
  }

  function list(depth: number): StagePlan[] {
    return times(1 + upTo(random, 3), (at) => {
      const id = `${held.id}_${made++}`
      const needs: StagePlan['needs'] = at > 0 && random() < 0.5 ? [] : 'all_above'
      return depth > 1 && random() < 0.2 ? holder(stage(id, { needs }), depth - 1) : inner.make(id, needs)
    })
  }
}

const without = <Value>(map: Readonly<Record<string, Value>>, name: string): Record<string, Value> =>
  Object.fromEntries(Object.entries(map).filter(([key]) => key !== name))

/** What a holder gives is large, and set in each iteration of one outside it. */
const withoutOutput = (set: StagePlan['set']): StagePlan['set'] =>
  Object.fromEntries(Object.entries(set).filter(([, { kind }]) => kind === 'literal'))

/** The lists of stages inside a stage, those that run last in a pipeline inside included, and those of its handlers. */
export function innerLists(stage: StagePlan): readonly (readonly StagePlan[])[] {
  const own = stage.body?.kind === 'pipeline' ? listsOfPipeline(stage.body.child) : listsOf(stage)
  return [...own, ...handledBy(stage.onError)]
}

/** What runs when all other stages of the pipeline's own list have ended. */
export const lastOf = (plan: Plan): readonly StagePlan[] => listsOfPipeline(plan).slice(1).flatMap(withInner)

export const everyStage = (plan: Plan): readonly StagePlan[] => listsOfPipeline(plan).flatMap(withInner)

/** Of a list. */
export const withInner = (list: readonly StagePlan[]): StagePlan[] =>
  list.flatMap((stage) => [stage, ...innerLists(stage).flatMap(withInner)])

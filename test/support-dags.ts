/** Random plans of stages that wait or fail, for properties that every lowering has to have. */
import type { Json } from '../src/foundation/json.ts'
import type { NeedPlan, Plan, StagePlan } from '../src/foundation/plan.ts'
import { planOf, type StageSketch, stage } from './support-stages.ts'

/** One of the choices, at random. */
export type Pick = <T>(...choices: T[]) => T

const conditions = [undefined, undefined, undefined, 'true', 'false', 'size(vars.log) % 2 == 0', 'inputs.none.x > 1']
const joins = ['none_failed', 'none_failed', 'all_succeeded', 'all_done', 'any_succeeded'] as const
const view = '${{ {"log": vars.log, "total": vars.total, "last": vars.last} }}'

/** A plan of `count` stages s0, s1, … that wait (`wait`) or fail (`break`), with any needs, joins, conditions and variables. */
export function randomPlan(pick: Pick, count: number): Plan {
  const needs = randomNeeds(pick, count)
  const stages = needs.map((own, index) => {
    const id = `s${index}`
    const condition = pick(...conditions)
    const fails = pick(true, false, false)
    return stage(id, {
      needs: own,
      join: pick(...joins),
      ...(condition !== undefined && { if: condition }),
      ...(fails ? { kind: 'do', value: 'break' } : { kind: 'do', value: 'wait', output: { type: 'string' } }),
      ...(fails &&
        pick(true, false) && { onError: pick<NonNullable<StageSketch['onError']>>('continue', { continue: view }) }),
      set: pick<Record<string, Json>>({}, { log: [id] }, { total: index + 1, log: [id] }, { last: id }),
    })
  })
  return planOf(stages, {
    vars: {
      log: { schema: true, merge: 'append', default: ['start'] },
      total: { schema: true, merge: 'sum', default: 100 },
      last: { schema: true, merge: 'last' },
    },
    outputs: { all: view },
    limits: { concurrency: pick(1, 2, 8) },
  })
}

/** Needs that point up or down the list, without cycles. */
function randomNeeds(pick: Pick, count: number): StagePlan['needs'][] {
  const all: StagePlan['needs'][] = Array.from({ length: count }, () => pick<StagePlan['needs']>('all_above', []))
  for (let index = 0; index < count; index++) {
    if (all[index] === 'all_above') continue
    for (let tries = pick(0, 1, 2, 3); tries > 0; tries--) {
      const other = pick(...Array.from({ length: count }, (_, position) => position))
      const own = all[index] as readonly NeedPlan[]
      if (own.some((need) => need.stage === `s${other}`) || reaches(all, other, index)) continue
      const status = pick<NeedPlan['status']>(undefined, undefined, undefined, ['failed'], ['succeeded', 'failed'])
      all[index] = [...own, { stage: `s${other}`, ...(status && { status }) }]
    }
  }
  return all
}

/** Positions of what a stage needs directly. */
export const directNeeds = (all: readonly StagePlan['needs'][], index: number): number[] => {
  const own = all[index] ?? []
  return own === 'all_above'
    ? Array.from({ length: index }, (_, position) => position)
    : own.map((need) => Number(need.stage.slice(1)))
}

const reaches = (all: readonly StagePlan['needs'][], from: number, to: number): boolean =>
  from === to || directNeeds(all, from).some((need) => reaches(all, need, to))

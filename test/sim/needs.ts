/** What the stages of a random list wait for. */
import type { NeedPlan, StagePlan } from '../../src/foundation/plan.ts'
import { pick, type Random, times, upTo } from '../fuzz/random.ts'

export const idOf = (index: number): string => `s${index}`

/** Needs that point up or down the list, without cycles. */
export function randomNeeds(random: Random, count: number): StagePlan['needs'][] {
  const style = random() // some pipelines are lists, some are wide
  const all = times<StagePlan['needs']>(count, () => (random() < style * 0.5 ? 'all_above' : []))
  for (const index of all.keys()) {
    if (all[index] === 'all_above') continue
    for (let tries = upTo(random, 4); tries > 0; tries--) addNeed(random, all, index)
  }
  return all
}

function addNeed(random: Random, all: StagePlan['needs'][], index: number): void {
  const other = upTo(random, all.length)
  const own = all[index] as readonly NeedPlan[]
  if (own.some((need) => need.stage === idOf(other)) || isAbove(all, index, other)) return
  const status = pick<NeedPlan['status']>(random, [
    undefined,
    undefined,
    undefined,
    ['failed'],
    ['succeeded', 'failed'],
  ])
  all[index] = [...own, { stage: idOf(other), ...(status && { status }) }]
}

const directNeeds = (all: readonly StagePlan['needs'][], index: number): number[] => {
  const own = all[index] ?? []
  return own === 'all_above' ? times(index, (at) => at) : own.map((need) => Number(need.stage.slice(1)))
}

/** Whether `from` is `to`, or upstream of it. */
function isAbove(all: readonly StagePlan['needs'][], from: number, to: number): boolean {
  const seen = new Set<number>()
  const open = [to]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === from) return true
    if (seen.has(at)) continue
    seen.add(at)
    open.push(...directNeeds(all, at))
  }
  return false
}

export function upstreamOf(all: readonly StagePlan['needs'][], index: number): number[] {
  return [...all.keys()].filter((other) => other !== index && isAbove(all, other, index))
}

/**
 * Random pipelines against a sequential model that knows nothing of LangGraph, of the runner or of each other's code:
 * who runs, in which order, with which status, output and variables.
 */
import { setImmediate as tick } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { RunEventBody } from '../../src/foundation/events.ts'
import type { Json } from '../../src/foundation/json.ts'
import type { Plan, StagePlan } from '../../src/foundation/plan.ts'
import { directNeeds, type Pick, randomPlan } from '../support-dags.ts'
import { lower } from '../support-stages.ts'

interface Expected {
  status: string
  reason: string | null
  tolerated: boolean
  output: Json
  code: string | null
  set: Record<string, Json>
}

/** What language.md §2 and §4 say, written down as plainly as possible. */
function model(plan: Plan) {
  const all = plan.stages.map(({ needs }) => needs)
  const known = new Map<number, Expected>()
  const upstream = (index: number): Set<number> =>
    new Set(directNeeds(all, index).flatMap((need) => [need, ...upstream(need)]))

  function fold(visible: readonly number[]): { log: string[]; total: number; last: string | null } {
    const vars = { log: ['start'], total: 100, last: null as string | null }
    for (const index of visible.toSorted((a, b) => a - b)) {
      const { set } = outcome(index)
      if (set.log) vars.log = [...vars.log, ...(set.log as string[])]
      if (set.total) vars.total += set.total as number
      if (set.last) vars.last = set.last as string
    }
    return vars
  }

  function outcome(index: number): Expected {
    const before = known.get(index)
    if (before) return before
    const made = work(index)
    known.set(index, made)
    return made
  }

  function work(index: number): Expected {
    const own = plan.stages[index] as StagePlan
    const nothing = { output: null, tolerated: false, reason: null, code: null, set: {} }
    const reasons: string[] = []
    const others: Expected[] = []
    for (const need of directNeeds(all, index)) {
      const result = outcome(need)
      const named = own.needs === 'all_above' ? undefined : own.needs.find(({ stage: id }) => id === `s${need}`)
      if (result.status === 'skipped' && result.reason !== 'condition') reasons.push(result.reason as string)
      else if (named?.status) {
        if (!(named.status as readonly string[]).includes(result.status)) reasons.push('condition')
      } else others.push(result)
    }
    const good = others.filter(({ status, tolerated }) => status === 'succeeded' || tolerated).length
    const bad = others.filter(({ status, tolerated }) => status === 'failed' && !tolerated).length
    const away = others.length - good - bad
    if (others.length > 0) {
      if (own.join === 'none_failed' && bad > 0) reasons.push('failed')
      if (own.join === 'none_failed' && bad === 0 && good === 0 && own.needs !== 'all_above') reasons.push('need')
      if (own.join === 'all_succeeded' && bad + away > 0) reasons.push(bad > 0 ? 'failed' : 'need')
      if (own.join === 'any_succeeded' && good === 0) reasons.push(bad > 0 ? 'failed' : 'need')
    }
    const strongest = ['failed', 'need', 'condition'].find((reason) => reasons.includes(reason))
    if (strongest) return { ...nothing, status: 'skipped', reason: strongest }

    const vars = fold([...upstream(index)])
    if (own.if === 'false' || (own.if?.startsWith('size') && vars.log.length % 2 !== 0))
      return { ...nothing, status: 'skipped', reason: 'condition' }
    const set = Object.fromEntries(Object.entries(own.set).map(([name, template]) => [name, literalOf(template)]))
    const broken = own.if?.includes('none') ? 'expression_failed' : isBroken(own) ? 'internal' : null
    if (broken === null) return { ...nothing, status: 'succeeded', output: own.id, set }
    if (own.onError.do === 'fail') return { ...nothing, status: 'failed', code: broken }
    if (own.onError.do !== 'continue') throw new Error('The test makes no others.')
    if (!own.onError.value) return { ...nothing, status: 'failed', code: broken, tolerated: true }
    return { ...nothing, status: 'failed', code: broken, tolerated: true, output: { ...vars }, set }
  }

  const outcomes = plan.stages.map((_, index) => outcome(index))
  const vars = fold(plan.stages.map((_, index) => index))
  const first = outcomes.findIndex(({ status, tolerated }) => status === 'failed' && !tolerated)
  return { outcomes, vars, status: first === -1 ? 'succeeded' : 'failed', failed: first }
}

const literalOf = (template: StagePlan['config']): Json => (template.kind === 'literal' ? template.value : null)
const isBroken = (own: StagePlan): boolean => literalOf(own.config) === 'break'

/** Every stage starts after everything it needs has ended. */
function checkOrder(plan: Plan, events: readonly RunEventBody[]): void {
  const all = plan.stages.map(({ needs }) => needs)
  const ended = new Set<string>()
  for (const event of events) {
    if (!('stage' in event)) continue
    if (event.type === 'stage.started') {
      for (const need of directNeeds(all, Number(event.stage.slice(1)))) expect(ended).toContain(`s${need}`)
    }
    if (/succeeded|failed|skipped/.test(event.type)) ended.add(event.stage)
  }
}

async function check(plan: Plan, delays: () => number): Promise<void> {
  const pause = async () => {
    for (let left = delays(); left > 0; left--) await tick()
  }
  const deeds = {
    wait: async ({ stage: id }: { stage: string }) => {
      await pause()
      return id
    },
    break: async () => {
      await pause()
      throw new Error('broken')
    },
  }
  const { graph, events } = lower(plan, deeds, { onFailure: 'return' })
  const state = await graph.invoke({ inputs: {} })
  const expected = model(plan)
  const found = plan.stages.map(({ id }) => {
    const { status, reason, tolerated, output, error, set } = state.stages[id] as NonNullable<
      (typeof state.stages)[string]
    >
    return { status, reason, tolerated, output, code: error?.code ?? null, set }
  })
  expect(found).toEqual(expected.outcomes)
  expect({ log: state['vars.log'], total: state['vars.total'], last: state['vars.last'] }).toEqual(expected.vars)
  expect(state.run.status).toBe(expected.status)
  expect(state.run.error?.stage).toBe(expected.failed === -1 ? undefined : `s${expected.failed}`)
  expect(state.outputs).toEqual(expected.status === 'succeeded' ? { all: expected.vars } : null)
  checkOrder(plan, events)
}

const property = fc.asyncProperty(fc.gen(), async (gen) => {
  const pick: Pick = (...choices) => choices[gen(fc.nat, { max: choices.length - 1 })] as (typeof choices)[number]
  const plan = randomPlan(pick, gen(fc.integer, { min: 1, max: 12 }))
  await check(plan, () => gen(fc.nat, { max: 3 }))
})

it('random pipelines do what a sequential model says (fixed seed)', async () => {
  await fc.assert(property, { seed: 20_261_124, numRuns: 200 })
})

it('random pipelines do what a sequential model says (a new seed each time)', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`random pipelines: seed ${seed}`)
  await fc.assert(property, { seed, numRuns: 50 })
})

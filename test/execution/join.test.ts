/** The table of joins and skips of language.md §2. */
import { describe, expect, it } from 'vitest'
import { createAboveJudge, judgeJoin } from '../../src/execution/join.ts'
import type { Outcome, Outcomes, SkipReason } from '../../src/foundation/outcome.ts'
import { type JoinName, joinNames, type NeedPlan } from '../../src/foundation/plan.ts'
import { planOf, stage } from '../support-stages.ts'

const base: Outcome = {
  status: 'succeeded',
  output: null,
  error: null,
  reason: null,
  tolerated: false,
  set: {},
  attempts: 1,
  started_at: '',
  ended_at: '',
}
const succeeded = base
const failed: Outcome = { ...base, status: 'failed' }
const tolerated: Outcome = { ...failed, tolerated: true }
const cancelled: Outcome = { ...base, status: 'cancelled' }
const skipped = (reason: SkipReason): Outcome => ({ ...base, status: 'skipped', reason })
const condition = skipped('condition')

function judge(
  join: JoinName,
  outcomes: readonly Outcome[],
  explicit = true,
  statuses: Record<number, NeedPlan['status']> = {},
) {
  const needs = outcomes.map((_, index): NeedPlan => {
    const status = statuses[index]
    return { stage: `s${index}`, ...(status && { status }) }
  })
  const known: Outcomes = Object.fromEntries(outcomes.map((outcome, index) => [`s${index}`, outcome]))
  return judgeJoin(join, needs, explicit, known) ?? 'run'
}

describe('join', () => {
  it.each<[string, Outcome[], Record<JoinName, string>]>([
    ['nothing', [], { none_failed: 'run', all_succeeded: 'run', all_done: 'run', any_succeeded: 'run' }],
    ['a success', [succeeded], { none_failed: 'run', all_succeeded: 'run', all_done: 'run', any_succeeded: 'run' }],
    [
      'a failure',
      [failed],
      { none_failed: 'failed', all_succeeded: 'failed', all_done: 'run', any_succeeded: 'failed' },
    ],
    [
      'a tolerated failure',
      [tolerated],
      { none_failed: 'run', all_succeeded: 'run', all_done: 'run', any_succeeded: 'run' },
    ],
    [
      'a skip by its own if',
      [condition],
      { none_failed: 'need', all_succeeded: 'need', all_done: 'run', any_succeeded: 'need' },
    ],
    [
      'a success and a skip',
      [succeeded, condition],
      { none_failed: 'run', all_succeeded: 'need', all_done: 'run', any_succeeded: 'run' },
    ],
    [
      'a success and a failure',
      [succeeded, failed],
      { none_failed: 'failed', all_succeeded: 'failed', all_done: 'run', any_succeeded: 'run' },
    ],
    [
      'a skip and a failure',
      [condition, failed],
      { none_failed: 'failed', all_succeeded: 'failed', all_done: 'run', any_succeeded: 'failed' },
    ],
  ])('of %s', (_, outcomes, expected) => {
    expect(Object.fromEntries(joinNames.map((join) => [join, judge(join, outcomes)]))).toEqual(expected)
  })

  it('none_failed lets a stage without written needs go on when all above it were skipped', () => {
    expect(judge('none_failed', [condition, condition], false)).toBe('run')
    expect(judge('none_failed', [condition, condition], true)).toBe('need')
  })
})

describe('a skip for another reason than the own if', () => {
  it.each(['rejected', 'timeout', 'cancelled', 'failed', 'need'] as const)(
    'passes on whatever the join: %s',
    (reason) => {
      for (const join of joinNames) expect(judge(join, [succeeded, skipped(reason)])).toBe(reason)
    },
  )

  it('is the strongest of several', () => {
    const weaker: Outcome[] = []
    for (const reason of ['need', 'failed', 'cancelled', 'timeout', 'rejected'] as const) {
      weaker.push(skipped(reason))
      expect(judge('all_done', weaker)).toBe(reason)
      expect(judge('all_done', weaker.toReversed())).toBe(reason)
    }
  })

  it('is passed on as cancelled by a cancelled stage', () => {
    expect(judge('all_done', [cancelled, skipped('need')])).toBe('cancelled')
  })

  it('is never overridden by a need that names statuses', () => {
    expect(judge('all_done', [skipped('failed')], true, { 0: ['failed'] })).toBe('failed')
  })
})

describe('a need that names statuses', () => {
  it('must match, else the stage is skipped as by its own if', () => {
    expect(judge('none_failed', [failed], true, { 0: ['failed'] })).toBe('run')
    expect(judge('none_failed', [succeeded], true, { 0: ['failed'] })).toBe('condition')
    expect(judge('none_failed', [condition], true, { 0: ['failed'] })).toBe('condition')
    expect(judge('none_failed', [tolerated], true, { 0: ['failed'] })).toBe('run')
    expect(judge('all_succeeded', [failed], true, { 0: ['succeeded', 'failed'] })).toBe('run')
  })

  it('is not looked at by the join, which judges the others', () => {
    expect(judge('all_succeeded', [failed, succeeded], true, { 0: ['failed'] })).toBe('run')
    expect(judge('none_failed', [failed, condition], true, { 0: ['failed'] })).toBe('need')
    expect(judge('none_failed', [succeeded, failed], true, { 0: ['failed'] })).toBe('failed') // stronger than condition
  })
})

it('a need without an outcome keeps a stage from running', () => {
  expect(judgeJoin('all_done', [{ stage: 'lost' }], true, {})).toBe('need')
})

describe('all_above', () => {
  const kinds = [succeeded, failed, tolerated, cancelled, condition, skipped('failed'), skipped('need')]
  const plan = planOf(Array.from({ length: 5 }, (_, index) => stage(`s${index}`)))

  it('is judged as a list of all stages above would be, however the list is come by', () => {
    for (let code = 0; code < kinds.length ** 4; code++) {
      const above = [0, 1, 2, 3].map((at) => kinds[Math.floor(code / kinds.length ** at) % kinds.length] as Outcome)
      const judgeAbove = createAboveJudge(plan)
      const growing: Record<string, Outcome> = {}
      for (const [index, { id }] of plan.stages.entries()) {
        const needs = plan.stages.slice(0, index).map((each) => ({ stage: each.id }))
        for (const join of joinNames) {
          expect(judgeAbove(join, index, growing)).toBe(judgeJoin(join, needs, false, growing))
        }
        if (above[index]) growing[id] = above[index]
      }
    }
  })

  it('is judged anew for other outcomes, and for a stage further up', () => {
    const judgeAbove = createAboveJudge(plan)
    const bad = { s0: failed, s1: skipped('failed') }
    expect(judgeAbove('none_failed', 2, bad)).toBe('failed')
    expect(judgeAbove('none_failed', 2, { s0: succeeded, s1: succeeded })).toBeUndefined()
    expect(judgeAbove('all_done', 1, bad)).toBeUndefined()
    expect(judgeAbove('all_done', 2, bad)).toBe('failed')
  })
})

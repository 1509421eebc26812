/** The fold of a journal: what its events say of each stage. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closeStage } from '../../src/execution/stage-events.ts'
import type { Json } from '../../src/foundation/json.ts'
import type { Outcome } from '../../src/foundation/outcome.ts'
import { type DatedEvent, foldPast, noPast } from '../../src/foundation/past.ts'

const at = '2026-01-01T00:00:00.000Z'
const started = (stage: string, attempt: number): DatedEvent => ({
  type: 'stage.started',
  stage,
  kind: 'run',
  attempt,
  at,
})
const error = { category: 'network', code: 'network', message: 'down', stage: 'a', attempts: 1 } as const
const retrying = (counts: boolean): DatedEvent => ({
  type: 'stage.retrying',
  stage: 'a',
  attempt: 1,
  error,
  next_at: '2026-01-01T00:00:09.000Z',
  counts,
  at,
})

const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>
const base = fc.record({
  set: fc.dictionary(fc.constantFrom('x', 'y', 'z'), json),
  startMs: fc.integer({ min: 0, max: 4e12 }),
  tookMs: fc.integer({ min: 0, max: 1e9 }),
  attempts: fc.integer({ min: 1, max: 9 }),
})
const nothing = { output: null, error: null, reason: null, tolerated: false }
const outcomes: fc.Arbitrary<Outcome> = base.chain(({ set, startMs, tookMs, attempts }) => {
  const times = { started_at: new Date(startMs).toISOString(), ended_at: new Date(startMs + tookMs).toISOString() }
  const skipped = { ...nothing, set: {}, attempts: 0, started_at: times.ended_at, ended_at: times.ended_at }
  return fc.oneof(
    json.map((output): Outcome => ({ ...nothing, status: 'succeeded', output, set, attempts, ...times })),
    json.map(
      (output): Outcome => ({ ...nothing, status: 'succeeded', output, set, attempts: 0, cached: true, ...times }),
    ),
    json.map(
      (output): Outcome => ({ ...nothing, status: 'failed', tolerated: true, error, output, set, attempts, ...times }),
    ),
    fc.constant<Outcome>({ ...nothing, status: 'failed', error, set: {}, attempts, ...times }),
    fc.constant<Outcome>({ ...nothing, status: 'cancelled', error, set: {}, attempts, ...times }),
    fc
      .constantFrom('condition', 'need', 'failed')
      .map((reason): Outcome => ({ ...skipped, status: 'skipped', reason })),
  )
})

describe('what is told of a stage that ended', () => {
  it('gives back its outcome, whatever it was', () => {
    fc.assert(
      fc.property(outcomes, (outcome) => {
        const events = closeStage('a', outcome).map((event): DatedEvent => ({ ...event, at: outcome.ended_at }))
        const read = JSON.parse(JSON.stringify(events)) as DatedEvent[]
        expect(foldPast(read).outcomes.a).toEqual(JSON.parse(JSON.stringify(outcome)))
      }),
      { numRuns: 300 },
    )
  })

  it('is frozen', () => {
    const { outcomes: folded } = foldPast([
      { type: 'stage.succeeded', stage: 'a', output: { x: [1] }, attempts: 1, duration_ms: 0, at },
    ])
    expect(Object.isFrozen((folded.a as Outcome & { readonly output: { readonly x: Json } }).output.x)).toBe(true)
  })
})

describe('the past of a stage', () => {
  it('counts attempts, failures that spent one, and knows when the next may start', () => {
    const past = foldPast([started('a', 1), retrying(true), started('a', 2), retrying(false)]).of('a')
    expect(past).toMatchObject({ attempts: 2, failures: 1, nextAt: '2026-01-01T00:00:09.000Z' })
    expect(past).not.toHaveProperty('open')
  })

  it('has an open attempt when nothing more is said of it', () => {
    const past = foldPast([started('a', 1), retrying(true), started('a', 2), started('b', 1)])
    expect(past.open).toEqual(['a', 'b'])
    expect(past.of('a')).toMatchObject({ open: 2, attempts: 2 })
    expect(past.of('a')).not.toHaveProperty('nextAt')
  })

  it('has none that was stopped for a pause, or is known to have crashed', () => {
    const past = foldPast([
      started('a', 1),
      { type: 'stage.interrupted', stage: 'a', attempt: 1, at },
      started('b', 1),
      { type: 'stage.crashed', stage: 'b', attempt: 1, crashes: 1, at },
    ])
    expect(past.open).toEqual([])
    expect(past.of('b').crashes).toBe(1)
    expect(past.of('nobody')).toEqual(noPast.of('nobody'))
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Awaited, createStageOrder } from '../../../src/compiler/rules/facts/stage-order.ts'

/** Needs of up to 12 stages: implicit, or any indexes, also later ones and cycles. */
const pipelines = fc.integer({ min: 1, max: 12 }).chain((size) =>
  fc.array(fc.oneof(fc.constant('all_above' as const), fc.uniqueArray(fc.nat({ max: size - 1 }), { maxLength: 3 })), {
    minLength: size,
    maxLength: size,
  }),
)

/** The same by the shortest definition there is. */
function naive(awaited: readonly Awaited[]) {
  const needs = awaited.map((each, index) => (each === 'all_above' ? [...Array(index).keys()] : each))
  const reach = (from: number, seen = new Set<number>()): Set<number> => {
    for (const next of needs[from] ?? []) {
      if (seen.has(next)) continue
      seen.add(next)
      reach(next, seen)
    }
    return seen
  }
  const reached = needs.map((_, index) => reach(index))
  return {
    waitsFor: (a: number, b: number) => reached[a]?.has(b) ?? false,
    cyclic: reached.some((set, index) => set.has(index)),
  }
}

describe('the order of stages', () => {
  it('agrees with a naive model on random needs', () => {
    fc.assert(
      fc.property(pipelines, (awaited) => {
        const order = createStageOrder(awaited)
        const model = naive(awaited)
        expect(order.cycles.length > 0).toBe(model.cyclic)
        if (model.cyclic) return
        for (const a of awaited.keys()) {
          for (const b of awaited.keys()) {
            expect(order.waitsFor(a, b), `${a} waits for ${b}`).toBe(model.waitsFor(a, b))
            expect(order.sideBySide(a, b)).toBe(a !== b && !model.waitsFor(a, b) && !model.waitsFor(b, a))
          }
        }
        const places = new Map(order.sequence.map((stage, place) => [stage, place]))
        for (const a of awaited.keys()) {
          for (const b of awaited.keys())
            if (model.waitsFor(a, b)) expect(places.get(a)).toBeGreaterThan(places.get(b) ?? -1)
        }
      }),
      { seed: 7, numRuns: 500 },
    )
  })

  it('shows cycles whole, closed, and each a ring of needs', () => {
    fc.assert(
      fc.property(pipelines, (awaited) => {
        for (const cycle of createStageOrder(awaited).cycles) {
          expect(cycle[0]).toBe(cycle.at(-1))
          for (let at = 1; at < cycle.length; at++) {
            const [from, to] = [cycle[at - 1] as number, cycle[at] as number]
            const needs = awaited[from]
            expect(needs === 'all_above' ? to < from : needs?.includes(to)).toBe(true)
          }
        }
      }),
      { seed: 8, numRuns: 500 },
    )
  })

  it('takes thousands of stages in list order without recursion', () => {
    const order = createStageOrder(Array.from({ length: 2_000 }, () => 'all_above' as const))
    expect(order.waitsFor(1_999, 0)).toBe(true)
    expect(order.sequence).toHaveLength(2_000)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTopology } from '../../../src/compiler/lower/topology.ts'
import { planOf, stage } from '../../support-stages.ts'

type Needs = 'all_above' | number[]

const topologyOf = (needs: readonly Needs[]) =>
  createTopology(
    planOf(
      needs.map((own, index) =>
        stage(`s${index}`, { needs: own === 'all_above' ? own : own.map((need) => `s${need}`) }),
      ),
    ),
  )
const edgesOf = (needs: readonly Needs[]) =>
  needs.map((_, index) =>
    topologyOf(needs)
      .edges(index)
      .toSorted((a, b) => a - b),
  )

describe('edges', () => {
  it('of a list without needs are a chain', () => {
    expect(edgesOf(['all_above', 'all_above', 'all_above', 'all_above'])).toEqual([[], [0], [1], [2]])
  })

  it('leave out what another need waits for already', () => {
    expect(edgesOf(['all_above', [0], [1, 0], [0, 1, 2]])).toEqual([[], [0], [1], [2]])
  })

  it('of all_above are the stages above that nothing above waits for', () => {
    expect(edgesOf([[], [], [0], 'all_above', [], 'all_above'])).toEqual([[], [], [0], [1, 2], [], [3, 4]])
  })

  it('may point down the list, too', () => {
    expect(edgesOf([[2], [0], []])).toEqual([[2], [0], []])
    expect(topologyOf([[2], [0], []]).order).toEqual([2, 0, 1])
    expect(edgesOf([[2], [], [1], 'all_above'])).toEqual([[2], [], [1], [0]])
  })

  it('are found quickly for thousands of stages', () => {
    const needs: Needs[] = Array.from({ length: 5_000 }, (_, index) =>
      index % 3 === 0 ? 'all_above' : [Math.max(0, index - 2)],
    )
    needs[1] = []
    needs[0] = []
    const topology = topologyOf(needs)
    expect(topology.edges(4_998)).toHaveLength(2)
    expect(topology.isUpstream(0, 4_999)).toBe(true)
  })
})

describe('a topology', () => {
  it('knows what is upstream and what nothing waits for', () => {
    const topology = topologyOf([[], [0], [0], [2]])
    expect(topology.sinks).toEqual([1, 3])
    expect(topology.isUpstream(0, 3)).toBe(true)
    expect(topology.isUpstream(1, 3)).toBe(false)
    expect(topology.isUpstream(3, 3)).toBe(false)
    expect(topology.indexOf('s2')).toBe(2)
    expect(topology.indexOf('nowhere')).toBe(-1)
  })

  it('has every need upstream through its edges alone, and no edge to spare', () => {
    const graph = fc
      .array(fc.oneof(fc.constant<Needs>('all_above'), fc.array(fc.nat({ max: 40 }), { maxLength: 4 })), {
        maxLength: 40,
      })
      .map((all) => all.map((own, index): Needs => (own === 'all_above' ? own : own.filter((need) => need < index))))
    fc.assert(
      fc.property(graph, (needs) => {
        const topology = topologyOf(needs)
        const reach = (from: number, to: number): boolean =>
          topology.edges(to).some((edge) => edge === from || reach(from, edge))
        for (const [index] of needs.entries()) {
          const edges = topology.edges(index)
          for (const need of topology.needs(index)) expect(reach(need, index)).toBe(true)
          for (const edge of edges)
            expect(edges.some((other) => other !== edge && topology.isUpstream(edge, other))).toBe(false)
        }
      }),
      { seed: 7, numRuns: 60 },
    )
  })
})

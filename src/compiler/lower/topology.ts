/**
 * The shape of a list of stages: who waits for whom, in which order that can be walked, and which of those waits are needed.
 *
 * A stage with `all_above` needs everything above it in the list. Sets of ancestors are bits; they are made on first
 * use, because most plans never ask for them.
 */
import type { Plan, StagePlan } from '../../foundation/plan.ts'

export interface Topology {
  /** Positions in the list, so that each comes after everything it needs. */
  readonly order: readonly number[]
  indexOf(id: string): number
  /** Positions of what a stage needs directly. */
  needs(index: number): readonly number[]
  /** Whether `below` waits for `above`, directly or through others. */
  isUpstream(above: number, below: number): boolean
  /** Positions of the needs that no other need already waits for: the edges of the transitive reduction. */
  edges(index: number): readonly number[]
  /** Positions of the stages that nothing waits for. */
  readonly sinks: readonly number[]
}

/** The stages must be free of cycles and name only each other: the check phase saw to that. */
export function createTopology({ stages }: Pick<Plan, 'stages'>): Topology {
  const positions = new Map(stages.map(({ id }, index) => [id, index]))
  const explicit = stages.map((stage) => explicitNeeds(stage, positions))
  const backwards = explicit.every((needs, index) => needs?.every((need) => need < index) ?? true)
  const needs = (index: number): readonly number[] => explicit[index] ?? above(index)
  const order = backwards ? stages.map((_, index) => index) : sort(stages.length, needs)
  let ancestors: readonly Bits[] | undefined
  const ancestorsOf = (index: number): Bits => {
    ancestors ??= findAncestors(order, needs, (at) => explicit[at] === undefined && backwards)
    return ancestors[index] as Bits
  }
  const edges = backwards
    ? reduceBackwards(explicit, ancestorsOf)
    : stages.map((_, index) => reduce(needs(index), ancestorsOf))

  return {
    order,
    needs,
    indexOf: (id) => positions.get(id) ?? -1,
    isUpstream: (upper, lower) => has(ancestorsOf(lower), upper),
    edges: (index) => edges[index] ?? [],
    get sinks() {
      return findSinks(edges)
    },
  }
}

/** Undefined for `all_above`. */
function explicitNeeds(stage: StagePlan, positions: ReadonlyMap<string, number>): number[] | undefined {
  if (stage.needs === 'all_above') return undefined
  return [...new Set(stage.needs.map((need) => positions.get(need.stage) ?? -1))]
}

const above = (index: number): number[] => Array.from({ length: index }, (_, position) => position)

/** Whatever has all its needs behind it comes next. */
function sort(count: number, needs: (index: number) => readonly number[]): number[] {
  const waiters: number[][] = Array.from({ length: count }, () => [])
  const left = Array.from({ length: count }, (_, index) => {
    for (const need of needs(index)) waiters[need]?.push(index)
    return needs(index).length
  })
  const order = left.flatMap((waits, index) => (waits === 0 ? [index] : []))
  for (let at = 0; at < order.length; at++) {
    for (const waiter of waiters[order[at] as number] ?? []) {
      left[waiter] = (left[waiter] as number) - 1
      if (left[waiter] === 0) order.push(waiter)
    }
  }
  return order
}

type Bits = Uint32Array

const has = (bits: Bits, index: number): boolean => (((bits[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1

function add(bits: Bits, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] ?? 0) | (1 << (index & 31))
}

function join(into: Bits, from: Bits): void {
  for (let word = 0; word < from.length; word++) into[word] = (into[word] ?? 0) | (from[word] ?? 0)
}

/** `isPrefix(i)`: everything above `i` and nothing else is upstream of it, so nothing has to be joined. */
function findAncestors(
  order: readonly number[],
  needs: (index: number) => readonly number[],
  isPrefix: (index: number) => boolean,
): readonly Bits[] {
  const words = (order.length + 31) >>> 5
  const ancestors: Bits[] = new Array(order.length)
  for (const index of order) {
    const bits = new Uint32Array(words)
    if (isPrefix(index)) fillBelow(bits, index)
    else
      for (const need of needs(index)) {
        add(bits, need)
        join(bits, ancestors[need] as Bits)
      }
    ancestors[index] = bits
  }
  return ancestors
}

function fillBelow(bits: Bits, index: number): void {
  bits.fill(0xffffffff, 0, index >>> 5)
  if ((index & 31) > 0) bits[index >>> 5] = 2 ** (index & 31) - 1
}

function reduce(needs: readonly number[], ancestorsOf: (index: number) => Bits): readonly number[] {
  if (needs.length < 2) return needs
  return needs.filter((need) => !needs.some((other) => other !== need && has(ancestorsOf(other), need)))
}

/** When every need stands above: those of `all_above` are the stages above that nothing above waits for. */
function reduceBackwards(
  explicit: readonly (readonly number[] | undefined)[],
  ancestorsOf: (index: number) => Bits,
): readonly (readonly number[])[] {
  const open = new Set<number>()
  return explicit.map((needs, index) => {
    const edges = needs ? reduce(needs, ancestorsOf) : [...open]
    for (const edge of edges) open.delete(edge)
    open.add(index)
    return edges
  })
}

function findSinks(edges: readonly (readonly number[])[]): number[] {
  const needed = new Set(edges.flat())
  return edges.flatMap((_, index) => (needed.has(index) ? [] : [index]))
}

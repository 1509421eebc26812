/**
 * The order that `needs` make of a list of stages: who waits for whom, who can run side by side, which cycles there are.
 *
 * A stage without `needs` waits for every stage above it. Written out, that is a list per stage and quadratic; here a
 * node "everything above k" stands between, which leads to "everything above k - 1" and to the stage k - 1. So the graph
 * is as large as the text.
 */

/** What a stage waits for: all stages above it, or those at these indexes of the list. */
export type Awaited = 'all_above' | readonly number[]

export interface StageOrder {
  /** Indexes of the stages, each after all it waits for. List order wherever `needs` allow. */
  readonly sequence: readonly number[]
  /** Cycles that share no stage, each as indexes in the direction "waits for", the first repeated at the end. */
  readonly cycles: readonly (readonly number[])[]
  /** `stage` waits for `other`, directly or through others. */
  waitsFor(stage: number, other: number): boolean
  /** Neither waits for the other. */
  sideBySide(a: number, b: number): boolean
  /** What it waits for is not known: it, or something it waits for, is on a cycle or has a faulty need. */
  isUncertain(stage: number): boolean
}

/** `isFaulty(i)` says that stage i needs something that does not exist. */
export function createStageOrder(
  awaited: readonly Awaited[],
  isFaulty: (stage: number) => boolean = () => false,
): StageOrder {
  const graph = createGraph(awaited)
  const { sequence, cycles } = sortGraph(graph, awaited.length)
  const onCycle = new Set(cycles.flat())
  const upstream = collectUpstream(graph, sequence, awaited.length)
  const uncertain = collectUncertain(graph, sequence, (stage) => onCycle.has(stage) || isFaulty(stage))

  const waitsFor = (stage: number, other: number) => has(upstream[stageNode(stage)], other)
  return {
    sequence: sequence.filter(isStage).map(stageOf),
    cycles,
    waitsFor,
    sideBySide: (a, b) => a !== b && !waitsFor(a, b) && !waitsFor(b, a),
    isUncertain: (stage) => uncertain.has(stageNode(stage)),
  }
}

// Nodes: 2k is "everything above k", 2k + 1 is the stage k.
const aboveNode = (stage: number): number => 2 * stage
const stageNode = (stage: number): number => 2 * stage + 1
const isStage = (node: number): boolean => node % 2 === 1
const stageOf = (node: number): number => node >> 1

/** The nodes that a node waits for. */
type Graph = (node: number) => readonly number[]

function createGraph(awaited: readonly Awaited[]): Graph {
  return (node) => {
    const stage = stageOf(node)
    if (!isStage(node)) return stage === 0 ? [] : [aboveNode(stage - 1), stageNode(stage - 1)]
    const needs = awaited[stage] ?? []
    return needs === 'all_above' ? [aboveNode(stage)] : needs.map(stageNode)
  }
}

/** Depth first, without recursion: a list may hold more stages than a call stack has frames. */
function sortGraph(graph: Graph, stages: number): { sequence: number[]; cycles: number[][] } {
  const sequence: number[] = []
  const cycles: number[][] = []
  const state = new Uint8Array(2 * stages + 2) // 0 new, 1 on the path, 2 done
  const inCycle = new Set<number>()
  const path: { node: number; edges: readonly number[]; next: number }[] = []
  const enter = (node: number) => {
    state[node] = 1
    path.push({ node, edges: graph(node), next: 0 })
  }

  for (let stage = 0; stage < stages; stage++) {
    if (state[stageNode(stage)] === 0) enter(stageNode(stage))
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.edges[top.next++]
      if (next === undefined) {
        state[top.node] = 2
        sequence.push(top.node)
        path.pop()
      } else if (state[next] === 0) enter(next)
      else if (state[next] === 1)
        keepCycle(
          path.map(({ node }) => node),
          next,
        )
    }
  }
  return { sequence, cycles }

  function keepCycle(nodes: readonly number[], to: number): void {
    const members = nodes.slice(nodes.indexOf(to)).filter(isStage).map(stageOf)
    if (members.some((stage) => inCycle.has(stage))) return
    for (const stage of members) inCycle.add(stage)
    cycles.push([...members, members[0] as number])
  }
}

/** Per node the set of stages it waits for, as bits. A stage that only waits for "everything above" shares its set. */
function collectUpstream(graph: Graph, sequence: readonly number[], stages: number): Uint32Array[] {
  const sets: Uint32Array[] = []
  for (const node of sequence) {
    const edges = graph(node)
    const only = edges.length === 1 && !isStage(edges[0] as number) ? sets[edges[0] as number] : undefined
    sets[node] = only ?? union(edges, sets, stages)
  }
  return sets
}

function union(edges: readonly number[], sets: readonly Uint32Array[], stages: number): Uint32Array {
  const result = new Uint32Array((stages + 31) >> 5)
  for (const edge of edges) {
    const other = sets[edge]
    if (other) for (let word = 0; word < result.length; word++) result[word] = (result[word] ?? 0) | (other[word] ?? 0)
    if (isStage(edge)) add(result, stageOf(edge))
  }
  return result
}

function add(set: Uint32Array, stage: number): void {
  set[stage >> 5] = (set[stage >> 5] ?? 0) | (1 << (stage & 31))
}

const has = (set: Uint32Array | undefined, stage: number): boolean =>
  (((set?.[stage >> 5] ?? 0) >>> (stage & 31)) & 1) === 1

function collectUncertain(
  graph: Graph,
  sequence: readonly number[],
  isSource: (stage: number) => boolean,
): ReadonlySet<number> {
  const uncertain = new Set<number>()
  for (const node of sequence) {
    const own = isStage(node) && isSource(stageOf(node))
    if (own || graph(node).some((edge) => uncertain.has(edge))) uncertain.add(node)
  }
  return uncertain
}

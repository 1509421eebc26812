/** Drawings of a plan: Mermaid and DOT as text, JSON for other tools. Lists of stages inside a stage are boxes in it. */
import type { NeedStatus, Plan, StagePlan } from '../foundation/plan.ts'
import { createTopology } from './lower/topology.ts'

/** Edges that say something: those that follow from others are left out. */
export interface DrawnEdge {
  readonly from: string
  readonly to: string
  /** The statuses that the need names. */
  readonly label?: string
}

/**
 * The edges of the transitive reduction of all needs, in plan order, and those that name statuses, which always say
 * something. Of one list of stages: the plan's own, or one inside a stage.
 */
export function drawnEdges(plan: Plan, stages = plan.stages): DrawnEdge[] {
  const topology = createTopology({ ...plan, stages })
  return stages.flatMap((stage, index) => {
    const statuses = statusesOf(stage)
    const direct = topology.edges(index).flatMap((above) => stages[above]?.id ?? [])
    return [...new Set([...direct, ...statuses.keys()])].map((from) => {
      const label = statuses.get(from)?.join(' or ')
      return { from, to: stage.id, ...(label !== undefined && { label }) }
    })
  })
}

/** Needs that name statuses. */
function statusesOf({ needs }: StagePlan): ReadonlyMap<string, readonly NeedStatus[]> {
  if (needs === 'all_above') return new Map()
  return new Map(needs.flatMap(({ stage, status }) => (status ? [[stage, status] as const] : [])))
}

/** A list of stages inside a stage, and what it is called there: a branch, the condition of a case, a pipeline. */
interface DrawnList {
  readonly name?: string
  readonly stages: readonly StagePlan[]
}

function drawnLists({ body }: StagePlan): readonly DrawnList[] {
  switch (body?.kind) {
    case undefined:
      return []
    case 'foreach':
    case 'loop':
      return [{ stages: body.stages }]
    case 'switch':
      return body.cases.map(({ when, stages }) => ({ name: when === undefined ? 'else' : `when ${when}`, stages }))
    case 'parallel':
      return body.branches
    case 'pipeline':
      return [{ name: body.child.name, stages: body.child.stages }]
  }
}

/** Ids are unique in a file, not in a drawing: a pipeline may be in it several times, so paths name the nodes. */
type Visit = (stage: StagePlan, path: string, depth: number) => readonly string[]

const pathIn = (above: string, id: string): string => (above === '' ? id : `${above}/${id}`)

/** Indented lines of a list: its stages, then its edges. */
function linesOf(
  plan: Plan,
  { stages }: DrawnList,
  above: string,
  depth: number,
  visit: Visit,
  edge: (from: string, to: string, label: string | undefined) => string,
): readonly string[] {
  const indent = '  '.repeat(depth)
  return [
    ...stages.flatMap((stage) => visit(stage, pathIn(above, stage.id), depth)),
    ...drawnEdges(plan, stages).map(
      ({ from, to, label }) => `${indent}${edge(pathIn(above, from), pathIn(above, to), label)}`,
    ),
  ]
}

export function drawMermaid(plan: Plan): string {
  const edge = (from: string, to: string, label: string | undefined) =>
    `${nodeId(from)} ${label === undefined ? '-->' : `-->|${mermaidText(label)}|`} ${nodeId(to)}`
  const list = (drawn: DrawnList, above: string, depth: number) => linesOf(plan, drawn, above, depth, visit, edge)

  function visit(stage: StagePlan, path: string, depth: number): readonly string[] {
    const indent = '  '.repeat(depth)
    const title = `["${mermaidText(titleOf(stage))}"]`
    if (!stage.body) return [`${indent}${nodeId(path)}${title}`]
    const inside = drawnLists(stage).flatMap((drawn, at) => {
      if (drawn.name === undefined) return list(drawn, path, depth + 1)
      const name = `${indent}  subgraph ${nodeId(path)}-${at}["${mermaidText(drawn.name)}"]`
      return [name, ...list(drawn, path, depth + 2), `${indent}  end`]
    })
    return [`${indent}subgraph ${nodeId(path)}${title}`, ...inside, `${indent}end`]
  }

  return ['flowchart TD', ...list(plan, '', 1), ''].join('\n')
}

/** DOT draws edges between nodes only, so a box has a node that stands for it. */
export function drawDot(plan: Plan): string {
  const edge = (from: string, to: string, label: string | undefined) =>
    `${quote(from)} -> ${quote(to)}${label === undefined ? '' : ` [label=${quote(label)}]`};`
  const list = (drawn: DrawnList, above: string, depth: number) => linesOf(plan, drawn, above, depth, visit, edge)

  function visit(stage: StagePlan, path: string, depth: number): readonly string[] {
    const indent = '  '.repeat(depth)
    const node = `${quote(path)} [label=${quote(titleOf(stage))}];`
    if (!stage.body) return [`${indent}${node}`]
    const inside = drawnLists(stage).flatMap((drawn, at) => {
      if (drawn.name === undefined) return list(drawn, path, depth + 1)
      const lines = list(drawn, path, depth + 2)
      return [...boxOf(`${path} ${at}`, drawn.name, `${indent}  `), ...lines, `${indent}  }`]
    })
    return [...boxOf(path, '', indent), `${indent}  ${node}`, ...inside, `${indent}}`]
  }

  return [`digraph ${quote(plan.name)} {`, '  node [shape=box];', ...list(plan, '', 1), '}', ''].join('\n')
}

const boxOf = (path: string, label: string, indent: string): readonly string[] => [
  `${indent}subgraph ${quote(`cluster ${path}`)} {`,
  `${indent}  label=${quote(label)};`,
]

export interface Drawing extends DrawnStages {
  readonly name: string
}

export interface DrawnStages {
  readonly stages: readonly DrawnStage[]
  readonly edges: readonly DrawnEdge[]
}

export interface DrawnStage {
  readonly id: string
  readonly kind: string
  readonly title?: string
  readonly if?: string
  /** Lists of stages inside it, with what they are called there. */
  readonly lists?: readonly (DrawnStages & { readonly name?: string })[]
}

export const drawJson = (plan: Plan): Drawing => ({ name: plan.name, ...drawList(plan, plan.stages) })

function drawList(plan: Plan, stages: readonly StagePlan[]): DrawnStages {
  return { stages: stages.map((stage) => drawStage(plan, stage)), edges: drawnEdges(plan, stages) }
}

function drawStage(plan: Plan, stage: StagePlan): DrawnStage {
  const { id, kind, title, if: condition, body } = stage
  return {
    id,
    kind,
    ...(title !== undefined && { title }),
    ...(condition !== undefined && { if: condition }),
    ...(body && {
      lists: drawnLists(stage).map(({ name, stages }) => ({
        ...(name !== undefined && { name }),
        ...drawList(plan, stages),
      })),
    }),
  }
}

function titleOf({ id, title, kind, if: condition }: StagePlan): string {
  const lines = [title ?? id, kind, ...(condition === undefined ? [] : [`if ${condition}`])]
  return lines.join('\n')
}

/** `end` and the like are words of Mermaid. No id holds a hyphen, so paths stay apart. */
const nodeId = (path: string): string => `s_${path.replaceAll('/', '-')}`

/** `#` opens an entity in Mermaid, a backtick a Markdown text. */
const mermaidText = (text: string): string =>
  text
    .replaceAll('#', '#35;')
    .replaceAll('`', '#96;')
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\n', '<br/>')

const quote = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`

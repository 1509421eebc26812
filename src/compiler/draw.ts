/** Drawings of a plan: Mermaid and DOT as text, JSON for other tools. */
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
 * something.
 */
export function drawnEdges(plan: Plan): DrawnEdge[] {
  const topology = createTopology(plan)
  return plan.stages.flatMap((stage, index) => {
    const statuses = statusesOf(stage)
    const direct = topology.edges(index).flatMap((above) => plan.stages[above]?.id ?? [])
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

export function drawMermaid(plan: Plan): string {
  const nodes = plan.stages.map((stage) => `  ${nodeId(stage.id)}["${mermaidText(titleOf(stage))}"]`)
  const edges = drawnEdges(plan).map(({ from, to, label }) => {
    const arrow = label === undefined ? '-->' : `-->|${mermaidText(label)}|`
    return `  ${nodeId(from)} ${arrow} ${nodeId(to)}`
  })
  return ['flowchart TD', ...nodes, ...edges, ''].join('\n')
}

export function drawDot(plan: Plan): string {
  const nodes = plan.stages.map((stage) => `  ${quote(stage.id)} [label=${quote(titleOf(stage))}];`)
  const edges = drawnEdges(plan).map(({ from, to, label }) => {
    const attributes = label === undefined ? '' : ` [label=${quote(label)}]`
    return `  ${quote(from)} -> ${quote(to)}${attributes};`
  })
  return [`digraph ${quote(plan.name)} {`, '  node [shape=box];', ...nodes, ...edges, '}', ''].join('\n')
}

export interface Drawing {
  readonly name: string
  readonly stages: readonly {
    readonly id: string
    readonly kind: string
    readonly title?: string
    readonly if?: string
  }[]
  readonly edges: readonly DrawnEdge[]
}

export function drawJson(plan: Plan): Drawing {
  const stages = plan.stages.map(({ id, kind, title, if: condition }) => ({
    id,
    kind,
    ...(title !== undefined && { title }),
    ...(condition !== undefined && { if: condition }),
  }))
  return { name: plan.name, stages, edges: drawnEdges(plan) }
}

function titleOf({ id, title, kind, if: condition }: StagePlan): string {
  const lines = [title ?? id, kind, ...(condition === undefined ? [] : [`if ${condition}`])]
  return lines.join('\n')
}

/** `end` and the like are words of Mermaid. */
const nodeId = (id: string): string => `s_${id}`

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

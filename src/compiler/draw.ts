/** Drawings of a plan: Mermaid and DOT as text, JSON for other tools. */
import { needsOf, type Plan, type StagePlan } from '../foundation/plan.ts'

/** Edges that say something: those that follow from others are left out. */
export interface DrawnEdge {
  readonly from: string
  readonly to: string
  /** What is special about it: a condition of the target's, statuses of the need. */
  readonly label?: string
}

/** The edges of the transitive reduction of all needs, in plan order. */
export function drawnEdges(plan: Plan): DrawnEdge[] {
  const above = new Map<string, ReadonlySet<string>>()
  const edges: DrawnEdge[] = []
  for (const stage of plan.stages) {
    const needs = needsOf(plan, stage)
    const direct = needs.filter(
      (need) => !needs.some((other) => other !== need && above.get(other.stage)?.has(need.stage)),
    )
    for (const { stage: from, status } of direct) {
      edges.push({ from, to: stage.id, ...(status && { label: status.join(' or ') }) })
    }
    above.set(stage.id, new Set(needs.flatMap((need) => [need.stage, ...(above.get(need.stage) ?? [])])))
  }
  return edges
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

const mermaidText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\n', '<br/>')

const quote = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`

/** Which renderer fits: JSON when asked for, the tree on a terminal, plain lines elsewhere. */
import type { Plan } from '../foundation/plan.ts'
import { createJsonRenderer } from './render/json.ts'
import { createTreeRenderer } from './render/live-tree.ts'
import { createPlainRenderer } from './render/plain.ts'
import type { Renderer } from './render/renderer.ts'
import type { Output, Terminal } from './terminal.ts'

export function rendererFor(plan: Plan, terminal: Terminal, json: boolean): Renderer {
  if (json) return createJsonRenderer(terminal)
  const canRedraw = terminal.out.isTerminal && terminal.env.TERM !== 'dumb'
  return canRedraw ? createTreeRenderer(plan, terminal) : createPlainRenderer(terminal)
}

/** Where words for people go. */
export const wordsTo = ({ out, err }: Terminal, json: boolean): Output => (json ? err : out)

/** The tree of a run, redrawn ten times a second while it goes on. */
import type { Plan } from '../../foundation/plan.ts'
import type { Terminal } from '../terminal.ts'
import { createLive } from './live.ts'
import { createPainter } from './picture.ts'
import type { Renderer } from './renderer.ts'
import { treeLines } from './tree.ts'

const redrawEveryMs = 100

export function createTreeRenderer(plan: Plan, { out, clock }: Pick<Terminal, 'out' | 'clock'>): Renderer {
  const painter = createPainter(plan)
  const live = createLive(out)
  let isOver = false
  const draw = () =>
    live.draw(
      treeLines(painter.picture, {
        width: out.columns() - 1, // a line that fills the last column wraps on some terminals
        height: out.rows() - 1,
        nowMs: clock.now(),
        style: out.style,
      }),
    )
  const timer = setInterval(() => painter.picture.run !== '' && draw(), redrawEveryMs)
  timer.unref()

  return {
    wantsHistory: true,
    event: (event) => painter.enter(event),
    note: (text) => live.print(text),
    end() {
      if (isOver) return
      isOver = true
      clearInterval(timer)
      if (painter.picture.run !== '') draw() // nothing is drawn of a run that never began
      live.end()
    },
  }
}

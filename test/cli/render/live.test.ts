import { describe, expect, it } from 'vitest'
import { createLive } from '../../../src/cli/render/live.ts'
import type { Output } from '../../../src/cli/terminal.ts'
import { createOutput } from '../support.ts'

const esc = '\u001b'
const pieces = new RegExp(`${esc}\\[\\??\\d*[A-Za-z]|[^${esc}]`, 'g')
const cursorUp = new RegExp(`^${esc}\\[(\\d+)A$`)
const cursorShown = new RegExp(`${esc}\\[\\?25[lh]`, 'g')

/** What a person sees: a screen that obeys the few sequences we use, and wraps long lines. */
function createScreen(columns: number) {
  const raw = createOutput()
  const writes: string[] = []
  let width = columns
  const output: Output = {
    ...raw,
    columns: () => width,
    write: (text) => void writes.push(text),
  }
  function rows(): string[] {
    const lines: string[] = ['']
    let [row, column] = [0, 0]
    for (const [piece] of writes.join('').matchAll(pieces)) {
      const up = cursorUp.exec(piece)
      if (up) row = Math.max(0, row - Number(up[1]))
      else if (piece === '\r') column = 0
      else if (piece === '\u001b[K') lines[row] = (lines[row] ?? '').slice(0, column)
      else if (piece === '\u001b[J') lines.splice(row, Infinity, (lines[row] ?? '').slice(0, column))
      else if (piece === '\n') {
        row += 1
        column = 0
        lines[row] ??= ''
      } else if (!piece.startsWith('\u001b')) {
        const line = (lines[row] ?? '').padEnd(column)
        lines[row] = line.slice(0, column) + piece + line.slice(column + 1)
        column += 1
      }
    }
    return lines
  }
  function resize(to: number): void {
    width = to
  }
  return { output, writes, rows, resize }
}

describe('redrawing in place', () => {
  it('leaves only the last frame, also when it has fewer lines', () => {
    const screen = createScreen(40)
    const live = createLive(screen.output)
    live.draw(['one', 'two longer', 'three'])
    live.draw(['ONE', 'two'])
    expect(screen.rows()).toEqual(['ONE', 'two', ''])
  })

  it('writes nothing for an unchanged frame and one piece for a changed one', () => {
    const screen = createScreen(40)
    const live = createLive(screen.output)
    live.draw(['one'])
    live.draw(['one'])
    live.draw(['two'])
    expect(screen.writes).toHaveLength(2)
  })

  it('prints sentences above the block, where they stay', () => {
    const screen = createScreen(40)
    const live = createLive(screen.output)
    live.draw(['tree', 'bar'])
    live.print('a sentence')
    live.draw(['tree', 'BAR'])
    expect(screen.rows()).toEqual(['a sentence', 'tree', 'BAR', ''])
  })

  it('counts the rows that a narrower terminal has made of its last frame', () => {
    const screen = createScreen(20)
    const live = createLive(screen.output)
    live.draw(['0123456789', 'ab'])
    screen.resize(5)
    live.draw(['x'])
    expect(screen.writes[1]).toContain('\u001b[3A')
  })

  it('hides the cursor while it draws and gives it back', () => {
    const screen = createScreen(40)
    const live = createLive(screen.output)
    live.draw(['one'])
    live.end()
    live.end()
    expect(screen.writes.join('').match(cursorShown)).toEqual(['\u001b[?25l', '\u001b[?25h'])
  })
})

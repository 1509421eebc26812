/**
 * Redraws a block of lines in place at the bottom of a terminal. Knows nothing of what is drawn.
 *
 * A frame is one write, every line is overwritten and then cleared to its end, and an unchanged frame is not written at
 * all: so nothing flickers.
 */

import { stripVTControlCharacters } from 'node:util'
import type { Output } from '../terminal.ts'
import { displayWidth } from './text.ts'

export interface Live {
  draw(lines: readonly string[]): void
  /** Prints lines above the block, where they stay. */
  print(text: string): void
  /** Leaves the block as it is and gives the cursor back. */
  end(): void
}

const csi = '\u001b['
const hideCursor = `${csi}?25l`
export const showCursor = `${csi}?25h`
const clearLine = `${csi}K`
const clearBelow = `${csi}J`

export function createLive(output: Output): Live {
  let shown: readonly string[] = []
  let isHidden = false

  /** To the first line of the block. A terminal that became narrower has wrapped the lines of the last frame. */
  function toTop(): string {
    const columns = Math.max(1, output.columns())
    const rows = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0)
    return rows > 0 ? `${csi}${rows}A\r` : '\r'
  }

  function draw(lines: readonly string[]): void {
    if (lines.length === shown.length && lines.every((line, at) => line === shown[at])) return
    const frame = `${toTop()}${lines.map((line) => `${line}${clearLine}\n`).join('')}${clearBelow}`
    output.write(isHidden ? frame : hideCursor + frame)
    isHidden = true
    shown = lines
  }

  return {
    draw,
    print(text) {
      const lines = shown
      output.write(`${toTop()}${clearBelow}${text.endsWith('\n') ? text : `${text}\n`}`)
      shown = []
      if (lines.length > 0) draw(lines)
    },
    end() {
      if (isHidden) output.write(showCursor)
      isHidden = false
      shown = []
    },
  }
}

const widthOf = (line: string): number => displayWidth(stripVTControlCharacters(line))

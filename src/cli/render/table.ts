/** Columns of text, as wide as they need to be; lines are cut at the terminal's width. */
import { cutToWidth, displayWidth, padToWidth, safeLine } from './text.ts'

export function tableLines(head: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const all = [head, ...rows.map((row) => row.map(safeLine))]
  const widths = head.map((_, at) => Math.max(...all.map((row) => displayWidth(row[at] ?? ''))))
  return all.map((row) =>
    cutToWidth(
      row
        .map((cell, at) => padToWidth(cell, widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
      width,
    ),
  )
}

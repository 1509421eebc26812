/**
 * Text with a name, and where things stand in it.
 *
 * Offsets count UTF-16 code units from 0; lines and columns count from 1.
 */
export interface Position {
  readonly offset: number
  readonly line: number
  readonly column: number
}

/** A piece of a source. `file` is the source's name, as shown to people. `end` is exclusive. */
export interface Span {
  readonly file: string
  readonly start: Position
  readonly end: Position
}

export interface Source {
  /** As shown to people: a path relative to where they stand, or `<pipeline>`. */
  readonly name: string
  readonly text: string
  positionAt(offset: number): Position
  span(start: number, end: number): Span
  /** The text of a line (1-based), without its line break; '' beyond the end. */
  line(number: number): string
}

export function createSource(name: string, text: string): Source {
  const starts = lineStarts(text)

  function positionAt(offset: number): Position {
    const at = Math.max(0, Math.min(offset, text.length))
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] as number) <= at) low = middle
      else high = middle - 1
    }
    return { offset: at, line: low + 1, column: at - (starts[low] as number) + 1 }
  }

  return {
    name,
    text,
    positionAt,
    span: (start, end) => ({ file: name, start: positionAt(start), end: positionAt(Math.max(start, end)) }),
    line(number) {
      const from = starts[number - 1]
      if (from === undefined) return ''
      return text.slice(from, starts[number] ?? text.length).replace(/\r?\n$/, '')
    },
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

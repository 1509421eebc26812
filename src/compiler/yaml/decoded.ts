/** A scalar's value with the place of each of its characters, and how one is collected. */

/** `starts[i]`…`ends[i]` is the source of the value's i-th UTF-16 unit. */
export interface Decoded {
  readonly value: string
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

/** Collects units of the value with their places. */
export function createCollector() {
  const chars: string[] = []
  const starts: number[] = []
  const ends: number[] = []
  return {
    add(unit: string, start: number, end: number) {
      for (const each of unit.split('')) {
        chars.push(each)
        starts.push(start)
        ends.push(end)
      }
    },
    /** Source text that stands for itself. */
    copy(text: string, from: number, to: number) {
      for (let at = from; at < to; at++) this.add(text[at] as string, at, at + 1)
    },
    done: (): Decoded => ({ value: chars.join(''), starts, ends }),
  }
}

export type Collector = ReturnType<typeof createCollector>

export interface Line {
  readonly from: number
  /** Without the line break. */
  readonly to: number
}

/** Looks no further than `end`: a line break may be far away. */
export function linesOf(text: string, start: number, end: number): Line[] {
  const lines: Line[] = []
  let from = start
  for (const line of text.slice(start, end).split('\n')) {
    const to = from + line.length
    const last = to === end
    lines.push({ from, to: !last && line.endsWith('\r') ? to - 1 : to })
    from = to + 1
  }
  return lines
}

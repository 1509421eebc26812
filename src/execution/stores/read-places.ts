/**
 * Reads events by their places in a log.
 */
import type { DatedEvent } from '../../foundation/past.ts'
import type { Place } from './places.ts'
import type { LogRow, LogTable } from './tables.ts'

/** Rows that are read past rather than searched behind. */
const nearby = 64

/** The events of each place, in the order of `places`, which may be of one run only. Fewer where some are missing. */
export function readPlaces(logs: LogTable, places: readonly Place[]): readonly (readonly DatedEvent[])[] {
  const found: DatedEvent[][] = places.map(() => [])
  const inOrder = [...places.entries()].sort(([, a], [, b]) => a.seq - b.seq)
  let at = 0
  while (at < inOrder.length) {
    const [, { run, seq }] = inOrder[at] as [number, Place]
    const start = at
    for (const row of logs.after(run, seq - 1)) {
      at = takeFrom(row, inOrder, at, found)
      const next = inOrder[at]?.[1]
      if (!next || next.seq > row.last + nearby) break
    }
    if (at === start) at += 1 // it is not there
  }
  return found
}

/** Takes what the places from `at` on have in this row; returns the first that may have more in the next one. */
function takeFrom(
  row: LogRow,
  places: readonly (readonly [number, Place])[],
  at: number,
  found: DatedEvent[][],
): number {
  const events = JSON.parse(row.text) as readonly DatedEvent[]
  let next = at
  for (let each = at; each < places.length; each++) {
    const [index, { seq, changes }] = places[each] as readonly [number, Place]
    if (seq > row.last) break
    const from = Math.max(seq, row.first)
    found[index]?.push(...events.slice(from - row.first, seq + changes + 1 - row.first))
    if (seq + changes <= row.last) next += 1
  }
  return next
}

/**
 * Walks through histories, newest first, page by page, so that a long one is never in memory as a whole.
 */
import { type CheckpointTables, linked } from './history.ts'
import type { CheckpointRow, LineRow } from './tables.ts'

/** What a page of the history must match. */
export interface WalkFilter {
  readonly thread?: string
  readonly ns?: string
  readonly id?: string
  /** Only checkpoints whose id sorts lower. */
  readonly belowId?: string
}

export interface Step {
  readonly line: LineRow
  readonly row: CheckpointRow
}

/** At most `limit` checkpoints below `beforeSeq`, of which `filter` may leave out some. */
export interface Page {
  readonly steps: readonly Step[]
  /** Where the next page begins; nothing at the end. */
  readonly next: number | undefined
}

export function readPage(tables: CheckpointTables, filter: WalkFilter, beforeSeq: number, limit: number): Page {
  const found = filter.thread === undefined ? everywhere(tables, beforeSeq) : ofThread(tables, filter, beforeSeq)
  const steps: Step[] = []
  let looked = 0
  let last = beforeSeq
  for (const step of found) {
    if (looked === limit) return { steps, next: last }
    looked += 1
    last = step.row.seq
    if (matches(step, filter)) steps.push(step)
  }
  return { steps, next: undefined }
}

const matches = ({ line, row }: Step, { ns, id, belowId }: WalkFilter): boolean =>
  (ns === undefined || line.ns === ns) &&
  (id === undefined || row.id === id) &&
  (belowId === undefined || row.id < belowId)

/** The checkpoints of all threads. */
function* everywhere(tables: CheckpointTables, beforeSeq: number): Generator<Step> {
  let before = beforeSeq
  for (;;) {
    const rows = tables.checkpoints.before(before, 64)
    for (const row of rows) {
      before = row.seq
      const line = row.head === null ? undefined : tables.lines.byNumber(row.line)
      if (line) yield { line, row }
    }
    if (rows.length === 0) return
  }
}

/** The checkpoints of a thread: those of its lines, merged. */
function* ofThread(tables: CheckpointTables, filter: WalkFilter, beforeSeq: number): Generator<Step> {
  const walks = linesOf(tables, filter).map((line) => ofLine(tables, line, beforeSeq))
  const heads = walks.map((walk) => walk.next())
  for (;;) {
    let newest: number | undefined
    for (const [index, head] of heads.entries()) {
      if (!head.done && (newest === undefined || head.value.row.seq > seqOf(heads[newest]))) newest = index
    }
    const step = newest === undefined ? undefined : heads[newest]
    if (newest === undefined || !step || step.done) return
    yield step.value
    heads[newest] = (walks[newest] as Generator<Step>).next()
  }
}

const seqOf = (head: IteratorResult<Step> | undefined): number => (head && !head.done ? head.value.row.seq : -1)

function linesOf(tables: CheckpointTables, { thread = '', ns }: WalkFilter): readonly LineRow[] {
  if (ns === undefined) return tables.lines.ofThread(thread)
  const line = tables.lines.get(thread, ns)
  return line ? [line] : []
}

/** From the newest back, by what each says of the one before it. */
function* ofLine(tables: CheckpointTables, line: LineRow, beforeSeq: number): Generator<Step> {
  const last = tables.checkpoints.get(beforeSeq)
  for (let seq = last?.line === line.n && last.head !== null ? last.prev : line.tip; seq !== null; ) {
    const row = linked(tables, line.n, seq)
    if (row.seq < beforeSeq) yield { line, row }
    seq = row.prev
  }
}

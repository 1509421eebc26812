/**
 * Takes old checkpoints out of a thread, and every value that nothing refers to any more.
 *
 * What is kept reads as before. So an older checkpoint stays when a kept one is rebuilt from its writes (a channel of
 * LangGraph's `DeltaChannel`, or the sends of checkpoints before format 4), and a value stays when a kept one is a
 * change of it. Writes whose checkpoint has not come yet stay too.
 */
import { deltaHistoryRows } from './delta-history.ts'
import { type CheckpointTables, type History, headOf, linked, writesOf } from './history.ts'
import type { CheckpointRow, LineRow } from './tables.ts'

/** Keeps the newest `keep` checkpoints of each namespace of a thread; returns how many it removed. */
export function pruneThread(history: History, thread: string, keep: number): number {
  let removed = 0
  for (const line of history.tables.lines.ofThread(thread)) removed += pruneLine(history, line, keep)
  return removed
}

function pruneLine(history: History, line: LineRow, keep: number): number {
  const { tables, values } = history
  const all = newestFirst(tables, line)
  if (all.length <= keep) return 0
  const kept = neededBy(history, all, all.slice(0, keep))
  for (const row of all) if (!kept.has(row.seq)) remove(tables, row)
  relink(
    tables,
    all.filter(({ seq }) => kept.has(seq)),
  )
  sweep(history, line.n)
  values.forgetLine(line.n)
  return all.length - kept.size
}

function newestFirst(tables: CheckpointTables, line: LineRow): readonly CheckpointRow[] {
  const rows: CheckpointRow[] = []
  for (let seq = line.tip; seq !== null; ) {
    const row = linked(tables, line.n, seq)
    rows.push(row)
    seq = row.prev
  }
  return rows
}

/** The `seq`s of `kept` and of all they are rebuilt from. */
function neededBy(history: History, all: readonly CheckpointRow[], kept: readonly CheckpointRow[]): Set<number> {
  const byId = new Map(all.map((row) => [row.id, row]))
  const needed = new Set(kept.map(({ seq }) => seq))
  for (const row of kept) {
    for (const ancestor of deltaHistoryRows(history, row)) needed.add(ancestor.seq)
    const parent = row.parent === null || headOf(history, row).v >= 4 ? undefined : byId.get(row.parent)
    if (parent) needed.add(parent.seq)
  }
  return needed
}

function remove(tables: CheckpointTables, row: CheckpointRow): void {
  if (row.writes > 0) tables.writes.deleteSet(row.set)
  tables.checkpoints.delete(row.seq)
}

function relink(tables: CheckpointTables, kept: readonly CheckpointRow[]): void {
  for (const [index, row] of kept.entries()) {
    const prev = kept[index + 1]?.seq ?? null
    if (row.prev !== prev) tables.checkpoints.update({ ...row, prev })
  }
}

/** Removes the values of a line that no checkpoint and no write refers to, and no value that one refers to is made of. */
function sweep(history: History, line: number): void {
  const { tables } = history
  const stored = new Map(tables.values.ofLine(line).map(({ n, base }) => [n, base]))
  const used = new Set<number>()
  const use = (n: unknown): void => {
    for (let at = n; typeof at === 'number' && !used.has(at); at = stored.get(at)) used.add(at)
  }
  for (const row of tables.checkpoints.ofLine(line)) {
    for (const { ref } of writesOf(history, row)) use(ref)
    if (row.head === null) continue
    use(row.head)
    for (const ref of Object.values(headOf(history, row).refs)) use(ref)
  }
  tables.values.delete([...stored.keys()].filter((n) => !used.has(n)))
}

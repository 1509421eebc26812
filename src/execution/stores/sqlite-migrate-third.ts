/**
 * From version 3, in which only the logs told of waits that are open.
 */
import type { DatabaseSync } from 'node:sqlite'
import { finishedStatuses } from '../../foundation/outcome.ts'
import type { NewEvent } from '../store.ts'
import type { Cells } from './cells.ts'
import { waitSchema } from './sqlite-schema.ts'
import { createStatements } from './sqlite-statements.ts'
import { createRowTables } from './sqlite-tables.ts'
import { changeWaits, waitEventsOf } from './store-waits.ts'

export function moveThird(db: DatabaseSync, cells: Cells): void {
  db.exec(waitSchema)
  const tables = createRowTables(createStatements(db), cells)
  const open = db.prepare('SELECT n, id FROM run WHERE status NOT IN (SELECT value FROM json_each(?))')
  for (const { n, id } of open.all(JSON.stringify(finishedStatuses))) {
    for (const { text } of tables.logs.after(n as number, 0)) {
      const events = JSON.parse(text) as NewEvent[]
      changeWaits(tables, id as string, waitEventsOf(events))
      endWaits(tables, id as string, events)
    }
  }
}

/** The end of a stage ended its wait without saying so. */
function endWaits({ waits }: ReturnType<typeof createRowTables>, thread: string, events: readonly NewEvent[]): void {
  const ended = events.flatMap((event) =>
    /^stage\.(succeeded|failed|skipped|cancelled)$/.test(event.type) ? [event] : [],
  )
  if (ended.length === 0) return
  const stages = new Set(ended.map((event) => ('stage' in event ? event.stage : '')))
  for (const row of waits.ofThread(thread)) {
    if (stages.has((JSON.parse(row.text) as { readonly stage: string }).stage)) waits.delete(row.id)
  }
}

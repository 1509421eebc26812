/**
 * Runs, their logs and who holds them, over rows.
 */
import type { Clock } from '../../foundation/clock.ts'
import { StoreError, ThreadError } from '../../foundation/errors.ts'
import { eventSchemaVersion, type RunEvent } from '../../foundation/events.ts'
import { jsonText } from '../serializer.ts'
import type { Claim, Lease, NewEvent, NewRun, RunFilter, RunPatch, RunRecord } from '../store.ts'
import { takeThread } from './leases.ts'
import { fenced, type RunNumbers, unknownRun } from './run-numbers.ts'
import type { SavedHistory } from './saver.ts'
import { changeWaits, waitEventsOf } from './store-waits.ts'
import type { LogRow, RunPlace, RunRow, Tables } from './tables.ts'

export function runs(tables: Tables, numbers: RunNumbers) {
  return {
    async createRun(run: NewRun, claim: Claim): Promise<Lease | undefined> {
      jsonText(run.inputs, ['inputs'])
      const made = tables.write(() => createRun(tables, run, claim))
      if (made) numbers.remember(made.lease, made.n)
      return made?.lease
    },
    async getRun(id: string): Promise<RunRecord | undefined> {
      return tables.read(() => {
        const row = tables.runs.get(id)
        return row && toRecord(tables, row)
      })
    },
    async listRuns(filter: RunFilter = {}): Promise<readonly RunRecord[]> {
      return tables.read(() =>
        tables.runs.list({ ...filter, limit: filter.limit ?? 50 }).map((row) => toRecord(tables, row)),
      )
    },
    async requestCancel(id: string): Promise<void> {
      if (!tables.write(() => tables.runs.update(id, { cancel_requested: true }))) throw unknownRun(id)
    },
  }
}

function createRun(tables: Tables, run: NewRun, claim: Claim): { lease: Lease; n: number } | undefined {
  if (tables.runs.place(run.id)) return undefined
  const taken = takeThread(tables, run.id, claim, () => false)
  if ('heldBy' in taken) throw new ThreadError('thread_busy', `Thread "${run.id}" is held by someone else.`)
  const n = tables.runs.insert({ ...run, last_seq: 0 }) as number
  return { lease: taken.lease, n }
}

function toRecord(tables: Tables, { n: _n, last_seq: _last, ...run }: RunRow): RunRecord {
  const lease = tables.leases.get(run.id)
  if (!lease) throw damaged(`the lease of run ${run.id} is missing`)
  return { ...run, owner: lease.owner }
}

export function logs({ tables, places }: SavedHistory, clock: Clock, numbers: RunNumbers) {
  const add = (lease: Lease, row: LogRow): void => {
    if (!tables.logs.append(lease, row)) throw refusal(tables, lease, row)
  }
  return {
    async append(lease: Lease, first: number, events: readonly NewEvent[], patch?: RunPatch): Promise<void> {
      const run = numbers.of(lease)
      const row = { run, first, last: first + events.length - 1, text: JSON.stringify(events) }
      const ofWaits = waitEventsOf(events)
      if (patch === undefined && events.length > 0 && ofWaits.length === 0) {
        if (!tables.single(() => tables.logs.append(lease, row))) throw tables.read(() => refusal(tables, lease, row))
        places.note(run, first, events)
        return
      }
      const { runsBy, ...columns } = patch ?? {}
      const change = { ...columns, updated_at: new Date(clock.now()).toISOString(), last_seq: row.last }
      tables.write(() => {
        if (events.length > 0) add(lease, row)
        else if (!tables.leases.isHeld(lease) || tables.logs.end(run) !== row.last) throw refusal(tables, lease, row)
        if (patch) tables.runs.update(lease.thread, change)
        if (runsBy) tables.runs.rewrite(lease.thread, runsBy)
        if (ofWaits.length > 0) changeWaits(tables, lease.thread, ofWaits)
      })
      places.note(run, first, events)
    },
    async readEvents(id: string, after = 0, limit = Number.POSITIVE_INFINITY): Promise<readonly RunEvent[]> {
      return tables.read(() => {
        const run = tables.runs.place(id)
        if (!run) return []
        const events = eventsOf(tables, run, after, limit < 0 ? Number.POSITIVE_INFINITY : limit)
        places.noteRead(run.n, after + 1, events)
        return events
      })
    },
  }
}

function eventsOf(tables: Tables, run: RunPlace, after: number, limit: number): readonly RunEvent[] {
  const events: RunEvent[] = []
  if (limit < 1) return events
  let last = after
  for (const row of tables.logs.after(run.n, after)) {
    for (const [index, event] of (JSON.parse(row.text) as NewEvent[]).entries()) {
      const seq = row.first + index
      if (seq <= after) continue
      events.push({ v: eventSchemaVersion, run: run.id, seq, ...event })
      if (events.length === limit) return events
    }
    last = row.last
  }
  if (last < run.last_seq) throw damaged(`event ${last + 1} of run ${run.id} is missing`)
  return events
}

/** Why nothing could be appended. */
function refusal(tables: Tables, lease: Lease, { run, first }: LogRow): unknown {
  if (!tables.leases.isHeld(lease)) return fenced(lease)
  const end = tables.logs.end(run)
  return new ThreadError('fenced', `The history of "${lease.thread}" ends at ${end}, so no event ${first} can follow.`)
}

const damaged = (what: string) =>
  new StoreError('store_corrupt', `The store is damaged: ${what}.`, {
    hint: 'Restore the file from a backup, or use another store.',
  })

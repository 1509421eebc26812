/**
 * The log of one run in this process: its event history, and its journal.
 *
 * - `say` is synchronous. A durable event is stored with the next commit, and within `flushMs` at the latest.
 * - What one tick says shares a commit, which is one row: the end of a stage together with the starts it made ready.
 * - Subscribers get durable events after commit, so that every one of them, now or later, sees the same history.
 */
import { createBatches } from '../foundation/batches.ts'
import { type Clock, createDates } from '../foundation/clock.ts'
import { eventSchemaVersion, isTransient, type RunEvent, type RunEventBody } from '../foundation/events.ts'
import { type Journal, JournalError } from '../foundation/journal.ts'
import type { NewEvent, RunPatch } from './store.ts'

/** How long a durable event may wait for company before it is stored. Milliseconds. */
const flushMs = 50
/** How often the run's row is brought up to date while events are stored. Milliseconds. */
const patchEveryMs = 250

export interface RunLog extends Journal {
  /** Stores everything said so far, with `patch` on the run's row. Rejects when the store cannot. */
  flush(patch?: RunPatch): Promise<void>
  /** The last `seq` that is stored. */
  readonly seq: number
  subscribe(listener: (event: RunEvent) => void): () => void
  /** No more timers. */
  close(): void
}

export interface RunLogPorts {
  /** Stores events from `first` on, in one transaction. */
  readonly append: (first: number, events: readonly NewEvent[], patch?: RunPatch) => Promise<void>
  readonly runId: string
  readonly clock: Clock
  /** Where the log stands. */
  readonly seq: number
  /** Called for every event before it is stored; adds progress and ETA. */
  readonly annotate: (body: RunEventBody) => Partial<Pick<NewEvent, 'progress' | 'eta_ms'>>
  /** What goes into the run's row now and then. */
  readonly patch: () => RunPatch
  /** The store could not take events. Called once. */
  readonly onFailure: (error: unknown) => void
}

export function createRunLog(ports: RunLogPorts): RunLog {
  const { runId, clock } = ports
  const listeners = new Set<(event: RunEvent) => void>()
  const dateOf = createDates()
  const batches = createBatches(write)
  let patch: RunPatch | undefined
  let patchedMs = clock.monotonic()
  let timer: NodeJS.Timeout | undefined
  let seq = ports.seq
  let sub = 0

  function say(body: RunEventBody, at: string = dateOf(clock.now())): void {
    const event: NewEvent = { ...body, at, ...ports.annotate(body) }
    if (isTransient(body)) tell({ ...event, v: eventSchemaVersion, run: runId, seq, sub: ++sub } as RunEvent)
    else keep(event)
  }

  function keep(event: NewEvent): void {
    batches.push(event)
    timer ??= setTimeout(() => {
      timer = undefined
      void batches.flush().catch(ignore) // reported through onFailure
    }, flushMs)
  }

  function tell(event: RunEvent): void {
    for (const listener of [...listeners]) listener(event)
  }

  async function write(events: readonly NewEvent[]): Promise<void> {
    const first = seq + 1
    try {
      await ports.append(first, events, patchNow())
    } catch (error) {
      ports.onFailure(error)
      throw new JournalError(error)
    }
    seq += events.length
    sub = 0
    if (listeners.size === 0) return
    for (const [index, event] of events.entries()) {
      tell({ v: eventSchemaVersion, run: runId, seq: first + index, ...event } as RunEvent)
    }
  }

  function patchNow(): RunPatch | undefined {
    const nowMs = clock.monotonic()
    if (!patch && nowMs - patchedMs < patchEveryMs) return undefined
    const due = { ...ports.patch(), ...patch }
    patch = undefined
    patchedMs = nowMs
    return due
  }

  return {
    say,
    commit: batches.commit,
    flush(added) {
      if (added) patch = { ...patch, ...added }
      return batches.flush()
    },
    get seq() {
      return seq
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

const ignore = (): void => undefined

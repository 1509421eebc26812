/**
 * The events of one run in this process: said by the stage wrapper, stored in order, then told to whoever listens.
 *
 * - `say` is synchronous. Durable events are stored within `flushMs`, in one transaction with the run's row.
 * - `hold`-able events (the closing events of stages) wait until `release(paths)` says that LangGraph's writes for the
 *   stage are durable. What was never released is found again by `recovery.ts` on the next resume.
 * - Subscribers get durable events after commit, so that every one of them, now or later, sees the same history.
 */
import type { Clock } from '../foundation/clock.ts'
import { eventSchemaVersion, isTransient, type RunEvent, type RunEventBody } from '../foundation/events.ts'
import type { NewEvent, RunPatch, RunStore } from './store.ts'

/** How long a durable event may wait for company before it is stored. Milliseconds. */
const flushMs = 50

export interface EventLog {
  say(body: RunEventBody): void
  /** The outcomes at these paths are durable: their closing events may be stored, and are when this resolves. */
  release(paths: readonly string[]): Promise<void>
  /** The same, for those who do not wait: they are stored within `flushMs`. */
  permit(paths: readonly string[]): void
  /** Stores everything said so far, but for what is held. Rejects when the store cannot. */
  flush(patch?: RunPatch): Promise<void>
  /** The last `seq` that is stored. */
  readonly seq: number
  subscribe(listener: (event: RunEvent) => void): () => void
  /** No more timers. Held events that were never released are dropped. */
  close(): void
}

export interface EventLogPorts {
  readonly store: RunStore
  readonly runId: string
  readonly clock: Clock
  /** Where the history stands. */
  readonly seq: number
  /** Called for every event before it is stored; adds progress and ETA. */
  readonly annotate: (body: RunEventBody) => Partial<Pick<NewEvent, 'progress' | 'eta_ms'>>
  /** What goes with every commit into the run's row. */
  readonly patch: () => RunPatch
  /** The store could not take events. Called once. */
  readonly onFailure: (error: unknown) => void
}

export function createEventLog(ports: EventLogPorts): EventLog {
  const { store, runId, clock } = ports
  const listeners = new Set<(event: RunEvent) => void>()
  const held = new Map<string, NewEvent[]>()
  let waiting: NewEvent[] = []
  let commits: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let failed = false
  let seq = ports.seq
  let sub = 0

  const tell = (event: RunEvent) => {
    for (const listener of [...listeners]) listener(event)
  }

  function say(body: RunEventBody): void {
    const event: NewEvent = { ...body, at: new Date(clock.now()).toISOString() }
    const path = closingPath(body)
    if (isTransient(event)) tell(place({ ...event, ...ports.annotate(body) }))
    else if (path === undefined) queue(event)
    else hold(path, event)
  }

  function hold(path: string, event: NewEvent): void {
    const others = held.get(path)
    if (others) others.push(event)
    else held.set(path, [event])
  }

  const place = (event: NewEvent): RunEvent =>
    ({ ...event, v: eventSchemaVersion, run: runId, seq, sub: ++sub }) as RunEvent

  function queue(event: NewEvent): void {
    waiting.push({ ...event, ...ports.annotate(event) })
    timer ??= setTimeout(() => {
      flush().catch(() => undefined) // reported through onFailure
    }, flushMs)
  }

  function flush(patch?: RunPatch): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    commits = commits.then(() => commit(patch))
    const done = commits
    commits = done.catch(() => undefined)
    return done
  }

  async function commit(patch: RunPatch | undefined): Promise<void> {
    const batch = waiting
    waiting = []
    if (batch.length === 0 && patch === undefined) return
    try {
      const stored = await store.appendEvents(runId, batch, { ...ports.patch(), ...patch })
      seq = stored.at(-1)?.seq ?? seq
      sub = 0
      for (const event of stored) tell(event)
    } catch (error) {
      if (!failed) ports.onFailure(error)
      failed = true
      throw error
    }
  }

  function permit(paths: readonly string[]): void {
    for (const path of paths) {
      for (const event of held.get(path) ?? []) queue(event)
      held.delete(path)
    }
  }

  return {
    say,
    permit,
    release(paths) {
      permit(paths)
      return flush()
    },
    flush,
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
      held.clear()
    },
  }
}

/** The path of the stage that this event closes, if it closes one. What the stage set is told together with it. */
function closingPath(body: RunEventBody): string | undefined {
  switch (body.type) {
    case 'stage.succeeded':
    case 'stage.failed':
    case 'stage.skipped':
    case 'stage.cancelled':
    case 'variable.changed':
      return body.stage
    default:
      return undefined
  }
}

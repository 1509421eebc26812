/**
 * Waits that are open, and events for them, over rows. A wait has a row as long as it is open; it changes in the
 * transaction that adds the event which says so to the log, so that they never say different things.
 */
import type { Json } from '../../foundation/json.ts'
import { jsonEqual } from '../../foundation/json.ts'
import { isOpen, nextDue, type Wait } from '../../foundation/wait.ts'
import { foldWait, type WaitEvent, waitOf } from '../../foundation/wait-events.ts'
import { jsonText } from '../serializer.ts'
import type { Answered, NewEvent, Signal, StoredSignal, WaitFilter, WaitRecord } from '../store.ts'
import type { SignalRow, Tables, WaitRow } from './tables.ts'

type WaitTables = Pick<Tables, 'waits' | 'signals'>

/** The events that change rows of waits; most appends have none. */
export function waitEventsOf(events: readonly NewEvent[]): readonly WaitEvent[] {
  let found: WaitEvent[] | undefined
  for (const event of events) {
    if (!('wait' in event)) continue
    found ??= []
    found.push(event)
  }
  return found ?? none
}

const none: readonly WaitEvent[] = []

/** In the transaction that adds these events to the log. */
export function changeWaits({ waits, signals }: WaitTables, thread: string, events: readonly WaitEvent[]): void {
  for (const event of events) {
    if (event.type === 'wait.started') {
      waits.put(rowOf(thread, { ...waitOf(event), stage: event.stage }, waits.get(event.wait)?.answer ?? null))
      continue
    }
    for (const id of givenIn(event)) signals.give(thread, pathOf(event.stage), id)
    const row = waits.get(event.wait)
    if (!row) continue
    const after = foldWait(JSON.parse(row.text) as Wait, event)
    if (isOpen(after)) waits.put(rowOf(thread, { ...after, stage: event.stage }, row.answer))
    else waits.delete(event.wait)
  }
}

function rowOf(thread: string, wait: Wait & { readonly stage: string }, answer: string | null): WaitRow {
  const events = (wait.ends?.entries ?? []).flatMap(({ name, event }) =>
    event === undefined || Object.hasOwn(wait.came ?? {}, name) ? [] : [event],
  )
  const dueMs = answer === null ? (nextDue(wait) ?? null) : 0
  return { id: wait.id, thread, dueMs, events: [...new Set(events)], text: JSON.stringify(wait), answer }
}

/** Ids of the events that this tells were given to its stage. */
function givenIn(event: WaitEvent): readonly string[] {
  if (event.type === 'wait.fired') return event.event === undefined ? [] : [event.event]
  if (event.type !== 'wait.evaluated') return []
  return Object.values(event.came).flatMap((came) => {
    const id = (came as { readonly id?: unknown } | null)?.id
    return typeof id === 'string' ? [id] : []
  })
}

/** Iterations of a loop count as one. */
const pathOf = (stage: string): string => stage.replaceAll(/#\d+/g, '')

export function waits(tables: Tables) {
  return {
    async listWaits({ thread, id, event, dueMs }: WaitFilter = {}): Promise<readonly WaitRecord[]> {
      return tables.read(() => {
        const { waits } = tables
        const found =
          id !== undefined
            ? [waits.get(id)].filter((row) => row !== undefined)
            : thread !== undefined
              ? waits.ofThread(thread)
              : event !== undefined
                ? waits.forEvent(event)
                : dueMs !== undefined
                  ? waits.dueBy(dueMs)
                  : waits.all()
        return found
          .filter(
            (row) =>
              (thread === undefined || row.thread === thread) &&
              (event === undefined || row.events.includes(event)) &&
              (dueMs === undefined || (row.dueMs !== null && row.dueMs <= dueMs)),
          )
          .map(toRecord)
      })
    },
    nextWaitDue: async () => tables.read(() => tables.waits.nextDue()),
    async answerWait(id: string, answer: Json, said: Omit<Answered, 'answer'>) {
      const text = jsonText({ answer, ...said }, ['answer'])
      return tables.write(() => {
        const row = tables.waits.get(id)
        if (!row) return 'none'
        if (row.answer !== null) {
          const first = (JSON.parse(row.answer) as { readonly answer: Json }).answer
          return jsonEqual(first, answer) ? 'same' : 'other'
        }
        tables.waits.put({ ...row, answer: text, dueMs: 0 })
        return 'handed_in'
      })
    },
    async putSignal(signal: Signal, expiresAtMs: number) {
      const text = jsonText(signal, ['signal'])
      return tables.write(() => {
        tables.signals.purge(Date.parse(signal.at))
        const known = tables.signals.get(signal.id)
        if (known) return { signal: toSignal(known), isNew: false }
        const row = tables.signals.add({ id: signal.id, event: signal.event, expiresAtMs, text }) as SignalRow
        return { signal: toSignal(row), isNew: true }
      })
    },
    listSignals: async (filter: { readonly event: string } | { readonly after: number }, nowMs: number) =>
      tables.read(() => {
        const rows = 'event' in filter ? tables.signals.named(filter.event) : tables.signals.after(filter.after)
        return rows.filter(({ expiresAtMs }) => expiresAtMs > nowMs).map(toSignal)
      }),
    signalsGiven: async (thread: string, stage: string) =>
      tables.read(() => new Set(tables.signals.given(thread, pathOf(stage)))),
  } as const
}

function toRecord({ thread, text, answer }: WaitRow): WaitRecord {
  const wait = JSON.parse(text) as WaitRecord
  return { ...wait, thread, ...(answer !== null && { answered: JSON.parse(answer) }) }
}

const toSignal = ({ n, text }: SignalRow): StoredSignal => ({ ...(JSON.parse(text) as Signal), n })

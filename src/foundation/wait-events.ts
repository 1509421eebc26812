/** A wait as its events tell of it. */
import type { RunEventBody } from './events.ts'
import type { Json, JsonObject } from './json.ts'
import { nextLook, nextReminder, type OpenWait, type Wait } from './wait.ts'

type Dated = RunEventBody & { readonly at: string }
export type WaitEvent = Extract<Dated, { readonly wait: string }>

export function waitOf(event: Extract<Dated, { readonly type: 'wait.started' }>): Wait {
  const { value, response_schema, kind, due_at, remind_ms, since, run_due_at, ends, ambiguous } = event
  return {
    id: event.wait,
    value,
    ...(event.at !== '' && { asked_at: event.at }),
    ...(response_schema !== undefined && { response_schema }),
    ...(kind !== undefined && { kind }),
    ...(due_at !== undefined && { due_at }),
    ...(remind_ms !== undefined && { remind_ms }),
    ...(since !== undefined && { since }),
    ...(run_due_at !== undefined && { run_due_at }),
    ...(ends && { ends }),
    ...(ambiguous && { ambiguous }),
  }
}

/** The event that opens it; the opposite of `waitOf`. */
export function waitStarted(wait: OpenWait, generation: number): RunEventBody {
  const { value, response_schema, kind, due_at, remind_ms, since, run_due_at, ends, ambiguous } = wait
  return {
    type: 'wait.started',
    stage: wait.stage,
    wait: wait.id,
    value,
    ...(response_schema !== undefined && { response_schema }),
    ...(kind !== undefined && { kind }),
    ...(due_at !== undefined && { due_at }),
    ...(remind_ms !== undefined && { remind_ms }),
    ...(since !== undefined && { since }),
    ...(run_due_at !== undefined && { run_due_at }),
    ...(ends && { ends }),
    ...(ambiguous && { ambiguous }),
    ...(generation > 1 && { generation }),
  }
}

/** The wait after one more event of it. */
export function foldWait(wait: Wait, event: WaitEvent): Wait {
  switch (event.type) {
    case 'wait.fired':
      return { ...wait, answer: event.answer, ended_at: event.at }
    case 'wait.timed_out':
      return { ...wait, without: 'timed_out', ended_at: event.at }
    case 'wait.cancelled':
      return { ...wait, without: 'cancelled', ended_at: event.at }
    case 'wait.evaluated':
      return { ...wait, came: { ...wait.came, ...event.came }, looked_at: event.at }
    case 'approval.requested':
      return { ...wait, reminded: event.reminder }
    default:
      return wait
  }
}

/**
 * What became of an open wait by the time alone, and by what its conditions say: nothing, or it was answered, or timed
 * out, or is to be reminded of. `holds` evaluates a condition, and may throw.
 */
export function dueEvents(wait: OpenWait, nowMs: number, holds: (condition: string) => boolean): RunEventBody[] {
  const { stage, id } = wait
  const deadline = wait.due_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(wait.due_at)
  const reached = (wait.ends?.entries ?? [])
    .filter(({ name }) => !Object.hasOwn(wait.came ?? {}, name))
    .flatMap(({ name, at, condition }) => {
      const time = at === undefined ? undefined : Date.parse(at)
      if (time !== undefined && time <= Math.min(nowMs, deadline)) return [{ name, time }]
      return condition !== undefined && nowMs < deadline && holds(condition) ? [{ name, time: nowMs }] : []
    })
    .toSorted((a, b) => a.time - b.time)
    .map(({ name }) => ({ name, event: null }))
  const fired = arrive(wait, reached)
  if (fired?.type === 'wait.fired') return [fired]
  if (nowMs >= deadline) return [{ type: 'wait.timed_out', stage, wait: id }]
  return [...(fired ? [fired] : lookedAt(wait, nowMs)), ...reminder(wait, nowMs)]
}

/** An end that came. */
export interface Arrival {
  readonly name: string
  /** null unless it is an event. */
  readonly event: (JsonObject & { readonly id: string }) | null
}

/** What it comes to that these ends have come, in this order. */
export function arrive(wait: OpenWait, arrivals: readonly Arrival[]): RunEventBody | undefined {
  const { ends, came = {}, stage, id } = wait
  const [first] = arrivals
  if (!ends || !first) return undefined
  const all: Record<string, Json> = { ...came }
  for (const { name, event } of arrivals) all[name] = event
  const whole = ends.by === 'any' || ends.entries.every(({ name }) => Object.hasOwn(all, name))
  if (!whole) return { type: 'wait.evaluated', stage, wait: id, came: all }
  const last = ends.by === 'any' ? first : (arrivals.at(-1) ?? first)
  const event = ends.by === 'any' ? last.event : (Object.values(all).findLast((each) => each !== null) ?? null)
  const answer = { fired: last.name, event }
  return { type: 'wait.fired', stage, wait: id, answer, ...(last.event && { event: last.event.id }) }
}

function lookedAt(wait: OpenWait, nowMs: number): RunEventBody[] {
  const next = nextLook(wait)
  return next !== undefined && next <= nowMs
    ? [{ type: 'wait.evaluated', stage: wait.stage, wait: wait.id, came: {} }]
    : []
}

function reminder(wait: OpenWait, nowMs: number): RunEventBody[] {
  const { stage, id, remind_ms = 0, asked_at = '', since = asked_at } = wait
  const next = nextReminder(wait)
  if (next === undefined || next > nowMs) return []
  const count = Math.floor((nowMs - Date.parse(since)) / remind_ms) // those that were missed are one
  return [{ type: 'approval.requested', stage, wait: id, reminder: count }]
}

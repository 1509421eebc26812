/**
 * A wait: a stage that needs an answer from outside before it can go on. It holds nothing while it waits, not even a
 * process; its answer is a record of the journal, written once. Its times are absolute, so that they mean the same
 * after a restart.
 */
import { digest, type Json, type JsonObject, jsonEqual } from './json.ts'
import type { JsonSchema } from './plan.ts'

/** What is asked, and what an answer has to be. */
interface Question {
  /** Shown to whoever answers: LangGraph's clients see it as the interrupt's value. */
  readonly value: Json
  /** What an answer has to be; anything by default. */
  readonly response_schema?: JsonSchema
}

/** What a stage asks. */
export interface WaitRequest extends Question {
  /** How long until it times out. Milliseconds. */
  readonly timeoutMs?: number
  /** How long until whoever has to answer is reminded, again and again. Milliseconds. */
  readonly remindMs?: number
  /** What answers it by itself, with `{ fired, event }`: the first of these, or the last when it takes all of them. */
  readonly ends?: { readonly by: 'any' | 'all'; readonly entries: readonly WaitEndRequest[] }
  /** Since when its times count, where a wait before it asked the same: ISO 8601. From its own beginning by default. */
  readonly since?: string
}

export type WaitEndRequest = { readonly name: string } & (
  | { readonly afterMs: number }
  /** ISO 8601. */
  | { readonly at: string }
  /** `match`: a bare expression, with `event` in scope. */
  | { readonly event: string; readonly match?: string }
  /** A bare expression over the live fold of the variables. */
  | { readonly condition: string }
)

/** The same, as it is kept: `at` or `event` or `condition`. */
export interface WaitEnd {
  readonly name: string
  /** ISO 8601, UTC. */
  readonly at?: string
  readonly event?: string
  readonly match?: string
  /** What `match` reads besides the event, as it was when the wait began. */
  readonly names?: JsonObject
  readonly condition?: string
}

/** A wait as it begins. */
export interface WaitTerms extends Question {
  /** The kind of the stage. */
  readonly kind?: string
  /** When it times out. ISO 8601, UTC, like all times of a wait. */
  readonly due_at?: string
  readonly remind_ms?: number
  /** Since when it is reminded of; since it began by default. */
  readonly since?: string
  /** When the whole run is over (`limits.deadline`), whatever it waits for. */
  readonly run_due_at?: string
  readonly ends?: { readonly by: 'any' | 'all'; readonly entries: readonly WaitEnd[] }
  /** Nobody knows how the stage's last attempt ended, and a person has to say. */
  readonly ambiguous?: true
}

/** How far an open wait has come. */
interface Standing extends WaitTerms {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly asked_at?: string
  /** How often it was reminded of. */
  readonly reminded?: number
  /** When its conditions were last looked at because of the time. */
  readonly looked_at?: string
  /** Names of the ends that came, where it takes all, with their events. */
  readonly came?: Readonly<Record<string, Json>>
}

/** A wait as the journal knows it. */
export interface Wait extends Standing {
  /** Absent while it is open, and when it ended without one. */
  readonly answer?: Json
  readonly ended_at?: string
  /** It ended without an answer. */
  readonly without?: 'timed_out' | 'cancelled'
}

/** A wait that nobody has answered. */
export interface OpenWait extends Standing {
  /** The stage's path. */
  readonly stage: string
}

export const isOpen = (wait: Wait): boolean => !Object.hasOwn(wait, 'answer') && wait.without === undefined

/** Equal wherever the stage asks the same question again, and another for every other question of every thread. */
export const waitIdOf = (thread: string, path: string, generation: number, answers: number): string =>
  digest(['wait', thread, path, generation, answers]).slice(0, 32)

/** The first answer stands: whether this one is another. */
export const contradicts = (wait: Wait, answer: Json): boolean =>
  !isOpen(wait) && (wait.without !== undefined || !jsonEqual(wait.answer as Json, answer))

/** How long conditions that read the time are left alone: a tenth of the time that it waits, and a minute at least. */
const lookEveryMs = 60_000

/** When something is due of it, if ever. Milliseconds since 1970. */
export function nextDue(wait: Standing): number | undefined {
  const times = [
    wait.due_at === undefined ? undefined : Date.parse(wait.due_at),
    wait.run_due_at === undefined ? undefined : Date.parse(wait.run_due_at),
    nextReminder(wait),
    nextLook(wait),
    ...(wait.ends?.entries ?? []).map(({ name, at }) =>
      at === undefined || Object.hasOwn(wait.came ?? {}, name) ? undefined : Date.parse(at),
    ),
  ].filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Reminders that were due before it began were those of the wait before it. */
export function nextReminder({ remind_ms, asked_at, since = asked_at, reminded }: Standing): number | undefined {
  if (remind_ms === undefined || asked_at === undefined || since === undefined) return undefined
  const from = Date.parse(since)
  const before = reminded ?? Math.floor((Date.parse(asked_at) - from) / remind_ms)
  return from + (before + 1) * remind_ms
}

export function nextLook({ ends, asked_at, looked_at = asked_at }: Standing): number | undefined {
  const readsTime = ends?.entries.some(({ condition }) => condition !== undefined && /\bnow\s*\(/.test(condition))
  if (!readsTime || asked_at === undefined || looked_at === undefined) return undefined
  const last = Date.parse(looked_at)
  return last + Math.max(lookEveryMs, (last - Date.parse(asked_at)) / 10)
}

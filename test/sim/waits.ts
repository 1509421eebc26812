/** Stages that wait: for people, for events, for time; and what they are told. */
import { digest, isJsonObject, type Json, type JsonObject } from '../../src/foundation/json.ts'
import { nextDue, type OpenWait } from '../../src/foundation/wait.ts'
import { pick, type Random } from '../fuzz/random.ts'
import type { StageSketch } from '../support-stages.ts'
import { epochMs } from './time.ts'

/** It waits for what never comes, and so until its time is over. */
const inVain = 'nobody answers'
const neverComes = 'never'
const withForm = ' with a form'

const form: JsonObject = {
  type: 'object',
  properties: { note: { type: 'string' }, channel: { enum: ['blog', 'wiki'], default: 'blog' } },
  required: ['note'],
  additionalProperties: false,
}

/** The stage of the sketch as one that waits. How it ends depends on nothing but what it is. */
export function waitingOf(
  random: Random,
  id: string,
  { join, if: condition, set = {}, onError }: StageSketch,
): StageSketch {
  const [kind, value] = pick(random, [approveOf, approveOf, askOf, waitOf, waitOf])(random, id)
  return {
    kind,
    value,
    ...(join && { join }),
    ...(condition !== undefined && { if: condition }),
    set,
    ...(onError && kind !== 'approve' && { onError }),
  }
}

function approveOf(random: Random, id: string): [string, Json] {
  const vain = random() < 0.2
  return [
    'approve',
    {
      ...askedOf(random, vain, `approve ${id}`),
      ...(random() < 0.3 && { approvals: 2 }),
      on_reject: pick(random, ['fail', 'stop', 'stop', 'continue']),
      ...(vain && { on_timeout: pick(random, ['fail', 'reject']) }),
    },
  ]
}

function askOf(random: Random, id: string): [string, Json] {
  const vain = random() < 0.2
  return ['ask', { ...askedOf(random, vain, `ask ${id}`), ...(vain && { on_timeout: pick(random, ['fail', 'skip']) }) }]
}

function askedOf(random: Random, vain: boolean, what: string): JsonObject {
  const asksMore = random() < 0.5
  return {
    message: vain ? inVain : `${what}${asksMore ? withForm : ''}`,
    ...(asksMore && { form }),
    ...(random() < 0.3 && { remind: '3s' }),
    ...(vain && { timeout: '20s' }),
  }
}

function waitOf(random: Random, id: string): [string, Json] {
  const event = `go_${id}`
  return [
    'wait',
    pick<Json>(random, [
      { for: '5s' },
      { until: new Date(epochMs + 30_000).toISOString() },
      { event },
      { event, match: 'event.data.to != null' },
      { event: neverComes, timeout: '8s', on_timeout: pick(random, ['fail', 'skip', 'continue']) },
      { condition: 'vars.total >= 100' },
      { any: [{ event: neverComes }, { name: 'late', for: '6s' }] },
      {
        all: [
          { name: 'all_event', event },
          { name: 'all_time', for: '4s' },
        ],
      },
    ]),
  ]
}

/** What it is told, whoever asks and in whatever order. Undefined: nothing. */
export function told({ value }: Pick<OpenWait, 'value'>): Json | undefined {
  const message = messageOf(value)
  if (message.startsWith('approve ')) return decisionOn(message, value)
  if (message.startsWith('ask ')) return message.endsWith(withForm) ? { note: message } : `to ${message}`
  const event = awaitedEvent({ value })
  if (event === undefined) return undefined
  return { fired: message.includes(' and ') ? 'all_event' : event }
}

function decisionOn(message: string, value: Json): Json {
  const approvals = isJsonObject(value) ? (value.approvals as { readonly given: number } | undefined) : undefined
  const given = approvals?.given ?? 0
  const isRejected = digest([message, given]) < '4'
  return {
    decision: isRejected ? 'rejected' : 'approved',
    by: `p${given}`,
    ...(!isRejected && message.endsWith(withForm) && { form: { note: message } }),
  }
}

/** Name of the event that it waits for and that comes. */
export const awaitedEvent = ({ value }: Pick<OpenWait, 'value'>): string | undefined =>
  /the event (go_\w+)/.exec(messageOf(value))?.[1]

/** A stage asks of a kind that waits. */
export const isOfKind = ({ value, ambiguous }: Pick<OpenWait, 'value' | 'ambiguous'>): boolean =>
  !ambiguous && messageOf(value) !== ''

const messageOf = (value: Json): string =>
  isJsonObject(value) && typeof value.message === 'string' ? value.message : ''

/** Something is due of it by itself, then. */
export const dueIn = (wait: OpenWait, nowMs: number): number | undefined => {
  const due = nextDue(wait)
  return due === undefined ? undefined : Math.max(0, due - nowMs)
}

/** Without what depends on clocks, and on who was first. */
export function timeless(value: Json): Json {
  if (Array.isArray(value)) return value.map(timeless)
  if (!isJsonObject(value)) return typeof value === 'string' && value.startsWith('all_') ? 'all' : value
  const kept = Object.entries(value).filter(([key]) => key !== 'at' && key !== 'event' && key !== 'waited_ms')
  return Object.fromEntries(kept.map(([key, inner]) => [key, timeless(inner)]))
}

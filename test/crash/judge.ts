/**
 * What a round must show, whatever was done to its processes. A pure function of what is left, so that a round can be
 * judged again.
 */
import { isDeepStrictEqual } from 'node:util'
import type { RunEvent } from '../../src/foundation/events.ts'
import type { Effect } from './effects.ts'
import { type Evidence, isClosing, recorded, type Trace } from './evidence.ts'

export interface Verdict {
  /** Work or history that is gone, or an end other than that of the run that was left alone. */
  readonly lost: readonly string[]
  /** Stages that ran although their completion was recorded, or whose completion was recorded twice. */
  readonly rerun: readonly string[]
  /** Other promises that were broken. */
  readonly broken: readonly string[]
  /** Effects that were done again because nobody could know that they had been done. Allowed, and counted. */
  readonly ambiguous: number
}

export const isClean = ({ lost, rerun, broken }: Verdict): boolean => lost.length + rerun.length + broken.length === 0

/** `alone` is the trace of the same pipeline when nothing happened to it. */
export function judge(evidence: Evidence, alone: Trace): Verdict {
  const { final } = evidence
  return {
    lost: [...endsAlike(final, alone), ...keepsHistory(evidence), ...didEverything(final, alone)],
    rerun: [...leavesRecordedAlone(evidence), ...recordsOnce(final)],
    broken: [
      ...keepsKeys(final),
      ...startsBeforeEffects(final),
      ...keepsRetryBudget(final, alone),
      ...asksOnce(final),
      ...counts(final),
    ],
    ambiguous: doneAgain(final).length,
  }
}

function endsAlike(final: Trace, alone: Trace): string[] {
  const [was, should] = [endOf(final), endOf(alone)]
  return isDeepStrictEqual(was, should) ? [] : [`it ended as ${JSON.stringify(was)}, not ${JSON.stringify(should)}`]
}

/** What must be equal however often it was interrupted. */
function endOf({ events }: Trace): unknown {
  const last = events.at(-1)
  if (last?.type !== 'run.ended') return `not ended, but by ${last?.type ?? 'nothing'}`
  const { status, outputs, error, tolerated } = last.result
  const stages = events.filter(isClosing).map((event) => [event.stage, stageEnd(event)] as const)
  return { status, outputs, code: error?.code ?? null, tolerated, stages: Object.fromEntries(stages.sort(byName)) }
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

function stageEnd(event: Extract<RunEvent, { stage: string }>): unknown {
  switch (event.type) {
    case 'stage.succeeded':
      return { did: event.type, output: event.output }
    case 'stage.failed':
      return { did: event.type, output: event.output, tolerated: event.tolerated, code: event.error.code }
    case 'stage.skipped':
      return { did: event.type, reason: event.reason }
    default:
      return { did: event.type }
  }
}

/** What was recorded before a kill is recorded after it, at the same place. */
function keepsHistory({ before, final }: Evidence): string[] {
  return before.flatMap(({ events }, n) => {
    const place = events.findIndex((event, at) => !isDeepStrictEqual(event, final.events[at]))
    return place < 0 ? [] : [`event ${place + 1}, recorded before kill ${n + 1}, is another one now`]
  })
}

function didEverything(final: Trace, alone: Trace): string[] {
  const done = new Set(final.effects.filter(isDone).map(({ stage }) => stage))
  return [...new Set(alone.effects.filter(isDone).map(({ stage }) => stage))]
    .filter((stage) => !done.has(stage))
    .map((stage) => `the effect of ${stage} was never done`)
}

const isDone = ({ did }: Effect): boolean => did !== 'begin'

function leavesRecordedAlone({ before, final }: Evidence): string[] {
  return before.flatMap((trace, n) => {
    const closed = recorded(trace)
    const again = final.effects
      .slice(trace.effects.length)
      .filter(({ did, stage }) => did === 'begin' && closed.has(stage))
    return again.map(({ stage }) => `${stage} ran again although its end was recorded before kill ${n + 1}`)
  })
}

function recordsOnce({ events }: Trace): string[] {
  const ends = events.filter(isClosing).map(({ stage }) => stage)
  const twice = ends
    .filter((stage, at) => ends.indexOf(stage) !== at)
    .map((stage) => `the end of ${stage} is recorded twice`)
  const answered = events.flatMap((event) => (event.type === 'wait.fired' ? [event.wait] : []))
  const again = answered.filter((wait, at) => answered.indexOf(wait) !== at).map((wait) => `${wait} was answered twice`)
  const over = events.filter(({ type }) => type === 'run.ended').length
  return [...twice, ...again, ...(over > 1 ? [`the end of the run is recorded ${over} times`] : [])]
}

/** One idempotency key per stage, whatever happens; and none for two. */
function keepsKeys({ effects }: Trace): string[] {
  const keys = new Map<string, string>()
  return effects.flatMap(({ stage, key }) => {
    const first = keys.get(stage) ?? key
    keys.set(stage, first)
    const others = [...keys].filter(([name, other]) => name !== stage && other === key)
    return [
      ...(first === key ? [] : [`${stage} had the key ${first}, then ${key}`]),
      ...others.map(([name]) => `${stage} has the key of ${name}`),
    ]
  })
}

/** An effect begins only when its start is recorded, and every attempt has a number of its own. */
function startsBeforeEffects({ events, effects }: Trace): string[] {
  const started = new Set(events.flatMap((each) => (each.type === 'stage.started' ? [nameOf(each)] : [])))
  const begun = effects.filter(({ did }) => did === 'begin').map(nameOf)
  return [
    ...begun.filter((name) => !started.has(name)).map((name) => `${name} began and no start is recorded`),
    ...begun.filter((name, at) => begun.indexOf(name) !== at).map((name) => `${name} began twice`),
  ]
}

const nameOf = ({ stage, attempt }: { readonly stage: string; readonly attempt: number }): string =>
  `attempt ${attempt} of ${stage}`

/** Failures that are recorded count, over all processes; and the next try is not made before its time. */
function keepsRetryBudget({ events, effects }: Trace, alone: Trace): string[] {
  const spent = retriesOf(alone)
  return events.flatMap((event) => {
    if (event.type !== 'stage.retrying') return []
    const { stage, attempt, next_at } = event
    const next = effects.find((each) => each.did === 'begin' && each.stage === stage && each.attempt > attempt)
    const early = next !== undefined && next.at < Date.parse(next_at) - clockStepMs
    const often = retriesOf({ events, effects })[stage] ?? 0
    return [
      ...(early ? [`attempt ${next.attempt} of ${stage} came before its time`] : []),
      ...(often > (spent[stage] ?? 0) ? [`${stage} was retried ${often} times`] : []),
    ]
  })
}

/** A timer may fire within the millisecond before its time. */
const clockStepMs = 2

function retriesOf({ events }: Trace): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const event of events) {
    if (event.type === 'stage.retrying') counts[event.stage] = (counts[event.stage] ?? 0) + 1
  }
  return counts
}

/** A stage asks one question here, and it has one id, in whatever process. */
function asksOnce({ events }: Trace): string[] {
  const ids = new Map<string, string>()
  return events.flatMap((event) => {
    if (event.type !== 'wait.started' && event.type !== 'wait.fired') return []
    const first = ids.get(event.stage) ?? event.wait
    ids.set(event.stage, first)
    return first === event.wait ? [] : [`${event.stage} asked as ${first}, then as ${event.wait}`]
  })
}

function counts({ events }: Trace): string[] {
  const wrong = events.findIndex(({ seq }, at) => seq !== at + 1)
  return wrong < 0 ? [] : [`event ${wrong + 1} has the number ${events[wrong]?.seq}`]
}

/** Effects of attempts of which no end is recorded, where the stage was then done by another attempt. */
export function doneAgain({ events, effects }: Trace): Effect[] {
  const ended = new Set<string>()
  for (const event of events) {
    if (event.type === 'stage.retrying') ended.add(nameOf(event))
    if (event.type === 'stage.succeeded' || event.type === 'stage.failed' || event.type === 'stage.cancelled')
      ended.add(nameOf({ stage: event.stage, attempt: event.attempts }))
  }
  const begun = effects.filter(({ did }) => did === 'begin')
  return begun.filter((one) => !ended.has(nameOf(one)) && begun.some((other) => isOtherTry(one, other)))
}

const isOtherTry = (one: Effect, other: Effect): boolean =>
  one.stage === other.stage && (one.attempt !== other.attempt || one.pid !== other.pid)

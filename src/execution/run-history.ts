/**
 * A run read back from its events: how far each stage came, which attempts failed, how the last stretch ended.
 *
 * A fold over the history, so that another process, a late subscriber and a resumed run see the same.
 */

import type { Failure } from '../foundation/errors.ts'
import type { RunEvent, RunResult } from '../foundation/events.ts'
import type { Json, JsonObject } from '../foundation/json.ts'
import type { SkipReason, StageStatus } from '../foundation/outcome.ts'
import { holdersOf, topOf } from '../foundation/paths.ts'
import { isOpen, type OpenWait } from '../foundation/wait.ts'
import { foldWait, waitOf } from '../foundation/wait-events.ts'

/** A stage of a run as people see it. Times are ISO 8601, UTC. */
export interface StageState {
  readonly id: string
  readonly kind: string
  readonly status: StageStatus
  readonly attempts: number
  readonly started_at: string | null
  readonly ended_at: string | null
  readonly duration_ms: number | null
  readonly output: Json
  readonly error: Failure | null
  readonly reason: SkipReason | null
  readonly tolerated: boolean
  readonly cached: boolean
  /** What it set, itself: variable → value. */
  readonly set: JsonObject
}

export interface RunHistory {
  readonly stages: ReadonlyMap<string, StageState>
  /** Failures that spent an attempt, by stage; crashes and `Retry-After` are not among them. */
  readonly failures: ReadonlyMap<string, number>
  /** Attempts that were started, by stage. */
  readonly attempts: ReadonlyMap<string, number>
  /** What it waits for, by id, in the order in which it was asked. */
  readonly waits: ReadonlyMap<string, OpenWait>
  /** Variables as they were set from outside, by `set` of a fork or a retry. */
  readonly edited: JsonObject
  readonly result: RunResult | null
  readonly lastSeq: number
  readonly lastAt: string | null
}

const pending: Omit<StageState, 'id' | 'kind'> = {
  status: 'pending',
  attempts: 0,
  started_at: null,
  ended_at: null,
  duration_ms: null,
  output: null,
  error: null,
  reason: null,
  tolerated: false,
  cached: false,
  set: {},
}

/** Folds events, oldest first. `stages` are the plan's, so that those nothing was said about are listed too. */
export async function readHistory(
  stages: readonly { readonly id: string; readonly kind: string }[],
  events: AsyncIterable<RunEvent>,
): Promise<RunHistory> {
  const states = new Map<string, StageState>(stages.map(({ id, kind }) => [id, { ...pending, id, kind }]))
  const failures = new Map<string, number>()
  const attempts = new Map<string, number>()
  const waits = new Map<string, OpenWait>()
  const edited: Record<string, Json> = {}
  let result: RunResult | null = null
  let lastSeq = 0
  let lastAt: string | null = null

  function beginAnew(id: string): void {
    const before = states.get(id) // a later plan may not have it
    if (before) states.set(id, { ...before, ...pending })
    attempts.delete(id)
    failures.delete(id)
  }

  for await (const event of events) {
    lastSeq = event.seq
    lastAt = event.at
    if (event.type === 'run.ended') result = event.result
    if (event.type === 'variable.patched') edited[event.variable] = event.value
    if (event.type === 'run.reopened') {
      result = null
      event.stages.forEach(beginAnew)
    }
    if (event.type === 'run.migrated') {
      result = null
      new Set([...event.anew, ...event.partly, ...event.removed].map(topOf)).forEach(beginAnew)
    }
    if (event.type === 'stage.started') attempts.set(event.stage, (attempts.get(event.stage) ?? 0) + 1)
    if (event.type === 'stage.retrying' && event.counts) failures.set(event.stage, (failures.get(event.stage) ?? 0) + 1)
    if (!('stage' in event)) continue
    changeWaits(waits, event)
    const before = states.get(event.stage)
    if (before) states.set(event.stage, { ...before, ...change(before, event) })
  }
  return { stages: states, failures, attempts, waits, edited, result, lastSeq, lastAt }
}

function changeWaits(waits: Map<string, OpenWait>, event: RunEvent & { readonly stage: string }): void {
  if (event.type === 'wait.started') waits.set(event.wait, { ...waitOf(event), stage: event.stage })
  else if ('wait' in event) {
    const wait = waits.get(event.wait)
    if (!wait) return
    const after = foldWait(wait, event)
    if (isOpen(after)) waits.set(event.wait, { ...after, stage: event.stage })
    else waits.delete(event.wait)
  } else if (/^stage\.(succeeded|failed|skipped|cancelled)$/.test(event.type)) {
    for (const { id, stage } of waits.values()) {
      if (stage === event.stage || holdersOf(stage).includes(event.stage)) waits.delete(id)
    }
  }
}

function change(before: StageState, event: RunEvent): Partial<StageState> {
  switch (event.type) {
    case 'stage.started':
      return {
        status: 'running',
        attempts: event.attempt,
        started_at: before.started_at ?? event.at,
        ended_at: null,
        error: null,
      }
    case 'stage.retrying':
      return { error: event.error }
    case 'wait.started':
      return { status: 'waiting' }
    case 'wait.fired':
    case 'wait.timed_out':
      return { status: 'pending' }
    case 'stage.succeeded':
      return { ...ended(event), status: 'succeeded', output: event.output, error: null, cached: event.cached ?? false }
    case 'stage.failed':
      return { ...ended(event), status: 'failed', output: event.output, error: event.error, tolerated: event.tolerated }
    case 'stage.cancelled':
      return { ...ended(event), status: 'cancelled', error: event.error }
    case 'variable.changed':
      return event.parts ? {} : { set: { ...before.set, [event.variable]: event.value } }
    case 'stage.skipped':
      return { status: 'skipped', reason: event.reason, ended_at: event.at, error: null }
    default:
      return {}
  }
}

const ended = (event: { readonly at: string; readonly attempts: number; readonly duration_ms: number }) => ({
  ended_at: event.at,
  attempts: event.attempts,
  duration_ms: event.duration_ms,
})

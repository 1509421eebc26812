/**
 * How a stage waits: what it asks, the answers it gets back, and the question that is asked for it when nobody knows how
 * its last attempt ended.
 */
import type { Clock } from '../foundation/clock.ts'
import { type Failure, failureToJson, StageError } from '../foundation/errors.ts'
import { assertJson, isJsonObject, type Json, type JsonObject } from '../foundation/json.ts'
import type { StagePast } from '../foundation/past.ts'
import type { JsonSchema, StagePlan } from '../foundation/plan.ts'
import { WaitTimedOut } from '../foundation/stage-ends.ts'
import type { StageContext } from '../foundation/stage-kind.ts'
import { StageWaits } from '../foundation/stage-runner.ts'
import { isOpen, type OpenWait, type WaitEnd, type WaitRequest, type WaitTerms, waitIdOf } from '../foundation/wait.ts'
import type { AttemptLine } from './attempt.ts'
import type { Redactor } from './redact.ts'

/** Whose question it is. */
interface Asked {
  readonly thread: string
  readonly stage: string
  readonly kind: string
  readonly past: StagePast
}

export interface AskPorts {
  readonly clock: Clock
  readonly redactor: Redactor
  readonly line: AttemptLine
  /** What an expression reads besides `event`, as it is now. */
  readonly namesOf: (source: string) => JsonObject
}

/**
 * `StageContext.wait` for one attempt: resolves with the recorded answer, or rejects when its time was over. Where there
 * is nothing recorded, the attempt ends with StageWaits, whatever the stage makes of the rejection.
 */
export function createAsk(
  { thread, stage, kind, past }: Asked,
  ports: AskPorts,
): Pick<StageContext, 'wait' | 'waited'> {
  const recorded = (past.waits ?? []).filter(({ ambiguous, without }) => !ambiguous && without !== 'cancelled')
  let asked = 0
  let asking: StageWaits | undefined
  return {
    async wait(request) {
      if (asking) throw asking
      const known = recorded[asked]
      if (known && !isOpen(known)) {
        asked++
        if (known.without) throw new WaitTimedOut()
        return known.answer as Json
      }
      const terms = { kind, ...termsOf(request, ports) }
      asking = new StageWaits({ id: nextId(thread, stage, past), stage, ...terms })
      ports.line.stop(asking)
      throw asking
    },
    waited() {
      const { asked_at: from = '', ended_at: to = from } = recorded[asked - 1] ?? {}
      return { from, to }
    },
  }
}

/** Secrets are hidden, durations become times, and what a `match` reads is noted. */
function termsOf(request: WaitRequest, { clock, redactor, namesOf }: AskPorts): WaitTerms {
  const { value, response_schema, timeoutMs, remindMs, since, ends } = request
  assertJson(value)
  const nowMs = clock.now()
  const fromMs = since === undefined ? nowMs : Date.parse(since)
  const at = (ms: number): string => new Date(ms).toISOString()
  const entries = ends?.entries.map((entry): WaitEnd => {
    if ('afterMs' in entry) return { name: entry.name, at: at(nowMs + entry.afterMs) }
    if (!('event' in entry) || entry.match === undefined) return entry
    return { ...entry, names: redactor.json(namesOf(entry.match)) as JsonObject }
  })
  return {
    value: redactor.json(value),
    ...(response_schema !== undefined && { response_schema }),
    ...(timeoutMs !== undefined && { due_at: at(fromMs + timeoutMs) }),
    ...(remindMs !== undefined && { remind_ms: remindMs }),
    ...(since !== undefined && { since }),
    ...(ends && { ends: { by: ends.by, entries: entries ?? [] } }),
  }
}

const nextId = (thread: string, stage: string, { generation, waits = [] }: StagePast): string =>
  waitIdOf(thread, stage, generation, waits.length)

/** The question for a person: an attempt was started, nothing says how it ended, and it may not be run twice. */
export function ambiguity(thread: string, path: string, stage: StagePlan, past: StagePast): OpenWait {
  const attempt = past.open ?? past.lost ?? 0
  const message = `The process died while attempt ${attempt} of "${path}" was running, and nobody knows how it ended.`
  return {
    id: nextId(thread, path, past),
    stage: path,
    value: { reason: 'ambiguous', stage: path, attempt, message },
    response_schema: decisions(stage.output ?? true),
    ambiguous: true,
  }
}

/**
 * The question for a person when a stage failed whose `on_error` is `pause`: whether it is to be tried again, failed or is
 * to be taken as done. A resume that does not answer tries it again.
 */
export function failurePause(
  thread: string,
  { path, stage, past }: { readonly path: string; readonly stage: StagePlan; readonly past: StagePast },
  error: Failure,
): OpenWait {
  return {
    id: nextId(thread, path, past),
    stage: path,
    value: { reason: 'error', stage: path, error: failureToJson(error) },
    response_schema: decisions(stage.output ?? true),
    ambiguous: true,
  }
}

/** It asks what to do about a failure. */
export const isFailurePause = ({ value }: Pick<OpenWait, 'value'>): boolean =>
  isJsonObject(value) && value.reason === 'error'

/** What may be answered to it. */
const decisions = (output: JsonSchema): JsonSchema => ({
  oneOf: [
    choice('done', { output: output as Json }), // it did its work, and this is what came of it
    choice('retry', {}), // it did nothing, or nothing that may not be done twice
    choice('fail', {}),
  ],
})

const choice = (decision: string, more: Readonly<Record<string, Json>>): Json => ({
  type: 'object',
  properties: { decision: { const: decision }, ...more },
  required: ['decision', ...Object.keys(more)],
  additionalProperties: false,
})

/** What was decided of an attempt that nobody knows the end of; undefined when nothing was, or to try again. */
export function decided(
  { decision, attempts }: StagePast,
  stage: string,
): { output: Json } | { error: StageError } | undefined {
  if (!isJsonObject(decision as Json | undefined)) return undefined
  const { decision: word, output = null } = decision as { readonly decision: string; readonly output?: Json }
  if (word === 'done') return { output }
  if (word !== 'fail') return undefined
  const message = `The process died while attempt ${attempts} of "${stage}" was running, and a person decided that it failed.`
  return { error: new StageError(message, { category: 'internal', code: 'ambiguous', retryable: false }) }
}

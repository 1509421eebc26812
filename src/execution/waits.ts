/**
 * How a stage waits: what it asks, the answers it gets back, and the question that is asked for it when nobody knows how
 * its last attempt ended.
 */
import { type Failure, failureToJson, StageError } from '../foundation/errors.ts'
import type { RunEventBody } from '../foundation/events.ts'
import { assertJson, isJsonObject, type Json } from '../foundation/json.ts'
import type { StagePast } from '../foundation/past.ts'
import type { JsonSchema, StagePlan } from '../foundation/plan.ts'
import { StageWaits } from '../foundation/stage-runner.ts'
import { type OpenWait, type WaitRequest, waitIdOf } from '../foundation/wait.ts'
import type { AttemptLine } from './attempt.ts'
import type { Redactor } from './redact.ts'

/** Whose question it is. */
interface Asked {
  readonly thread: string
  readonly stage: string
  readonly past: StagePast
}

/**
 * `StageContext.wait` for one attempt: resolves with the recorded answer. Where there is none, the attempt ends with
 * StageWaits, whatever the stage makes of the rejection.
 */
export function createAsk({ thread, stage, past }: Asked, redactor: Redactor, line: AttemptLine) {
  let asked = 0
  let asking: StageWaits | undefined
  return async ({ value, response_schema }: WaitRequest): Promise<Json> => {
    if (asking) throw asking
    const answers = (past.waits ?? []).filter(({ ambiguous }) => !ambiguous)
    if (asked < answers.length) return answers[asked++]?.answer as Json
    assertJson(value)
    const id = nextId(thread, stage, past)
    const shown = redactor.json(value)
    asking = new StageWaits({ id, stage, value: shown, ...(response_schema !== undefined && { response_schema }) })
    line.stop(asking)
    throw asking
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
export const isFailurePause = ({ value }: WaitRequest): boolean => isJsonObject(value) && value.reason === 'error'

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

export function waitStarted({ id, ...wait }: OpenWait, generation: number): RunEventBody {
  return { type: 'wait.started', ...wait, wait: id, ...(generation > 1 && { generation }) }
}

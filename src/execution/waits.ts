/**
 * How a stage waits: what it asks, the answers it gets back, and the question that is asked for it when nobody knows how
 * its last attempt ended.
 */
import { StageError } from '../foundation/errors.ts'
import type { RunEventBody } from '../foundation/events.ts'
import { assertJson, isJsonObject, type Json } from '../foundation/json.ts'
import type { StagePast } from '../foundation/past.ts'
import type { JsonSchema, StagePlan } from '../foundation/plan.ts'
import { StageWaits } from '../foundation/stage-runner.ts'
import { type OpenWait, type WaitRequest, waitIdOf } from '../foundation/wait.ts'
import type { Redactor } from './redact.ts'

/** Asks for one run of a stage's `run`. */
export interface Asker {
  /** Resolves with the recorded answer; rejects with StageWaits when there is none. */
  wait(request: WaitRequest): Promise<Json>
  /** What it stands at. Whatever `run` made of the rejection, the stage waits. */
  readonly asking: OpenWait | undefined
}

export function createAsker(thread: string, stage: string, past: StagePast, redactor: Redactor): Asker {
  let answers: readonly Json[] | undefined
  let asked = 0
  let asking: OpenWait | undefined
  return {
    async wait({ value, response_schema }) {
      if (asking) throw new StageWaits(asking)
      answers ??= (past.waits ?? []).flatMap(({ answer = null, ambiguous }) => (ambiguous ? [] : [answer]))
      if (asked < answers.length) return answers[asked++] as Json
      assertJson(value)
      const id = nextId(thread, stage, past)
      asking = { id, stage, value: redactor.json(value), ...(response_schema !== undefined && { response_schema }) }
      throw new StageWaits(asking)
    },
    get asking() {
      return asking
    },
  }
}

/** What the work returns, or a promise of it; a stage that asked waits, whatever it made of that. Throws StageWaits. */
export function unlessAsking(asker: Asker, work: () => unknown): unknown {
  try {
    const returned = work()
    if (returned instanceof Promise) return settled(asker, returned)
    if (!asker.asking) return returned
  } catch (thrown) {
    if (!asker.asking) throw thrown
  }
  throw new StageWaits(asker.asking as OpenWait)
}

async function settled(asker: Asker, work: Promise<unknown>): Promise<unknown> {
  try {
    const returned = await work
    if (!asker.asking) return returned
  } catch (thrown) {
    if (!asker.asking) throw thrown
  }
  throw new StageWaits(asker.asking as OpenWait)
}

const nextId = (thread: string, stage: string, { generation, waits = [] }: StagePast): string =>
  waitIdOf(thread, stage, generation, waits.length)

/** The question for a person: an attempt was started, nothing says how it ended, and it may not be run twice. */
export function ambiguity(thread: string, stage: StagePlan, past: StagePast): OpenWait {
  const attempt = past.open ?? past.lost ?? 0
  const message = `The process died while attempt ${attempt} of "${stage.id}" was running, and nobody knows how it ended.`
  return {
    id: nextId(thread, stage.id, past),
    stage: stage.id,
    value: { reason: 'ambiguous', stage: stage.id, attempt, message },
    response_schema: decisions(stage.output ?? true),
    ambiguous: true,
  }
}

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

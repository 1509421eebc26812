/** How a stage ends: from what came of it to what its outcome says. */
import type { Failure, StageError } from '../foundation/errors.ts'
import { deepFreeze, type Json } from '../foundation/json.ts'
import { nothingSet, type Outcome, type SkipReason } from '../foundation/outcome.ts'
import { sourcesOf, type Template } from '../foundation/template.ts'
import { asStageError } from './failures.ts'
import { evaluateSet } from './set-variables.ts'
import type { StageAtWork } from './stage-work.ts'
import type { Workshop } from './workshop.ts'

/** How a stage ended, without its times. */
export type End = Pick<Outcome, 'status'> &
  Partial<Outcome> & {
    /** A person said that it failed: nobody is asked again. */
    readonly isDecided?: true
  }

/** What stages inside left, whatever became of the stage itself. */
export type Left = Pick<Outcome, 'body' | 'parts'>

/** What nothing outside tolerates. */
export type Marks = Pick<Outcome, 'rollback' | 'shut'>

/** Frozen. Put together member by member: copying whatever may be there costs more. */
export function toOutcome(end: End, generation: number, started_at: string, ended_at: string): Outcome {
  const { output = null, error = null, reason = null, tolerated = false, set = nothingSet, attempts = 0 } = end
  const { status, cached, body, parts, rollback, shut } = end
  for (const part of [output, error, set]) deepFreeze(part)
  const outcome: Outcome = { output, error, reason, tolerated, set, attempts, status, started_at, ended_at }
  if (!cached && generation === 1 && !body && !parts && !rollback && !shut) return Object.freeze(outcome)
  return deepFreeze({
    ...outcome,
    ...(cached && { cached }),
    ...(generation > 1 && { generation }),
    ...(body && { body }),
    ...(parts && { parts }),
    ...(rollback && { rollback }),
    ...(shut && { shut }),
  })
}

export const skipped = (reason: SkipReason): End => ({ status: 'skipped', reason })

/** Throws StageError when it is not what the stage says of its output. */
export const checked = ({ keepOutput }: Workshop, { stage }: StageAtWork, value: unknown): Json =>
  keepOutput(value, { schema: stage.output, maxBytes: stage.limits.outputBytes })

export function succeeded(shop: Workshop, at: StageAtWork, output: Json, attempts: number): End {
  return { status: 'succeeded', output, attempts, set: evaluateSet(shop, at, output) }
}

export function stopped({ failures }: Workshop, { path }: StageAtWork, error: StageError, attempts: number): End {
  if (attempts === 0) return skipped('cancelled')
  return { status: 'cancelled', error: failures.failure(error, path, attempts), attempts }
}

/** `on_error`. What it gives must itself be right, or the stage fails for that. */
export const failed = (shop: Workshop, at: StageAtWork, error: StageError, attempts: number): End =>
  failedWith(shop, at, shop.failures.failure(error, at.path, attempts), attempts)

/** The same for a failure that is written already: that of a stage inside. Nothing tolerates a rejection. */
export function failedWith(
  shop: Workshop,
  at: StageAtWork,
  failure: Failure,
  attempts: number,
  marks: Marks = {},
): End {
  const untolerated: End = { status: 'failed', error: failure, attempts, ...marks }
  return at.stage.onError.do === 'continue' ? tolerated(shop, at, at.stage.onError, untolerated) : untolerated
}

/** `continue`. */
export function tolerated(
  shop: Workshop,
  at: StageAtWork,
  { value }: { readonly value?: Template },
  untolerated: End,
): End {
  const { scope } = at
  const { error: failure, attempts = 0 } = untolerated
  if (!failure || failure.category === 'rejected' || untolerated.rollback || untolerated.shut) {
    return untolerated
  }
  if (!value) return { ...untolerated, tolerated: true }
  try {
    const given = shop.deps.evaluator.template(value, scope(sourcesOf(value), { error: failure }))
    const output = checked(shop, at, given)
    return { ...untolerated, tolerated: true, output, set: evaluateSet(shop, at, output) }
  } catch (thrown) {
    return { ...untolerated, error: shop.failures.failure(asStageError(thrown), at.path, attempts) }
  }
}

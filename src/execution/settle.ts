/**
 * How a run ends, once every stage has an outcome: cancelled, failed, stopped or succeeded; and with which outputs.
 *
 * A stage without an outcome makes it `incomplete`: never reported as success.
 */
import { type Failure, StageError } from '../foundation/errors.ts'
import { deepFreeze, type JsonObject } from '../foundation/json.ts'
import type { Outcome, RunStatus } from '../foundation/outcome.ts'
import type { RunView, Settled } from '../foundation/stage-runner.ts'
import { sourcesOf } from '../foundation/template.ts'
import { asStageError } from './failures.ts'
import { handleEnd, type LastWork, runFinally } from './finally.ts'
import { runRollback } from './rollback.ts'
import { scopeOf, type Workshop } from './workshop.ts'

interface Verdict {
  readonly status: RunStatus
  readonly error: Failure | null
  readonly outputs: JsonObject | null
  /** What could not be taken back. */
  readonly notUndone?: readonly Failure[]
}

/** Rejects with PauseRequested, StageWaits and JournalError only (and with bugs). */
export async function settleRun(work: LastWork, view: RunView): Promise<Settled> {
  const { shop } = work
  const { status, error, outputs, notUndone } = await afterAll(work, view, judge(shop, view))
  const tolerated = shop.plan.stages.map(({ id }) => id).filter((id) => view.outcomes[id]?.tolerated)
  const ended_at = new Date(shop.deps.clock.now()).toISOString()
  return deepFreeze({
    run: { ...view.run, status, error, tolerated, ended_at, ...(notUndone && { not_undone: notUndone }) },
    outputs,
  })
}

/** `on_error`, rollback, `finally`. A run that cannot come to its end does not come to this. */
async function afterAll(work: LastWork, view: RunView, verdict: Verdict): Promise<Verdict> {
  const { finally: last = [] } = work.shop.plan
  if (verdict.status === 'incomplete') return verdict
  const handled = verdict.status === 'failed' ? await afterFailure(work, view, verdict) : verdict
  const failure = await runFinally(work, view, last, handled)
  await work.line.recorded?.journal.commit() // whoever is told how the run ends is told what the journal has
  return failure && handled.status === 'succeeded' ? without('failed', failure) : handled
}

/** The error stays what it was, whatever comes of this. */
async function afterFailure(work: LastWork, view: RunView, verdict: Verdict): Promise<Verdict> {
  const { onError = { do: 'fail' } } = work.shop.plan
  const asked = Object.values(view.outcomes).some(({ rollback }) => rollback)
  const action = onError.do === 'handle' ? await handleEnd(work, view, onError.handlers, verdict) : onError.do
  if (action !== 'rollback' && !asked) return verdict
  const failures = await runRollback(work, view)
  return failures.length === 0
    ? { ...verdict, status: 'rolled_back' }
    : { ...verdict, status: 'rollback_failed', notUndone: failures }
}

function judge(shop: Workshop, view: RunView): Verdict {
  const missing = shop.plan.stages.map(({ id }) => id).filter((id) => !Object.hasOwn(view.outcomes, id))
  if (missing.length > 0) return without('incomplete', incomplete(missing))
  const outcomes = shop.plan.stages.map(({ id }) => view.outcomes[id] as Outcome)
  const failed = outcomes.find(({ status, tolerated }) => status === 'failed' && !tolerated)
  // What waited was cancelled by the failure itself, unless the run was stopped from outside.
  const stopped = failed && !shop.deps.control.signal.aborted ? undefined : stoppedBy(shop, outcomes)
  if (stopped) return without(stopped.category === 'limit' ? 'failed' : 'cancelled', stopped)
  if (failed) return without('failed', failed.error)
  if (outcomes.some(({ reason }) => reason === 'rejected' || reason === 'timeout')) return without('stopped', null)
  return withOutputs(shop, view)
}

const without = (status: RunStatus, error: Failure | null): Verdict => ({ status, error, outputs: null })

const incomplete = (missing: readonly string[]): Failure => ({
  category: 'internal',
  code: 'incomplete',
  message: `Nothing is left to run, and these stages have no outcome: ${missing.slice(0, 5).join(', ')}.`,
  details: { missing: missing.slice(0, 100) },
})

/** Why the run was stopped from outside, if that kept any stage from its end. */
function stoppedBy({ deps, failures }: Workshop, outcomes: readonly Outcome[]): Failure | undefined {
  const cut = outcomes.filter(({ status, reason }) => status === 'cancelled' || reason === 'cancelled')
  if (cut.length === 0) return undefined
  const { aborted, reason } = deps.control.signal
  const {
    stage: _,
    attempts: __,
    ...failure
  } = aborted && reason instanceof StageError
    ? failures.failure(reason, '', 0)
    : (cut.find(({ error }) => error)?.error ?? cancelled)
  return failure
}

const cancelled: Failure = { category: 'cancelled', code: 'cancelled', message: 'The run was cancelled.' }

function withOutputs(shop: Workshop, view: RunView): Verdict {
  const { deps, plan, redactor } = shop
  const scope = scopeOf(shop, view)
  try {
    const outputs = Object.entries(plan.outputs).map(([name, template]) => {
      return [name, deps.evaluator.template(template, scope(sourcesOf(template)))] as const
    })
    return { status: 'succeeded', error: null, outputs: redactor.json(Object.fromEntries(outputs)) as JsonObject }
  } catch (thrown) {
    const { category, code, message, details } = asStageError(thrown)
    const error = { category, code, message: `The outputs could not be made. ${message}`, ...(details && { details }) }
    return without('failed', error)
  }
}

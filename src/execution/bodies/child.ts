/** `pipeline`: another pipeline, with its own inputs, variables and outputs; part of the same run. */
import { InputError, StageError } from '../../foundation/errors.ts'
import { isJsonObject } from '../../foundation/json.ts'
import type { Begun } from '../../foundation/past.ts'
import type { PipelinePlan } from '../../foundation/plan.ts'
import { sourcesOf } from '../../foundation/template.ts'
import { asStageError } from '../failures.ts'
import { handleEnd, type Provisional, runFinally } from '../finally.ts'
import { prepareInputs } from '../inputs.ts'
import { evaluate, type StageAtWork } from '../stage-work.ts'
import { noNames, type View } from '../view.ts'
import { scopeOf, type Workshop } from '../workshop.ts'
import type { BodyGuard } from './body-guard.ts'
import { createBodyProgress } from './body-progress.ts'
import { type BodyWork, done, type ListEnd, type Ran } from './body-work.ts'
import { type Inner, runToEnd } from './inner-list.ts'

export async function runChild(work: BodyWork, plan: PipelinePlan, begun: Begun, guard: BodyGuard): Promise<Ran> {
  const { at } = work
  const { child } = plan
  const called = childInputs(work.shop, at, plan)
  const { view, end } = await runToEnd(work, {
    stages: child.stages,
    prefix: `${at.path}.`,
    names: noNames,
    since: begun.at,
    stop: guard.stop,
    report: createBodyProgress(work),
    child: called,
  })
  const ended = end.is === 'done' ? outputsOf(work, plan, view) : { end }
  const handled = ended.end.is === 'failed' ? await afterFailure(work, child, view, ended.end) : ended
  const failure = await runFinally(work, view, child.finally ?? [], provisionalOf(handled.end))
  return failure && handled.end.is === 'done' ? { end: { is: 'failed', failure } } : handled
}

/** Its `on_error`. What it did is a part of the run, so what is taken back is the run. */
async function afterFailure(
  work: BodyWork,
  { onError = { do: 'fail' } }: PipelinePlan['child'],
  view: View,
  end: Extract<ListEnd, { is: 'failed' }>,
): Promise<Ran> {
  const { do: said } = onError
  const action = said === 'handle' ? await handleEnd(work, view, onError.handlers, provisionalOf(end)) : said
  return { end: action === 'rollback' ? { ...end, rollback: true } : end }
}

/** How the pipeline inside will end, as its `finally` reads it. */
function provisionalOf(end: ListEnd): Provisional {
  switch (end.is) {
    case 'done':
      return { status: 'succeeded', error: null }
    case 'failed':
      return { status: 'failed', error: end.failure }
    case 'skipped':
      return { status: 'stopped', error: null }
    case 'cut':
      return { status: 'cancelled', error: end.error }
  }
}

/** The same every time it is worked out: what is above it does not change any more. Throws StageError. */
export function childInputs(shop: Workshop, at: StageAtWork, plan: PipelinePlan): NonNullable<Inner['child']> {
  const given = evaluate(shop, at, plan.with)
  if (!isJsonObject(given)) throw refused('"with" is no map.')
  try {
    const { validators } = shop.deps
    const surroundings = { validators, env: at.view.run.env, secret: shop.secret }
    const { inputs, env } = prepareInputs(plan.child, given, surroundings)
    return { plan: plan.child, inputs, run: Object.freeze({ ...at.view.run, env }) }
  } catch (error) {
    if (error instanceof InputError) throw refused(error.message)
    throw error
  }
}

const refused = (message: string): StageError =>
  new StageError(message, { category: 'validation', code: 'bad_inputs', retryable: false })

function outputsOf({ shop, at }: BodyWork, { child }: PipelinePlan, view: View): Ran {
  const scope = scopeOf(shop, view)
  const { evaluator } = shop.deps
  try {
    const outputs = Object.entries(child.outputs).map(([name, template]) => {
      return [name, evaluator.template(template, scope(sourcesOf(template)))] as const
    })
    return { end: done, value: Object.fromEntries(outputs) }
  } catch (thrown) {
    return { end: { is: 'failed', failure: shop.failures.failure(asStageError(thrown), at.path, 1) } }
  }
}

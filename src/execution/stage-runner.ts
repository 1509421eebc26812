/**
 * The stage runner: what the lowering gets from the engine. One per plan and stretch.
 *
 *   const runner = createStageRunner(plan, deps)
 *   const graph = lowerToStages(plan, runner, { checkpointer })
 */
import { setMaxListeners } from 'node:events'
import { InputError } from '../foundation/errors.ts'
import type { Json, JsonObject } from '../foundation/json.ts'
import type { RunState } from '../foundation/outcome.ts'
import { noPast } from '../foundation/past.ts'
import { allStages, type Plan, type StagePlan } from '../foundation/plan.ts'
import type { RunView, StageRunner } from '../foundation/stage-runner.ts'
import { prepareInputs } from './inputs.ts'
import { checkSchema } from './output.ts'
import { runStage } from './run-stage.ts'
import type { RunnerDeps } from './runner-deps.ts'
import { settleRun } from './settle.ts'
import { evaluateGiven, inputHashOf } from './stage-work.ts'
import { createWorkshop, scopeOf, type Workshop } from './workshop.ts'

/** Reads secrets at once, to know what to hide; whether they are there is found out by `start`. */
export function createStageRunner(plan: Plan, deps: RunnerDeps): StageRunner {
  const shop = createWorkshop(plan, deps)
  setMaxListeners(0, deps.control.signal) // a listener per running stage, taken away when it ends
  const { recorded } = deps
  return {
    ...(recorded && { recorded }),
    start: (inputs, threadId) => startRun(shop, inputs, threadId),
    runStage: (stage, view, line = {}) => runStage(shop, stage, view, recorded ? { ...line, recorded } : line),
    inputHash: (stage, view) => inputHash(shop, stage, view),
    settle: (view, line = {}) => settleRun({ shop, line: recorded ? { ...line, recorded } : line, runStage }, view),
    fold: (variable, contributions, base) => shop.root.variables.fold(variable, contributions, base),
    checkVariable: (variable, value) => checkEdit(shop, `vars.${variable}`, plan.vars[variable]?.schema, value),
    checkAnswer: ({ id, response_schema }, answer) => checkEdit(shop, `wait ${id}`, response_schema, answer),
    checkOutput: (stage: StagePlan, output) => checkEdit(shop, `stages.${stage.id}`, stage.output, output),
  }
}

function inputHash(shop: Workshop, stage: StagePlan, view: RunView): string | undefined {
  const at = { stage, path: stage.id, view, scope: scopeOf(shop, view, stage), past: noPast.of('') }
  try {
    return inputHashOf(shop, at, evaluateGiven(shop, at))
  } catch {
    return undefined
  }
}

function startRun(shop: Workshop, given: JsonObject, threadId: string): { inputs: JsonObject; run: RunState } {
  const { plan, deps, secret } = shop
  const { inputs, env } = prepareInputs(plan, given, { validators: deps.validators, env: deps.env, secret })
  shop.root.variables.load()
  for (const { body } of allStages([...plan.stages, ...(plan.finally ?? [])]))
    if (body?.kind === 'pipeline') shop.childRoot(body.child).variables.load()
  const run: RunState = {
    id: threadId,
    thread_id: threadId,
    pipeline: plan.name,
    version: plan.version ?? null,
    plan: plan.hash,
    started_at: new Date(deps.clock.now()).toISOString(),
    env,
  }
  return { inputs, run }
}

function checkEdit({ deps }: Workshop, name: string, schema: StagePlan['output'], value: Json): void {
  try {
    checkSchema('The value', schema, value, deps.validators)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new InputError(`"${name}" cannot be set to this. ${message}`, [{ name, message }])
  }
}

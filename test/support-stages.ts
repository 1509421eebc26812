/**
 * Small stage kinds, plans made by hand, and a runner with a manual clock: for tests of the lowering and of the wrapper
 * around stages.
 *
 *   const { graph, events } = lower(planOf([stage('a', { config: literal(1) })]))
 */
import { z } from 'zod'
import { lowerToFlow } from '../src/compiler/lower/flow.ts'
import type { LowerOptions } from '../src/compiler/lower/nodes.ts'
import { lowerToStages } from '../src/compiler/lower/stages.ts'
import { createControl, type StretchControl } from '../src/execution/control.ts'
import { createFlow } from '../src/execution/flow.ts'
import { createLists } from '../src/execution/lists.ts'
import type { RunnerDeps } from '../src/execution/runner-deps.ts'
import { createSemaphore } from '../src/execution/semaphore.ts'
import { createStageRunner } from '../src/execution/stage-runner.ts'
import { createManualClock, type ManualClock } from '../src/foundation/clock.ts'
import { type FailureCategory, StageError } from '../src/foundation/errors.ts'
import type { RunEventBody } from '../src/foundation/events.ts'
import { createEvaluator } from '../src/foundation/expression/evaluate.ts'
import { compileTemplate } from '../src/foundation/expression/template.ts'
import { digest, type Json, type JsonObject } from '../src/foundation/json.ts'
import { silentLogger } from '../src/foundation/logger.ts'
import {
  defaultOutputBytes,
  type JsonSchema,
  type NeedPlan,
  type Plan,
  planFormat,
  type StagePlan,
} from '../src/foundation/plan.ts'

import { createValidators } from '../src/foundation/schema.ts'
import { defineStage, type StageContext, type StageKind, type StageKinds } from '../src/foundation/stage-kind.ts'
import type { StageLine } from '../src/foundation/stage-runner.ts'

/** What a `do` stage does, by its configuration's text. */
export type Deeds = Readonly<Record<string, (context: StageContext) => unknown>>

const docs = { summary: '', output: '', example: '' }

/** Returns its configuration. Pure. */
export const valueKind = defineStage({ name: 'value', docs, schema: z.unknown(), pure: true, run: (value) => value })

/** Returns its configuration, as a stage with an effect. */
export const echoKind = defineStage({ name: 'echo', docs, schema: z.unknown(), run: (value) => value })

/** Fails with the category and message it is given. */
export const failKind = defineStage({
  name: 'fail',
  docs,
  schema: z.object({ category: z.string(), message: z.string().default('It failed.') }),
  run({ category, message }) {
    throw new StageError(message, { category: category as FailureCategory })
  },
})

/** Asks its questions one after the other, and returns the answers: one, or a list of several. */
export const askKind = defineStage({
  name: 'ask',
  docs,
  schema: z.object({ questions: z.array(z.string()).min(1), answer: z.record(z.string(), z.unknown()).optional() }),
  async run({ questions, answer }, context) {
    const answers = []
    for (const value of questions) {
      answers.push(await context.wait({ value, ...(answer && { response_schema: answer as JsonSchema }) }))
    }
    return answers.length === 1 ? answers[0] : answers
  },
})

/** Does one of the deeds of the test. */
export const doKind = (deeds: Deeds): StageKind<string> =>
  defineStage({
    name: 'do',
    docs,
    schema: z.string(),
    run(name, context) {
      const deed = deeds[name]
      if (!deed) throw new Error(`The test has no deed "${name}".`)
      return deed(context)
    },
  })

export const kindsOf = (deeds: Deeds = {}): StageKinds =>
  new Map([valueKind, echoKind, failKind, askKind, doKind(deeds)].map((kind) => [kind.name, kind as StageKind]))

/** Values as written in YAML, `${{ }}` in them compiled. */
export interface StageSketch extends Partial<Omit<StagePlan, 'needs' | 'config' | 'set' | 'env' | 'onError'>> {
  readonly needs?: 'all_above' | readonly (string | NeedPlan)[]
  readonly value?: Json
  readonly set?: Readonly<Record<string, Json>>
  readonly env?: Readonly<Record<string, Json>>
  /** `continue`, or `{ continue: value }`. */
  readonly onError?: 'continue' | { readonly continue: Json }
}

/** A stage that returns `value` (null), unless it says another kind. */
export function stage(id: string, sketch: StageSketch = {}): StagePlan {
  const { needs = 'all_above', value = null, set = {}, env, onError, ...rest } = sketch
  return {
    id,
    kind: 'value',
    join: 'none_failed',
    limits: { outputBytes: defaultOutputBytes },
    ...rest,
    needs: needs === 'all_above' ? needs : needs.map((need) => (typeof need === 'string' ? { stage: need } : need)),
    onError: handler(onError),
    set: templates(set),
    ...(env && { env: templates(env) }),
    config: compileTemplate(value),
  }
}

export const templates = (values: Readonly<Record<string, Json>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, compileTemplate(value)]))

function handler(onError: StageSketch['onError']): StagePlan['onError'] {
  if (onError === undefined) return { do: 'fail' }
  if (onError === 'continue') return { do: 'continue' }
  return { do: 'continue', value: compileTemplate(onError.continue) }
}

export interface PlanSketch extends Partial<Omit<Plan, 'outputs' | 'stages'>> {
  readonly outputs?: Readonly<Record<string, Json>>
}

export function planOf(stages: readonly StagePlan[], sketch: PlanSketch = {}): Plan {
  const { outputs = {}, ...rest } = sketch
  const plan = {
    format: planFormat,
    origin: { file: null, directory: import.meta.dirname },
    name: 'test',
    inputs: {},
    vars: {},
    models: {},
    env: [],
    secrets: [],
    limits: { concurrency: 8 },
    files: {},
    recursionLimit: stages.length + 5,
    ...rest,
    stages,
    outputs: templates(outputs),
  } as const
  return { ...plan, hash: digest(plan as unknown as Json) }
}

export interface TestRunner {
  readonly runner: ReturnType<typeof createStageRunner>
  readonly events: RunEventBody[]
  readonly clock: ManualClock
  readonly control: StretchControl
}

export function runnerOf(plan: Plan, deeds: Deeds = {}, ports: Partial<RunnerDeps> = {}): TestRunner {
  const events: RunEventBody[] = []
  const clock = createManualClock()
  const control = createControl()
  const made = createStageRunner(plan, {
    kinds: kindsOf(deeds),
    lists: createLists(),
    evaluator: createEvaluator(),
    validators: createValidators(),
    clock,
    random: () => 0,
    services: { functions: new Map(), models: new Map(), fetch: globalThis.fetch },
    env: {},
    control,
    semaphore: createSemaphore(plan.limits.concurrency),
    logger: silentLogger,
    ...ports,
  })
  const runner: typeof made = {
    ...made,
    runStage: (stage, view, line = {}) => made.runStage(stage, view, { ...line, tell: heard(line.tell) }),
    settle: (view, line = {}) => made.settle(view, { ...line, tell: heard(line.tell) }),
  }
  const heard = (tell: StageLine['tell']) => (event: RunEventBody) => {
    events.push(event)
    tell?.(event)
  }
  return { runner, events, clock, control }
}

export interface TestGraph extends TestRunner {
  readonly graph: ReturnType<typeof lowerToStages>
}

export function lower(
  plan: Plan,
  deeds: Deeds = {},
  options: LowerOptions = {},
  ports: Partial<RunnerDeps> = {},
): TestGraph {
  const made = runnerOf(plan, deeds, ports)
  return { ...made, graph: lowerToStages(plan, made.runner, options) }
}

/** The same as a graph of one node. */
export function lowerFlow(
  plan: Plan,
  deeds: Deeds = {},
  options: LowerOptions = {},
  ports: Partial<RunnerDeps> = {},
): TestGraph {
  const made = runnerOf(plan, deeds, ports)
  return { ...made, graph: lowerToFlow(plan, made.runner, createFlow, options) }
}

export const thread = (thread_id: string) => ({ configurable: { thread_id } })

/** Status, or reason when it was skipped, per stage. */
export function statuses(stages: Readonly<Record<string, { status: string; reason: string | null }>>): JsonObject {
  return Object.fromEntries(
    Object.entries(stages)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([id, { status, reason }]) => [id, reason === null ? status : `skipped: ${reason}`]),
  )
}

/** A stage as the plan has it: everything filled in. */
import { parseDuration } from '../../foundation/duration.ts'
import { canonicalExpression } from '../../foundation/expression/canonical.ts'
import { compileTemplate, listOf, mapOf } from '../../foundation/expression/template.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import {
  defaultOutputBytes,
  type NeedPlan,
  type OnErrorPlan,
  type RetryPlan,
  type RollbackPlan,
  type StagePlan,
} from '../../foundation/plan.ts'
import { literal, type Template } from '../../foundation/template.ts'
import type { StageDeclaration } from '../declarations.ts'
import { slotPlaces } from '../spec/slots.ts'
import { type HandlerSpec, needsList, type PipelineSpec, type StageSpec } from '../spec.ts'
import type { ListedStage } from '../stage-tree.ts'
import { planBody } from './body.ts'
import { planAction, planHandlers } from './handlers.ts'
import type { PlannedPipeline } from './pipeline.ts'
import { durationTemplate, templates } from './templates.ts'

/** What a stage that is tried again gets where it says nothing (language.md §3). */
const standardRetry: RetryPlan = {
  attempts: 3,
  delayMs: 1_000,
  backoff: 'exponential',
  maxDelayMs: 30_000,
  jitter: true,
  on: ['network', 'timeout', 'rate_limit', 'http_5xx'],
}

/** A stage, with the stages inside it. */
export function planStage(listed: ListedStage, pipeline: PlannedPipeline): StagePlan {
  const stage = pipeline.declarations.of(listed)
  if (!stage) throw new Error(`the stage "${listed.id}" was checked to have a kind`)
  const { spec } = listed
  const { defaults } = pipeline
  const body = planBody(stage, pipeline, planStage)
  const retry = body ? undefined : planRetry(stage, spec, defaults)
  const timeout = planTimeout(spec.timeout ?? (body || stage.kind.waits ? undefined : defaults?.timeout))
  return {
    id: stage.id,
    kind: stage.kind.name,
    ...(spec.title !== undefined && { title: spec.title }),
    needs: needsList(spec)?.map(planNeed) ?? 'all_above',
    join: listed.join,
    ...(spec.if !== undefined && { if: canonicalExpression(spec.if) }),
    ...(timeout && { timeout }),
    ...(retry && { retry }),
    onError: planOnError(listed, pipeline),
    ...(listed.undo && { rollback: planRollback(listed.undo, pipeline) }),
    ...(stage.output !== undefined && { output: stage.output }),
    set: templates(spec.set),
    ...(spec.env && { env: templates(spec.env) }),
    ...(spec.once && { once: true }),
    ...(spec.checkpoint && { checkpoint: true }),
    ...(spec.idempotency_key !== undefined && { idempotencyKey: compileTemplate(spec.idempotency_key) }),
    ...(spec.cache && { cache: { key: compileTemplate(spec.cache.key), ttlMs: parseDuration(spec.cache.ttl) ?? 0 } }),
    limits: { outputBytes: spec.limits?.output_bytes ?? defaultOutputBytes },
    config: body ? literal(null) : planConfig(stage),
    ...(body && { body }),
  }
}

const planNeed = (need: string | NeedPlan): NeedPlan => {
  if (typeof need === 'string') return { stage: need }
  return { stage: need.stage, ...(need.status && { status: need.status }) }
}

function planOnError({ spec: { on_error = 'fail' }, handlers }: ListedStage, pipeline: PlannedPipeline): OnErrorPlan {
  return Array.isArray(on_error)
    ? { do: 'handle', handlers: planHandlers(on_error, handlers, (stage) => planStage(stage, pipeline)) }
    : planAction(on_error as HandlerSpec['do'])
}

/** It runs whatever else happened, and is tried again whatever its kind. */
function planRollback(undo: ListedStage, pipeline: PlannedPipeline): RollbackPlan {
  const retry = retryOf({ ...pipeline.defaults?.retry, ...undo.spec.retry })
  const stage: StagePlan = { ...planStage(undo, pipeline), needs: [], join: 'all_done', retry }
  return { stage, alsoOnFailure: undo.spec.also_on_failure === true }
}

function planTimeout(written: StageSpec['timeout']): StagePlan['timeout'] {
  if (written === undefined) return undefined
  if (typeof written === 'string') return { total: durationTemplate(written) }
  const { total, idle } = written
  return {
    ...(total !== undefined && { total: durationTemplate(total) }),
    ...(idle !== undefined && { idle: durationTemplate(idle) }),
  }
}

function planRetry(
  stage: StageDeclaration,
  spec: StageSpec,
  defaults: PipelineSpec['defaults'],
): RetryPlan | undefined {
  const inherited = inheritsRetry(stage) ? defaults?.retry : undefined
  const own = spec.retry
  return own || inherited ? retryOf({ ...inherited, ...own }) : undefined
}

/** What is not said is as for every stage that is tried again. */
function retryOf({ attempts, delay, backoff, max_delay, jitter, on }: NonNullable<StageSpec['retry']>): RetryPlan {
  return {
    attempts: attempts ?? standardRetry.attempts,
    delayMs: delay === undefined ? standardRetry.delayMs : (parseDuration(delay) ?? 0),
    backoff: backoff ?? standardRetry.backoff,
    maxDelayMs: max_delay === undefined ? standardRetry.maxDelayMs : (parseDuration(max_delay) ?? 0),
    jitter: jitter ?? standardRetry.jitter,
    on: (on as RetryPlan['on'] | undefined) ?? standardRetry.on,
  }
}

function inheritsRetry({ kind: { inheritsRetry: inherits = true }, config }: StageDeclaration): boolean {
  return typeof inherits === 'function' ? inherits(isJsonObject(config) ? config : {}) : inherits
}

/** The configuration as a template: bare expressions compiled, prompts put in as text, everything else by its `${{ }}`. */
function planConfig({ kind, config, prompts, schemas }: StageDeclaration): Template {
  const special = new Map<string, Template>()
  for (const { slot, path, value } of slotPlaces(kind, config)) {
    const key = path.join('\0')
    if (slot.is === 'expression' && typeof value === 'string') {
      special.set(key, { kind: 'expression', source: canonicalExpression(value) })
    }
    if (slot.is === 'later' && typeof value === 'string') special.set(key, literal(canonicalExpression(value)))
  }
  for (const { configPath, schema } of schemas) special.set(configPath.join('\0'), literal(schema as Json))
  for (const { configPath, text } of prompts) special.set(configPath.join('\0'), compileTemplate(text))
  return special.size === 0 ? compileTemplate(config) : withSpecial(config, [], special)
}

/** Like `compileTemplate`, with templates of their own at some places. */
function withSpecial(
  value: Json,
  path: readonly (string | number)[],
  special: ReadonlyMap<string, Template>,
): Template {
  const own = special.get(path.join('\0'))
  if (own) return own
  if (Array.isArray(value)) {
    return listOf(value.map((item, index) => withSpecial(item, [...path, index], special)))
  }
  if (!isJsonObject(value)) return compileTemplate(value)
  return mapOf(Object.entries(value).map(([key, inner]) => [key, withSpecial(inner, [...path, key], special)] as const))
}

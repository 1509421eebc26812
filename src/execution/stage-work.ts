/**
 * What one attempt does: evaluates the stage's configuration, checks it against its kind, and lets the kind run.
 */
import { parseDuration } from '../foundation/duration.ts'
import { MissingPackageError, StageError } from '../foundation/errors.ts'
import { digest, formatPath, isJsonObject, type Json } from '../foundation/json.ts'
import type { StagePlan } from '../foundation/plan.ts'
import type { StageContext, StageKind } from '../foundation/stage-kind.ts'
import type { RunView } from '../foundation/stage-runner.ts'
import { sourcesOf, type Template } from '../foundation/template.ts'
import type { AttemptLine, TimeLimits } from './attempt.ts'
import type { ScopeFor } from './scope.ts'
import type { StageVoice } from './stage-voice.ts'
import type { Workshop } from './workshop.ts'

/** A stage about to run: its plan, what it sees, and the kind that does it. */
export interface StageAtWork {
  readonly stage: StagePlan
  readonly view: RunView
  readonly scope: ScopeFor
}

/** Evaluates a template in the stage's scope. Throws ExpressionError. */
export function evaluate(shop: Workshop, { scope }: Pick<StageAtWork, 'scope'>, template: Template): Json {
  return shop.deps.evaluator.template(template, scope(sourcesOf(template)))
}

/** Throws StageError, ExpressionError, or whatever the kind throws. */
export async function doWork(
  shop: Workshop,
  at: StageAtWork,
  voice: StageVoice,
  attempt: number,
  line: AttemptLine,
): Promise<unknown> {
  const kind = kindOf(shop, at.stage)
  const config = configOf(kind, evaluateWithSecrets(shop, at, at.stage.config))
  const context = contextOf(shop, at, voice, attempt, line)
  try {
    return await kind.run(config, context)
  } catch (error) {
    throw error instanceof MissingPackageError ? missing(error) : error
  }
}

function kindOf({ deps }: Workshop, { kind }: StagePlan): StageKind<unknown> {
  const found = deps.kinds.get(kind)
  if (found) return found
  throw new StageError(`No stage kind "${kind}" is registered here.`, {
    category: 'validation',
    code: 'unknown_kind',
    retryable: false,
  })
}

const missing = (cause: MissingPackageError): StageError =>
  new StageError(`${cause.message} ${cause.hint ?? ''}`.trim(), {
    category: 'internal',
    code: cause.code,
    cause,
    retryable: false,
  })

/** Only a stage's own configuration and `env:` may hold secrets; the check phase saw to where in them. */
function evaluateWithSecrets({ deps, secrets }: Workshop, { scope }: StageAtWork, template: Template): Json {
  return deps.evaluator.template(template, scope(sourcesOf(template), { secrets: secrets() }))
}

function configOf(kind: StageKind<unknown>, value: Json): unknown {
  const parsed = kind.schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => ({
    path: formatPath(path.map((key) => (typeof key === 'symbol' ? String(key) : key))),
    message,
  }))
  const named = problems.slice(0, 3).map(({ path, message }) => `${path}: ${message}`)
  throw new StageError(`"${kind.name}" cannot run with this: ${named.join('; ')}`, {
    category: 'validation',
    code: 'bad_configuration',
    details: { problems },
    retryable: false,
  })
}

function contextOf(
  shop: Workshop,
  at: StageAtWork,
  voice: StageVoice,
  attempt: number,
  { signal, alive }: AttemptLine,
): StageContext {
  const { plan, deps } = shop
  const { stage, view } = at
  const heard =
    <Args extends readonly unknown[]>(say: (...args: Args) => void) =>
    (...args: Args) => {
      alive()
      say(...args)
    }
  return {
    signal,
    attempt,
    idempotencyKey: idempotencyKeyOf(shop, at),
    run: {
      id: view.run.id,
      threadId: view.run.thread_id,
      pipeline: plan.name,
      ...(deps.engine !== undefined && { engine: deps.engine }),
    },
    stage: stage.id,
    directory: plan.origin.directory,
    env: environmentOf(shop, at),
    models: plan.models,
    outputSchema: stage.output,
    outputBytes: stage.limits.outputBytes,
    progress: heard(voice.progress),
    log: heard(voice.log),
    output: heard(voice.output),
    token: heard(voice.token),
    services: deps.services,
  }
}

/** Constant over the attempts of a stage in a run. */
function idempotencyKeyOf(shop: Workshop, at: StageAtWork): string {
  const { stage, view } = at
  if (!stage.idempotencyKey) return digest([view.run.id, stage.id])
  return textOf(evaluate(shop, at, stage.idempotencyKey), 'idempotency_key')
}

function environmentOf(shop: Workshop, at: StageAtWork): Record<string, string> {
  const entries = Object.entries(at.stage.env ?? {}).flatMap(([name, template]) => {
    const value = evaluateWithSecrets(shop, at, template)
    return value === null ? [] : [[name, textOf(value, `env.${name}`)] as const]
  })
  return Object.fromEntries(entries)
}

function textOf(value: Json, where: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (where.startsWith('env.') && (Array.isArray(value) || isJsonObject(value))) return JSON.stringify(value)
  throw new StageError(`"${where}" must be a text.`, { category: 'validation', code: 'not_text', retryable: false })
}

/** Milliseconds. Throws StageError when an expression gave no duration. */
export function timeLimitsOf(shop: Workshop, at: StageAtWork): TimeLimits {
  const { total, idle } = at.stage.timeout ?? {}
  return {
    ...(total && { totalMs: durationOf(evaluate(shop, at, total), 'timeout') }),
    ...(idle && { idleMs: durationOf(evaluate(shop, at, idle), 'timeout.idle') }),
  }
}

function durationOf(value: Json, where: string): number {
  if (typeof value === 'number') return value // literal durations are milliseconds in the plan
  const ms = typeof value === 'string' ? parseDuration(value) : undefined
  if (ms !== undefined) return ms
  throw new StageError(`"${where}" is no duration such as 30s or 5m: ${JSON.stringify(value)}`, {
    category: 'validation',
    code: 'bad_duration',
    retryable: false,
  })
}

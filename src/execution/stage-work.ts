/**
 * What one attempt does: evaluates the stage's configuration, checks it against its kind, and lets the kind run.
 */
import { parseDuration } from '../foundation/duration.ts'
import { StageError } from '../foundation/errors.ts'
import { digest, formatPath, isJsonObject, type Json, type JsonObject } from '../foundation/json.ts'
import type { StagePast } from '../foundation/past.ts'
import type { StagePlan } from '../foundation/plan.ts'
import type { StageContext, StageKind } from '../foundation/stage-kind.ts'
import { sourcesOf, type Template } from '../foundation/template.ts'
import type { AttemptLine, TimeLimits } from './attempt.ts'
import type { ScopeFor } from './scope.ts'
import { createVoice, type StageVoice } from './stage-voice.ts'
import type { View } from './view.ts'
import { createAsk } from './waits.ts'
import { rootOf, type Say, type Workshop } from './workshop.ts'

/** A stage about to run: its plan, what it sees, and the kind that does it. */
export interface StageAtWork {
  readonly stage: StagePlan
  /** Where it is recorded. */
  readonly path: string
  readonly view: View
  readonly scope: ScopeFor
  /** What its journal says of it. */
  readonly past: StagePast
}

/** Evaluates a template in the stage's scope. Throws ExpressionError. */
export function evaluate(shop: Workshop, { scope }: Pick<StageAtWork, 'scope'>, template: Template): Json {
  if (template.kind === 'literal') return template.value
  return shop.deps.evaluator.template(template, scope(sourcesOf(template)))
}

/** What an attempt is given, evaluated once: for its hash, and for the attempt itself. */
export interface Given {
  readonly config: Json
  readonly env: Readonly<Record<string, string>>
}

/** Throws StageError, ExpressionError. */
export function evaluateGiven(shop: Workshop, at: StageAtWork): Given {
  return { config: evaluateWithSecrets(shop, at, at.stage.config), env: environmentOf(shop, at) }
}

/** Hex, 16 bytes: the same for as long as the stage would be given the same. Throws ExpressionError. */
export function inputHashOf(shop: Workshop, at: StageAtWork, given: Given): string {
  return rootOf(shop, at.view).hashInput(at.stage, { ...given, evaluate: (template) => evaluate(shop, at, template) })
}

/**
 * Returns what the kind returns, or a promise of it. Throws, or rejects with, StageError, ExpressionError, or whatever the
 * kind throws.
 */
export function doWork(
  shop: Workshop,
  at: StageAtWork,
  voice: StageVoice,
  attempt: number,
  line: AttemptLine,
  given: Given = evaluateGiven(shop, at),
): unknown {
  const kind = kindOf(shop, at.stage)
  const config = configOf(kind, given.config)
  const context = contextOf(shop, at, voice, attempt, line, {
    env: given.env,
    idempotencyKey: idempotencyKeyOf(shop, at),
  })
  return kind.run(config, context)
}

/** The same, with a voice that ends with the attempt. */
export function workAloud(
  shop: Workshop,
  at: StageAtWork,
  say: Say,
  attempt: number,
  line: AttemptLine,
  given?: Given,
): unknown {
  const voice = createVoice(at.path, shop.redactor, say)
  line.until(() => voice.end())
  return doWork(shop, at, voice, attempt, line, given)
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

/** Only a stage's own configuration and `env:` may hold secrets; the check phase saw to where in them. */
function evaluateWithSecrets(shop: Workshop, { scope }: StageAtWork, template: Template): Json {
  if (template.kind === 'literal') return template.value
  return shop.deps.evaluator.template(template, scope(sourcesOf(template), { secrets: shop.secrets() }))
}

function configOf(kind: StageKind<unknown>, value: Json): unknown {
  const parsed = kind.schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => ({
    path: formatPath(path.map((key) => (typeof key === 'symbol' ? String(key) : key))),
    message: message === 'bad_duration' ? 'is no duration such as 30s or 5m' : message,
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
  { stage, path, view, past, scope }: StageAtWork,
  voice: StageVoice,
  attempt: number,
  line: AttemptLine,
  { env, idempotencyKey }: Pick<StageContext, 'env' | 'idempotencyKey'>,
): StageContext {
  const { plan, deps, redactor } = shop
  const { directory, models } = rootOf(shop, view)
  let asking: ReturnType<typeof createAsk> | undefined
  const ask = () => {
    const asked = { thread: view.run.thread_id, stage: path, kind: stage.kind, past }
    const namesOf = (source: string) => namesRead(source, scope([source]).names)
    asking ??= createAsk(asked, { clock: deps.clock, redactor, line, namesOf })
    return asking
  }
  return {
    signal: line.signal,
    attempt,
    idempotencyKey,
    run: {
      id: view.run.id,
      threadId: view.run.thread_id,
      pipeline: plan.name,
      ...(deps.engine !== undefined && { engine: deps.engine }),
      ...(view.run.by !== undefined && { initiator: view.run.by }),
    },
    stage: path,
    directory,
    env,
    models,
    outputSchema: stage.output,
    outputBytes: stage.limits.outputBytes,
    progress(fraction, message) {
      line.alive()
      voice.progress(fraction, message)
    },
    log(message, fields) {
      line.alive()
      voice.log(message, fields)
    },
    output(stream, text) {
      line.alive()
      voice.output(stream, text)
    },
    token(text) {
      line.alive()
      voice.token(text)
    },
    wait: (request) => ask().wait(request),
    waited: () => ask().waited(),
    services: deps.services,
  }
}

/** Only what the expression may read: the rest need not be kept. */
const namesRead = (source: string, names: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(names).filter(([name]) => new RegExp(`\\b${name}\\b`).test(source)))

/** Constant over the attempts of a stage in a run; another when it is begun anew. */
function idempotencyKeyOf(shop: Workshop, at: StageAtWork): string {
  const { stage, path, view, past } = at
  const { generation } = past
  if (!stage.idempotencyKey) return digest([view.run.id, path, ...(generation > 1 ? [generation] : [])])
  const key = textOf(evaluate(shop, at, stage.idempotencyKey), 'idempotency_key')
  return view.inside ? `${key}:${path}` : key // the same for every item and iteration otherwise
}

const noEnvironment: Readonly<Record<string, string>> = Object.freeze({})

function environmentOf(shop: Workshop, at: StageAtWork): Readonly<Record<string, string>> {
  const { env } = at.stage
  if (!env) return noEnvironment
  const entries = Object.entries(env).flatMap(([name, template]) => {
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

const noLimits: TimeLimits = {}

/** Milliseconds. Throws StageError when an expression gave no duration. */
export function timeLimitsOf(shop: Workshop, at: StageAtWork): TimeLimits {
  if (!at.stage.timeout) return noLimits
  const { total, idle } = at.stage.timeout
  return {
    ...(total && { totalMs: durationOf(evaluate(shop, at, total), 'timeout') }),
    ...(idle && { idleMs: durationOf(evaluate(shop, at, idle), 'timeout.idle') }),
  }
}

/** Milliseconds, of a duration's text or of a number of them. Throws StageError. */
export function durationOf(value: Json, where: string): number {
  if (typeof value === 'number') return value // literal durations are milliseconds in the plan
  const ms = typeof value === 'string' ? parseDuration(value) : undefined
  if (ms !== undefined) return ms
  throw new StageError(`"${where}" is no duration such as 30s or 5m: ${JSON.stringify(value)}`, {
    category: 'validation',
    code: 'bad_duration',
    retryable: false,
  })
}

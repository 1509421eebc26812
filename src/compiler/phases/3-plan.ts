/**
 * Plan: a checked pipeline → frozen plain JSON with a content hash. The third phase of the compiler.
 *
 * Everything is filled in here: defaults, durations in milliseconds, schemas, prompts as text, expressions in canonical
 * form, so that the hash ignores formatting and changes with meaning.
 */
import { parseDuration } from '../../foundation/duration.ts'
import { canonicalExpression } from '../../foundation/expression/canonical.ts'
import { compileTemplate, listOf, mapOf } from '../../foundation/expression/template.ts'
import { deepFreeze, digest, isJsonObject, type Json, type JsonObject } from '../../foundation/json.ts'
import {
  defaultOutputBytes,
  type InputPlan,
  type MergeName,
  mergeNames,
  type NeedPlan,
  type OnErrorPlan,
  type Plan,
  planFormat,
  type RetryPlan,
  type StagePlan,
  type TriggerPlan,
  type VariablePlan,
} from '../../foundation/plan.ts'
import { literal, type Template } from '../../foundation/template.ts'
import { parseReference } from '../../foundation/uses/reference.ts'
import type { Declarations, InputDeclaration, StageDeclaration, VariableDeclaration } from '../declarations.ts'
import type { ParsedPipeline } from '../parsed.ts'
import { slotPlaces } from '../spec/slots.ts'
import { needsList, type PipelineSpec, type StageSpec } from '../spec.ts'

/** How many stages run side by side unless `limits.concurrency` says otherwise. */
const defaultConcurrency = 8

/** What a stage that is tried again gets where it says nothing (language.md §3). */
const standardRetry: RetryPlan = {
  attempts: 3,
  delayMs: 1_000,
  backoff: 'exponential',
  maxDelayMs: 30_000,
  jitter: true,
  on: ['network', 'timeout', 'rate_limit', 'http_5xx'],
}

export interface Origin {
  readonly file: string | null
  readonly directory: string
}

/** The pipeline must have been checked without errors. */
export function makePlan({ spec }: ParsedPipeline, declared: Declarations, origin: Origin): Plan {
  const { timeout, concurrency = defaultConcurrency } = spec.limits ?? {}
  const content = {
    format: planFormat,
    name: spec.name,
    ...(spec.version !== undefined && { version: spec.version }),
    ...(spec.description !== undefined && { description: spec.description }),
    inputs: mapValues(declared.inputs, planInput),
    vars: mapValues(declared.vars, planVariable),
    models: spec.models ?? {},
    env: [...declared.env].map(([name, preset]) => ({ name, ...(preset !== undefined && { default: preset }) })),
    secrets: [...declared.secrets],
    limits: { ...(timeout !== undefined && { timeoutMs: parseDuration(timeout) ?? 0 }), concurrency },
    stages: declared.stages.map((stage) => planStage(stage, spec)),
    ...(spec.triggers && { triggers: spec.triggers.map(planTrigger) }),
    ...(spec.events && { events: mapValues(new Map(Object.entries(spec.events)), planEvent) }),
    outputs: templates(spec.outputs),
    files: declared.files,
    recursionLimit: supersteps(declared.stages.length),
  } satisfies Omit<Plan, 'hash' | 'origin'>
  return deepFreeze({ ...content, hash: digest(hashed(content)), origin })
}

/**
 * What the hash is made of: the plan without the order of things whose order means nothing. `digest` sorts the keys of
 * plain maps; entries of templates and names of env and secrets are lists in a plan, so they are sorted here.
 */
function hashed(content: Omit<Plan, 'hash' | 'origin'>): Json {
  const stages = content.stages.map(({ output, ...stage }) => ({
    ...(sortedEntries(stage as unknown as Json) as JsonObject),
    ...(output !== undefined && { output }),
  }))
  const env = content.env.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const outputs = sortedEntries(content.outputs as unknown as Json)
  return { ...content, env, secrets: content.secrets.toSorted(), stages, outputs } as unknown as Json
}

/** Sorts the entries of every map template inside; what stands in a literal is data and left as it is. */
function sortedEntries(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortedEntries)
  if (!isJsonObject(value) || value.kind === 'literal') return value
  const inner = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sortedEntries(each)]))
  if (inner.kind !== 'map' || !Array.isArray(inner.entries)) return inner
  const entries = inner.entries as readonly (readonly [string, Json])[]
  return { ...inner, entries: entries.toSorted(([a], [b]) => (a < b ? -1 : 1)) }
}

/**
 * Supersteps of the `stages` lowering at most: one per stage in a chain, the input's, `settle` and `finish`, and as many
 * again for what an edit from outside repeats.
 */
const supersteps = (stages: number): number => 2 * stages + 10

const planInput = ({ schema, required, default: preset, description }: InputDeclaration): InputPlan => ({
  schema,
  required,
  ...(preset !== undefined && { default: preset }),
  ...(description !== undefined && { description }),
})

function planTrigger(written: NonNullable<PipelineSpec['triggers']>[number]): TriggerPlan {
  const { event, match, pipeline, status = ['succeeded'] } = written
  const given = { with: templates(written.with) }
  if (pipeline !== undefined) return { kind: 'pipeline', pipeline, status, ...given }
  return {
    kind: 'event',
    event: event ?? '',
    ...(match !== undefined && { match: canonicalExpression(match) }),
    ...given,
  }
}

const planEvent = ({ retain }: { readonly retain: string }) => ({ retainMs: parseDuration(retain) ?? 0 })

function planVariable({ schema, merge, default: preset }: VariableDeclaration): VariablePlan {
  return { schema, merge: planMerge(merge), ...(preset !== undefined && { default: preset }) }
}

function planMerge(merge: string): VariablePlan['merge'] {
  if ((mergeNames as readonly string[]).includes(merge)) return merge as MergeName
  const reference = parseReference(merge)
  if (reference?.kind !== 'file') throw new Error(`"${merge}" was checked to name a reducer`)
  return { file: reference.path, export: reference.export }
}

function planStage(stage: StageDeclaration, { stages, defaults }: PipelineSpec): StagePlan {
  const spec = stages[stage.index] as StageSpec
  const retry = planRetry(stage, spec, defaults)
  const timeout = planTimeout(spec.timeout ?? (stage.kind.waits ? undefined : defaults?.timeout))
  return {
    id: stage.id,
    kind: stage.kind.name,
    ...(spec.title !== undefined && { title: spec.title }),
    needs: needsList(spec)?.map(planNeed) ?? 'all_above',
    join: spec.join ?? 'none_failed',
    ...(spec.if !== undefined && { if: canonicalExpression(spec.if) }),
    ...(timeout && { timeout }),
    ...(retry && { retry }),
    onError: planOnError(spec.on_error),
    ...(stage.output !== undefined && { output: stage.output }),
    set: templates(spec.set),
    ...(spec.env && { env: templates(spec.env) }),
    ...(spec.once && { once: true }),
    ...(spec.checkpoint && { checkpoint: true }),
    ...(spec.idempotency_key !== undefined && { idempotencyKey: compileTemplate(spec.idempotency_key) }),
    ...(spec.cache && { cache: { key: compileTemplate(spec.cache.key), ttlMs: parseDuration(spec.cache.ttl) ?? 0 } }),
    limits: { outputBytes: spec.limits?.output_bytes ?? defaultOutputBytes },
    config: planConfig(stage),
  }
}

const planNeed = (need: string | NeedPlan): NeedPlan => {
  if (typeof need === 'string') return { stage: need }
  return { stage: need.stage, ...(need.status && { status: need.status }) }
}

function planOnError(written: StageSpec['on_error']): OnErrorPlan {
  if (written === 'continue') return { do: 'continue' }
  return typeof written === 'object' ? { do: 'continue', value: compileTemplate(written.continue) } : { do: 'fail' }
}

function planTimeout(written: StageSpec['timeout']): StagePlan['timeout'] {
  if (written === undefined) return undefined
  if (typeof written === 'string') return { total: duration(written) }
  const { total, idle } = written
  return { ...(total !== undefined && { total: duration(total) }), ...(idle !== undefined && { idle: duration(idle) }) }
}

/** Milliseconds where the duration is written out, else a template that gives its text. */
function duration(text: string): Template {
  const ms = parseDuration(text)
  return ms === undefined ? compileTemplate(text) : literal(ms)
}

function planRetry(
  stage: StageDeclaration,
  spec: StageSpec,
  defaults: PipelineSpec['defaults'],
): RetryPlan | undefined {
  const inherited = inheritsRetry(stage) ? defaults?.retry : undefined
  const own = spec.retry
  if (!own && !inherited) return undefined
  const { attempts, delay, backoff, max_delay, jitter, on } = { ...inherited, ...own }
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

const templates = (values: Readonly<Record<string, Json>> | undefined): Record<string, Template> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, compileTemplate(value)]))

const mapValues = <A, B>(map: ReadonlyMap<string, A>, make: (value: A) => B): Record<string, B> =>
  Object.fromEntries([...map].map(([name, value]) => [name, make(value)]))

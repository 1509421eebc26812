/**
 * The pipeline language as written: one zod schema is the source of the validator, the JSON Schema and the reference.
 *
 *   pipelineSchema(kinds)                     the whole language, for JSON Schema and documentation
 *   z.toJSONSchema(pipelineSchema(kinds), { unrepresentable: 'any' })
 *
 * The parse phase validates with the same parts, stage by stage (`spec/shape.ts`), so that faults get exact places.
 */
import { z } from 'zod'
import type { Json, JsonObject } from '../foundation/json.ts'
import { mergeNames } from '../foundation/plan.ts'
import type { StageKind, StageKinds } from '../foundation/stage-kind.ts'
import { duration, durationTemplate, expression, literalText, retry, schemaValue, value } from './spec/blocks.ts'
import { alsoOnFailure, lastStages, pipelineOnError, rollback, stageOnError } from './spec/failure-keys.ts'
import { idPattern } from './spec/ids.ts'
import { commonBodyKeys, commonStageKeys, stageEnv } from './spec/stage.ts'
import { hasTemplate } from './spec/templates.ts'

/** A rule by name, or something that names a function in a file (checked when the plan is made). `${{ }}` is reported as such. */
const isMerge = (text: string): boolean =>
  hasTemplate(text) || mergeNames.some((name) => name === text) || /^\.|[#/]/.test(text)

/** Nothing else is wrong with it: one fault gives one diagnostic. */
const isSound = ({ issues }: { readonly issues: readonly unknown[] }): boolean => issues.length === 0

const endedStatuses = ['succeeded', 'failed', 'stopped', 'cancelled'] as const

const trigger = () =>
  z
    .strictObject({
      event: literalText().describe('Name of the event that starts a run.').optional(),
      match: expression()
        .describe('Which of these events: a bare expression with `event.{id, event, at, data}` in scope.')
        .optional(),
      pipeline: literalText().describe('Name of the pipeline whose runs start one when they end.').optional(),
      status: z
        .array(z.enum(endedStatuses))
        .min(1)
        .describe('How they have to end; `[succeeded]` by default.')
        .optional(),
      with: z
        .record(z.string(), value())
        .describe('The inputs of the run: values with `trigger` in scope (`data, id, at`, or `run, status, outputs`).')
        .optional(),
    })
    .refine(({ event, pipeline }) => (event === undefined) !== (pipeline === undefined), {
      error: 'A trigger says either "event" or "pipeline".',
      when: isSound,
    })
    .refine(({ event, match }) => match === undefined || event !== undefined, {
      error: '"match" says which event, so it stands beside "event".',
      when: isSound,
    })
    .refine(({ pipeline, status }) => status === undefined || pipeline !== undefined, {
      error: '"status" says how a run ended, so it stands beside "pipeline".',
      when: isSound,
    })

const variable = () =>
  z.looseObject({
    type: schemaValue().describe('Schema of its value.').optional(),
    merge: z
      .string()
      .refine(isMerge, { error: 'bad_merge' })
      .describe('How several values become one: `last first append union sum min max merge` or `./file.ts#reducer`.')
      .optional(),
    default: value().describe('Its value before anything is set; null without it.').optional(),
  })

export const topLevelKeys = {
  name: literalText()
    .regex(idPattern, { error: 'bad_name' })
    .describe('Name of the pipeline: lower-case letters, digits and underscores.'),
  version: literalText().describe('Recorded with every run. Text, so quote numbers.').optional(),
  description: literalText().describe('What it is for.').optional(),
  inputs: z
    .record(z.string(), schemaValue())
    .describe('A schema per input. Required unless it has a default or its name ends in `?`.')
    .optional(),
  types: z
    .record(z.string(), schemaValue())
    .describe('Named schemas, usable wherever a schema is: `Source`, `"Source[]"`.')
    .optional(),
  vars: z.record(z.string(), variable()).describe('Variables, each one annotated channel of the graph.').optional(),
  models: z
    .record(z.string(), literalText())
    .describe('Names for chat models, such as `default: anthropic:claude-sonnet-4-5`.')
    .optional(),
  env: z
    .array(z.union([literalText(), z.record(z.string(), literalText())]))
    .describe('Environment variables the pipeline may read, frozen when the run starts: names, or `{ NAME: default }`.')
    .optional(),
  secrets: z
    .array(literalText())
    .describe('Secrets it may use, resolved at the moment of use and never stored.')
    .optional(),
  defaults: z
    .strictObject({
      timeout: durationTemplate().describe('Timeout of stages that have none.').optional(),
      retry: retry().describe('Retry of stages that have none, where their kind takes it over.').optional(),
    })
    .describe('What stages take over when they say nothing themselves.')
    .optional(),
  limits: z
    .strictObject({
      timeout: duration().describe('The longest time a run may be active.').optional(),
      deadline: duration()
        .describe('The longest time from its start to its end, time in which it waits included.')
        .optional(),
      concurrency: z.int().min(1).describe('How many stages run side by side at most; 8 by default.').optional(),
    })
    .describe('Bounds of the whole run.')
    .optional(),
  events: z
    .record(z.string(), z.strictObject({ retain: duration().describe('How long it is kept for waits to come.') }))
    .describe('Events that its stages publish, by name; kept for a day unless it says otherwise.')
    .optional(),
  on_error: pipelineOnError(),
  finally: lastStages(),
  triggers: z.array(trigger()).describe('What starts a run by itself, where an engine has the pipeline.').optional(),
  outputs: z.record(z.string(), value()).describe('What the run gives: values with expressions.').optional(),
}

const headSchema = z.strictObject(topLevelKeys)
const commonSchema = z.strictObject(commonStageKeys)

/** The keys every stage may have, as written. */
type CommonStageSpec = z.infer<typeof commonSchema>

/**
 * A stage as written: the common keys, plus its kind's key and those beside it, reached by name:
 * `stage[kind.name]`, or `configOf(stage, kind)`.
 */
export type StageSpec = CommonStageSpec & { readonly env?: EnvSpec } & { readonly [key: string]: unknown }

export type EnvSpec = Readonly<Record<string, string | number | boolean>>

/** An entry of `on_error:`, of a stage or of the pipeline. */
export interface HandlerSpec {
  readonly when?: string
  readonly stages?: unknown
  readonly do: 'fail' | 'continue' | 'rollback' | 'pause' | { readonly continue: Json }
}

/** An entry of `needs:`. `needs: build` is the same as `needs: [build]`. */
export type NeedSpec = string | { readonly stage: string; readonly status?: readonly ('succeeded' | 'failed')[] }

export type PipelineSpec = z.infer<typeof headSchema> & { readonly stages: readonly StageSpec[] }

/** The kind whose key the stage has, if it has one. */
export function kindOf(stage: StageSpec, kinds: StageKinds): StageKind | undefined {
  for (const key of Object.keys(stage)) {
    const kind = kinds.get(key)
    if (kind) return kind
  }
  return undefined
}

/** The configuration as written: the kind's value, or with keys beside it `{ [name]: value, …beside }`. */
export function configOf(stage: StageSpec, kind: StageKind): Json {
  if (!kind.beside) return stage[kind.name] as Json
  const config: Record<string, Json> = {}
  for (const key of [kind.name, ...kind.beside]) {
    if (stage[key] !== undefined) config[key] = stage[key] as Json
  }
  return config satisfies JsonObject
}

/** Path of a place in the configuration, from the stage: `['http', 'url']` for `['url']`, `['cwd']` for `['cwd']`. */
export function pathInStage(kind: StageKind, configPath: readonly (string | number)[]): readonly (string | number)[] {
  return kind.beside ? configPath : [kind.name, ...configPath]
}

/** Entries of `needs:` in one form; undefined when it was not written. */
export function needsList(stage: StageSpec): readonly NeedSpec[] | undefined {
  return typeof stage.needs === 'string' ? [stage.needs] : (stage.needs as readonly NeedSpec[] | undefined)
}

/** The schema of a stage of one kind: its keys with the kind's own schema, and nothing else but `x-*`. */
export function stageSchema(kind: StageKind, config: z.ZodType = kind.schema, failure: FailureKeys = {}): z.ZodType {
  const common = kind.body ? commonBodyKeys : commonStageKeys
  return z
    .strictObject({ ...common, ...failure, ...(kind.env && { env: stageEnv() }), ...kindKeys(kind, config) })
    .describe(kind.docs.summary)
}

/** `on_error` and `rollback`, where what stands inside them is known. */
type FailureKeys = { readonly [Key in 'on_error' | 'rollback']?: z.ZodType }

/** What takes a stage back. */
function undoSchema(kind: StageKind): z.ZodType {
  const { timeout, retry: again, idempotency_key, output } = commonStageKeys
  const own = { also_on_failure: alsoOnFailure(), timeout, retry: again, idempotency_key, output }
  return z
    .strictObject({ ...own, ...(kind.env && { env: stageEnv() }), ...kindKeys(kind, kind.schema) })
    .describe(kind.docs.summary)
}

function kindKeys(kind: StageKind, config: z.ZodType): Record<string, z.ZodType> {
  if (!kind.beside) {
    return { [kind.name]: config.description ? config : config.describe(kind.docs.summary) }
  }
  const shape: Record<string, z.ZodType> = config instanceof z.ZodObject ? config.shape : {}
  const keys = [kind.name, ...kind.beside].map((key) => [key, shape[key] ?? value().optional()] as const)
  return Object.fromEntries(keys)
}

/** The whole language with these stage kinds. */
export function pipelineSchema(kinds: StageKinds): z.ZodType {
  const list: z.ZodType = z.lazy(() => z.array(stage).min(1))
  const undos = [...kinds.values()].filter(({ body, waits }) => !body && !waits).map(undoSchema)
  const undo = z.union(undos).meta({ id: 'Rollback' })
  const failure = { on_error: stageOnError(list), rollback: rollback(z.lazy(() => undo)) }
  const stages = [...kinds.values()].map((kind) => stageSchema(kind, kind.body?.schema(list), failure))
  const stage = z.union(stages).meta({ id: 'Stage' })
  const { on_error: _onError, finally: _finally, ...head } = topLevelKeys
  const own = z.array(stage).min(1).describe('The stages, in order.')
  // After `stages`, so that JSON Schema names a stage where it comes to one first.
  return z.strictObject({ ...head, stages: own, on_error: pipelineOnError(list), finally: lastStages(list) })
}

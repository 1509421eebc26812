/**
 * The plan: what the compiler makes of a pipeline. Frozen plain JSON with a content hash; stored with every run.
 *
 * Everything is filled in: defaults, schemas in JSON Schema form, prompts as text, durations in milliseconds. `needs`
 * that were not written stay `all_above`, never a list (a list would be quadratic in the number of stages).
 */
import type { FailureCategory } from './errors.ts'
import type { Json } from './json.ts'
import type { Template } from './template.ts'

/** The format of the plan itself. A plan with another number is refused with a sentence, never guessed at. */
export const planFormat = 1

/** A JSON Schema (2020-12) as plain JSON; `true` accepts everything. */
export type JsonSchema = true | { readonly [keyword: string]: Json }

export interface Plan {
  readonly format: typeof planFormat
  /** sha-256 of the canonical JSON of everything but `hash` and `origin`. */
  readonly hash: string
  /** Where it was read from; not part of the hash. Relative paths in stages start at `directory`. */
  readonly origin: { readonly file: string | null; readonly directory: string }
  readonly name: string
  readonly version?: string
  readonly description?: string
  readonly inputs: Readonly<Record<string, InputPlan>>
  readonly vars: Readonly<Record<string, VariablePlan>>
  readonly models: Readonly<Record<string, string>>
  /** Environment variables the pipeline may read, with the defaults it gives. */
  readonly env: readonly { readonly name: string; readonly default?: string }[]
  readonly secrets: readonly string[]
  readonly limits: { readonly timeoutMs?: number; readonly deadlineMs?: number; readonly concurrency: number }
  readonly stages: readonly StagePlan[]
  /** Stages that run when all others have ended. They join by `all_done`. */
  readonly finally?: readonly StagePlan[]
  /** Absent = `fail`. */
  readonly onError?: PipelineOnErrorPlan
  /** What starts a run by itself. */
  readonly triggers?: readonly TriggerPlan[]
  /** How long events are kept that its stages publish; a day by default. */
  readonly events?: Readonly<Record<string, { readonly retainMs: number }>>
  readonly outputs: Readonly<Record<string, Template>>
  /** Source files named in `uses:`, relative to `origin.directory`, with the sha-256 of their text. */
  readonly files: Readonly<Record<string, string>>
  /** Supersteps the `stages` lowering needs at most. */
  readonly recursionLimit: number
}

/** `with` gives the inputs, with `trigger` in scope. */
export type TriggerPlan =
  | {
      readonly kind: 'event'
      readonly event: string
      /** A bare CEL expression, with `event` in scope. */
      readonly match?: string
      readonly with: Readonly<Record<string, Template>>
    }
  | {
      readonly kind: 'pipeline'
      readonly pipeline: string
      readonly status: readonly ('succeeded' | 'failed' | 'stopped' | 'cancelled')[]
      readonly with: Readonly<Record<string, Template>>
    }

export interface InputPlan {
  readonly schema: JsonSchema
  readonly required: boolean
  readonly default?: Json
  readonly description?: string
}

export const mergeNames = ['last', 'first', 'append', 'union', 'sum', 'min', 'max', 'merge'] as const
export type MergeName = (typeof mergeNames)[number]

export interface VariablePlan {
  readonly schema: JsonSchema
  /** One of `mergeNames`, or `./reducers.ts#name`. */
  readonly merge: MergeName | { readonly file: string; readonly export: string }
  readonly default?: Json
}

export const joinNames = ['none_failed', 'all_succeeded', 'all_done', 'any_succeeded'] as const
export type JoinName = (typeof joinNames)[number]

export type NeedStatus = 'succeeded' | 'failed'

export interface NeedPlan {
  readonly stage: string
  readonly status?: readonly NeedStatus[]
}

export const retryCategories = [
  'network',
  'timeout',
  'rate_limit',
  'http_4xx',
  'http_5xx',
  'exit_code',
  'internal',
] as const
export type RetryCategory = (typeof retryCategories)[number] & FailureCategory

export interface RetryPlan {
  /** Includes the first. */
  readonly attempts: number
  readonly delayMs: number
  readonly backoff: 'constant' | 'linear' | 'exponential'
  readonly maxDelayMs: number
  readonly jitter: boolean
  readonly on: readonly RetryCategory[]
}

/**
 * What becomes of a failure. `rollback`: the run fails and is rolled back. `pause`: the stage asks a person, and each
 * resume tries it again.
 */
export type FailureActionPlan =
  | { readonly do: 'fail' | 'rollback' | 'pause' }
  | { readonly do: 'continue'; readonly value?: Template }

/** The first handler that matches is run; where none does, the stage fails. */
export type OnErrorPlan = FailureActionPlan | { readonly do: 'handle'; readonly handlers: readonly HandlerPlan[] }

export interface HandlerPlan {
  /** A bare CEL expression with `error` in scope; absent = always. */
  readonly when?: string
  /** Run first. They set nothing. */
  readonly stages: readonly StagePlan[]
  readonly then: FailureActionPlan
}

/** Of the pipeline: what is done when it failed. The actions of its handlers are `fail` and `rollback`. */
export type PipelineOnErrorPlan =
  | { readonly do: 'fail' | 'rollback' }
  | { readonly do: 'handle'; readonly handlers: readonly HandlerPlan[] }

/** Takes back what a stage did. */
export interface RollbackPlan {
  /** With the id of the stage that it is of; needs nothing, has no `if`, sets nothing. Its templates may read `output`. */
  readonly stage: StagePlan
  /** Also for attempts that failed, or whose end nobody knows: then `output` is null. */
  readonly alsoOnFailure: boolean
}

export interface StagePlan {
  readonly id: string
  /** Name of the stage kind. */
  readonly kind: string
  readonly title?: string
  readonly needs: 'all_above' | readonly NeedPlan[]
  readonly join: JoinName
  /** A bare CEL expression. */
  readonly if?: string
  /** Per attempt: milliseconds as a literal number, or a template that gives a duration text. */
  readonly timeout?: { readonly total?: Template; readonly idle?: Template }
  /** Absent = one attempt. */
  readonly retry?: RetryPlan
  readonly onError: OnErrorPlan
  readonly rollback?: RollbackPlan
  readonly output?: JsonSchema
  readonly set: Readonly<Record<string, Template>>
  readonly env?: Readonly<Record<string, Template>>
  /** An attempt of which nobody knows how it ended is not followed by another unless a person says so. */
  readonly once?: true
  /** LangGraph makes a checkpoint when it is terminal. */
  readonly checkpoint?: true
  readonly idempotencyKey?: Template
  readonly cache?: { readonly key: Template; readonly ttlMs: number }
  readonly limits: { readonly outputBytes: number }
  /** What the kind's `run` gets once it is evaluated: the kind's value, or a map of it and the keys beside it. */
  readonly config: Template
  /** Stages inside this one, and how they are gone through; `config` is then the literal null. */
  readonly body?: BodyPlan
}

/**
 * What a stage with stages inside does with them. The value of a list of stages is the output of its last one, or
 * `result`. Ids are unique in a pipeline, bodies included.
 */
export type BodyPlan = ForeachPlan | LoopPlan | SwitchPlan | ParallelPlan | PipelinePlan

/** Runs its stages once per item. The stage's `output` is the schema of one item's value. */
export interface ForeachPlan {
  readonly kind: 'foreach'
  /** Gives a list; fixed when it starts. */
  readonly list: Template
  /** What stages inside read the item as. */
  readonly as: string
  /** Items at once; absent = `limits.concurrency`. */
  readonly concurrency?: number
  readonly onItemError: 'fail' | 'continue'
  readonly result?: Template
  readonly stages: readonly StagePlan[]
}

/** Runs its stages again and again. */
export interface LoopPlan {
  readonly kind: 'loop'
  /** A bare CEL expression, asked before an iteration; it sees `iteration.previous`. */
  readonly while?: string
  /** A bare CEL expression in the scope of the body, asked after an iteration. */
  readonly until?: string
  readonly max: number
  readonly onExhausted: 'fail' | 'continue'
  /** Between two iterations: milliseconds as a literal number, or a template that gives a duration text. */
  readonly delay?: Template
  /** How many past iterations `iteration.history` holds. */
  readonly keep: number
  readonly result?: Template
  readonly stages: readonly StagePlan[]
}

/** Runs the stages of the first case that holds. */
export interface SwitchPlan {
  readonly kind: 'switch'
  /** `when`: a bare CEL expression; absent in the last one, the `else`. */
  readonly cases: readonly { readonly when?: string; readonly stages: readonly StagePlan[] }[]
}

/** Runs lists of stages side by side. Its value is a map of theirs. */
export interface ParallelPlan {
  readonly kind: 'parallel'
  readonly failFast: boolean
  readonly branches: readonly { readonly name: string; readonly stages: readonly StagePlan[] }[]
}

/** Runs another pipeline, which is compiled into this plan. */
export interface PipelinePlan {
  readonly kind: 'pipeline'
  /** Gives a map: the inputs. */
  readonly with: Template
  readonly child: ChildPlan
}

/** A pipeline inside another. `run.*` is that of the outermost one, and so are `limits` and `files`. */
export type ChildPlan = Pick<
  Plan,
  'name' | 'version' | 'inputs' | 'vars' | 'models' | 'env' | 'secrets' | 'stages' | 'finally' | 'onError' | 'outputs'
> & {
  /** Where relative paths of its stages start, from the `origin.directory` of the outermost plan. */
  readonly directory: string
}

/** The lists of stages inside a stage. */
export function listsOf({ body }: StagePlan): readonly (readonly StagePlan[])[] {
  switch (body?.kind) {
    case undefined:
      return []
    case 'foreach':
    case 'loop':
      return [body.stages]
    case 'switch':
      return body.cases.map(({ stages }) => stages)
    case 'parallel':
      return body.branches.map(({ stages }) => stages)
    case 'pipeline':
      return [body.child.stages]
  }
}

/** Every stage of a list, those inside others and in their handlers included, each before what is inside it. */
export const allStages = (stages: readonly StagePlan[]): readonly StagePlan[] =>
  stages.flatMap((stage) => [stage, ...[...listsOf(stage), ...handledBy(stage.onError)].flatMap(allStages)])

/** The lists of stages of handlers. */
export const handledBy = (onError: OnErrorPlan | PipelineOnErrorPlan): readonly (readonly StagePlan[])[] =>
  onError.do === 'handle' ? onError.handlers.map(({ stages }) => stages) : []

/** The lists of stages of a pipeline: its own, `finally`, and those of its handlers. */
export const listsOfPipeline = ({
  stages,
  finally: last = [],
  onError = { do: 'fail' },
}: Pick<ChildPlan, 'stages' | 'finally' | 'onError'>): readonly (readonly StagePlan[])[] => [
  stages,
  last,
  ...handledBy(onError),
]

/** The largest output a stage may have unless `limits.output_bytes` says otherwise. */
export const defaultOutputBytes = 16 * 1024 * 1024

/** The stages that `stage` waits for, in list order. */
export function needsOf(plan: Plan, stage: StagePlan): readonly NeedPlan[] {
  if (stage.needs !== 'all_above') return stage.needs
  const at = plan.stages.indexOf(stage)
  return plan.stages.slice(0, at).map(({ id }) => ({ stage: id }))
}

/**
 * Everything about a stage kind in one value.
 *
 * The contract in one sentence: `run` does its work whole — it returns, or it leaves nothing behind — and passes
 * `idempotencyKey` to whatever it calls. Retry, timeout, cancel, events, resume, limits and redaction are the engine's.
 */
import type { z } from 'zod'
import type { Json, JsonObject } from './json.ts'
import type { BodyPlan, JsonSchema } from './plan.ts'
import type { Template } from './template.ts'
import type { WaitRequest } from './wait.ts'

/**
 * What stands at a place of a kind's configuration, where that is not simply "a value with `${{ }}` in it".
 * - `expression`: a bare CEL expression (`that: …`)
 * - `literal`: no `${{ }}` here; `why` is the hint of the diagnostic
 * - `secrets`: `${{ secrets.x }}` may stand here
 * - `schema`: a schema in any form; `run` gets it as JSON Schema
 * - `later`: a bare CEL expression that `run` gets as text, to be evaluated while the stage waits; `extra: event` = with
 *   `event` in scope
 * - `prompt`: text, or `{ file: path }` that is read, hashed and compiled at compile time; `run` gets the text
 *
 * A slot holds for the value at its path. `secrets` also holds for everything below it; `literal` on a list or map says
 * nothing about what is inside (the text of `run:` is literal, the arguments of its list form are not).
 */
export type Slot =
  | { readonly is: 'expression' }
  | { readonly is: 'literal'; readonly why: string; readonly code?: 'expression_in_command' }
  | { readonly is: 'secrets' }
  | { readonly is: 'prompt' }
  | { readonly is: 'schema' }
  | { readonly is: 'later'; readonly extra: 'event' | 'none' }

export interface StageKind<Config = unknown> {
  /** The key that names it in YAML. */
  readonly name: string
  readonly docs: {
    /** One sentence. */
    readonly summary: string
    /** What `stages.<id>.output` holds. */
    readonly output: string
    /** A whole small pipeline; compiled and run by a test, printed on the reference page. */
    readonly example: string
    /** Files that the example needs beside it, by name. */
    readonly files?: Readonly<Record<string, string>>
  }
  /** The configuration `run` gets, after evaluation. Also checked at compile time, with whole-value expressions left out. */
  readonly schema: z.ZodType<Config>
  /**
   * Keys that stand beside the kind's own (`cwd`, `with`). With them the configuration is `{ [name]: value, …beside }`,
   * without them it is the value itself.
   */
  readonly beside?: readonly string[]
  /** Places that differ, by path inside the configuration; `*` stands for any key or index. */
  readonly slots?: Readonly<Record<string, Slot>>
  /** Of a kind with stages inside; the engine goes through those by `StagePlan.body`, and `run` is never called. */
  readonly body?: BodyShape
  /** Pure kinds compute; all others have effects. */
  readonly pure?: boolean
  /**
   * It waits for the world outside and does nothing else, so it has no `cache`, `retry`, `once` and common `timeout`, and
   * takes nothing over from `defaults`. A `gate` also keeps what comes after it closed, however it fails.
   */
  readonly waits?: 'wait' | 'gate'
  /** Accepts the common key `env:`. */
  readonly env?: boolean
  /** Takes over `defaults.retry`. Off for kinds whose effect may not be repeatable. May depend on the configuration. */
  readonly inheritsRetry?: boolean | ((config: JsonObject) => boolean)
  /** The schema of the output when the stage declares none; `true` = unknown. May depend on the configuration as written. */
  readonly outputSchema?: (config: Json, declared: JsonSchema | undefined) => JsonSchema
  /**
   * Asked once when a run starts, before any effect: throws, or rejects with, a StageError when the stage could not work.
   * `config` is the plan's, with its expressions not yet evaluated.
   */
  preflight?(config: Template, host: PreflightHost): Promise<void> | void
  run(config: Config, context: StageContext): Promise<unknown> | unknown
  /** Takes back what `run` did. `output` is what it returned. (Used by rollback.) */
  undo?(output: Json, config: Config, context: StageContext): Promise<void> | void
}

/** How stages stand inside a stage. */
export interface BodyShape {
  readonly kind: BodyPlan['kind']
  /** Where lists of stages stand in the configuration, as paths like those of `slots`. */
  readonly lists: readonly string[]
  /** The kind's `schema` with the schema of a list of stages at those places. */
  schema(stages: z.ZodType): z.ZodType
}

/** A kind whose configuration is its own business. */
// biome-ignore lint/suspicious/noExplicitAny: `run` takes its own configuration, so no other type fits every kind
export type AnyStageKind = StageKind<any>

export type StageKinds = ReadonlyMap<string, AnyStageKind>

/** Declares a stage kind with its types inferred from `schema`. */
export const defineStage = <Config>(kind: StageKind<Config>): StageKind<Config> => kind

/** What a stage may look at before a run starts. */
export type PreflightHost = Pick<StageContext, 'directory' | 'services'>

/** What a running stage knows and may do. */
export interface StageContext {
  /** Aborted when the attempt timed out or the run is cancelled. Stop, clean up, then settle. */
  readonly signal: AbortSignal
  /** Constant over the attempts of this stage in this run. */
  readonly idempotencyKey: string
  /** 1, 2, … */
  readonly attempt: number
  readonly run: {
    readonly id: string
    readonly threadId: string
    readonly pipeline: string
    /** Id of the engine that runs it; absent when LangGraph runs the graph by itself. */
    readonly engine?: string
    /** Who started it, where that is known. */
    readonly initiator?: string
  }
  /** Path of the stage, such as `fetch`. */
  readonly stage: string
  /** Absolute path of the folder that relative paths start at: the pipeline file's. */
  readonly directory: string
  /** The stage's own `env:`, evaluated. */
  readonly env: Readonly<Record<string, string>>
  /** The pipeline's `models:`. */
  readonly models: Readonly<Record<string, string>>
  /** What `output:` demands, if the stage says so. */
  readonly outputSchema: JsonSchema | undefined
  readonly outputBytes: number
  /** 0 to 1, with a word for people. Transient. */
  progress(fraction: number, message?: string): void
  log(message: string, fields?: JsonObject): void
  /** Output of a command: kept for `logs`, capped and redacted by the engine. */
  output(stream: 'stdout' | 'stderr', text: string): void
  /** A token of a model's answer. Transient. */
  token(text: string): void
  /**
   * Waits for an answer from outside, durably. The first time, the stage stops here and holds nothing; when the answer is
   * there, `run` is called again from its beginning, and the same call resolves with it. So calls must come in the same
   * order every time, and nothing before one may have an effect. Rejects with WaitTimedOut when its time is over.
   */
  wait(request: WaitRequest): Promise<Json>
  /** When the wait began and ended that `wait` resolved or rejected for last. ISO 8601, UTC. */
  waited(): Waited
  readonly services: StageServices
}

export interface Waited {
  readonly from: string
  readonly to: string
}

/** An event as a stage publishes it. */
export interface PublishedEvent {
  readonly id: string
  readonly event: string
  readonly data: Json
}

/** What the host lends to stages. Ports, so that tests and hosts can replace them. */
export interface StageServices {
  /** Functions registered by name in `createEngine({ functions })`. */
  readonly functions: ReadonlyMap<string, RegisteredFunction>
  /** Chat models registered by name in `createEngine({ models })`; others go through LangChain's `initChatModel`. */
  readonly models: ReadonlyMap<string, unknown>
  readonly fetch: typeof fetch
  /** Keeps an event, and sees that it comes to whoever waits for it; absent where LangGraph runs a graph by itself. */
  readonly publish?: (event: PublishedEvent) => Promise<void>
}

/** What a function in `uses:` may do: a smaller face of `StageContext`. */
export type FunctionContext = Pick<
  StageContext,
  'signal' | 'idempotencyKey' | 'attempt' | 'run' | 'stage' | 'directory' | 'outputBytes' | 'progress' | 'log'
>

export interface FunctionDefinition<Input = unknown, Output = unknown> {
  readonly input?: z.ZodType<Input>
  readonly output?: z.ZodType<Output>
  /** Names of input fields that may hold a secret. */
  readonly secrets?: readonly string[]
  run(input: Input, context: FunctionContext): Promise<Output> | Output
  /** Takes back what `run` did. `output` is what it returned. (Used by rollback.) */
  undo?(output: Output, input: Input, context: FunctionContext): Promise<void> | void
}

/** A function of any input and output: what `defineFunction` gives, seen by those who do not know its types. */
export interface RegisteredFunction {
  readonly input?: z.ZodType
  readonly output?: z.ZodType
  readonly secrets?: readonly string[]
  run(input: never, context: FunctionContext): unknown
  undo?(output: never, input: never, context: FunctionContext): unknown
  readonly [functionMark]?: true
}

/** Marks what `defineFunction` made, across copies of this package. */
export const functionMark: unique symbol = Symbol.for('stagegraph.function')

/** Declares a function for `uses:` with typed input and output schemas. */
export const defineFunction = <Input, Output>(
  definition: FunctionDefinition<Input, Output>,
): FunctionDefinition<Input, Output> => Object.freeze({ ...definition, [functionMark]: true })

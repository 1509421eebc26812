/**
 * The contracts of the expression language (CEL as in language.md §4). The implementation stands beside.
 */
import type { Json, JsonObject } from '../json.ts'
import type { JsonSchema } from '../plan.ts'

/** What an expression may read, with the schemas that are known. A name that is not listed is unknown. */
export interface TypeScope {
  /** Name → schema; `true` is dynamic, unchecked below that point. */
  readonly names: Readonly<Record<string, JsonSchema>>
  /**
   * What is known of a stage that an expression names. A lookup, not a map: a map per stage would be quadratic.
   * `maybeAbsent` = the output may be null here (skipped, tolerated without a value), so fields of it need `.?`.
   */
  stage(id: string): StageType | 'not_upstream' | undefined
  /** Ids of the stages that may be read, for suggestions; only called when there is a fault. */
  stageNames(): Iterable<string>
  /** Names that may be null although they are an output, so that fields need `.?`, with the stage that it is of. */
  readonly maybeNull?: Readonly<Record<string, string>>
  /** Names that exist in the language but not here, with the reason: `{ event: 'only in match:' }`. */
  readonly elsewhere: Readonly<Record<string, string>>
}

export interface StageType {
  readonly output: JsonSchema
  readonly maybeAbsent: boolean
  /** What may be read of it besides what every stage has: `errors`, `iterations`, … */
  readonly fields?: Readonly<Record<string, JsonSchema>>
}

/** A fault in an expression; offsets count from the start of the expression's source. */
export interface ExpressionFault {
  readonly code: ExpressionFaultCode
  readonly start: number
  readonly end: number
  /** What the catalogue needs to say it: names, types, candidates. */
  readonly name?: string
  readonly message: string
  readonly candidates?: readonly string[]
  readonly hint?: string
}

export type ExpressionFaultCode =
  | 'expression_syntax'
  | 'expression_type'
  | 'expression_limit'
  | 'unknown_name'
  | 'unknown_field'
  | 'unknown_function'
  | 'wrong_scope'
  | 'unknown_stage'
  | 'stage_not_upstream'
  | 'maybe_absent_output'
  | 'optional_operand'
  | 'bad_pattern'

/** What a check found out. `type` is a JSON Schema of the result as far as it is known; `true` otherwise. */
export interface CheckedExpression {
  readonly faults: readonly ExpressionFault[]
  readonly type: JsonSchema
  readonly reads: ExpressionReads
}

/** What an expression reads; for rules about order, variables and secrets. Offsets as in ExpressionFault. */
export interface ExpressionReads {
  readonly stages: readonly {
    readonly id: string
    readonly field: string | undefined
    readonly optional: boolean
    readonly start: number
    readonly end: number
  }[]
  readonly vars: readonly { readonly name: string; readonly start: number; readonly end: number }[]
  readonly inputs: readonly { readonly name: string; readonly start: number; readonly end: number }[]
  readonly env: readonly { readonly name: string; readonly start: number; readonly end: number }[]
  readonly secrets: readonly { readonly name: string; readonly start: number; readonly end: number }[]
  /** It calls `now()`. */
  readonly now: boolean
  /** `vars`, `inputs`, … is used whole (`json(vars)`), so every one of its members is read. */
  readonly whole: ReadonlySet<string>
}

/** The values an evaluation sees. Everything in it is frozen JSON; `nowMs` is what `now()` gives. */
export interface EvaluationScope {
  readonly names: Readonly<Record<string, Json>>
  readonly nowMs: number
  /**
   * What is declared of the names, asked only when a field is missing: a declared optional field is then null instead of
   * an error. Keep one object per plan and place, since answers are remembered by it.
   */
  readonly types?: TypeScope
}

/** Thrown by evaluation. Becomes a StageError of category `validation`. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly code: 'expression_failed' | 'expression_limit'
  readonly source: string
  readonly start: number | undefined
  readonly end: number | undefined
  constructor(code: ExpressionError['code'], message: string, source: string, start?: number, end?: number) {
    super(message)
    this.code = code
    this.source = source
    this.start = start
    this.end = end
  }
}

/** Where an expression stands inside a scalar's value: offsets of the CEL source, without `${{ }}` and white space. */
export interface Segment {
  readonly source: string
  readonly start: number
  readonly end: number
}

/** The scope object as scoping code builds it: name → JSON. */
export type ScopeNames = JsonObject

/** What a rule is: a small function over what is known of a pipeline, that reports what does not hold and goes on. */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import type { JsonSchema } from '../../foundation/plan.ts'
import type { Validators } from '../../foundation/schema.ts'
import type { CompileContext } from '../context.ts'
import type { Declarations } from '../declarations.ts'
import type { ParsedPipeline } from '../parsed.ts'
import type { Expressions } from './facts/expressions.ts'
import type { Presence } from './facts/presence.ts'
import type { Site } from './facts/sites.ts'
import type { StageList } from './facts/stage-list.ts'
import type { StageOrder } from './facts/stage-order.ts'

/** What every rule may look at; worked out once. */
export interface Facts {
  readonly parsed: ParsedPipeline
  readonly declared: Declarations
  readonly context: CompileContext
  readonly stages: StageList
  readonly order: StageOrder
  readonly presence: Presence
  /** What expressions may expect of the output of a stage; `true` where nothing is known. */
  resultOf(stage: number): JsonSchema
  /** Every place where an expression may stand. */
  readonly sites: readonly Site[]
  readonly expressions: Expressions
  readonly validators: Validators
}

export type Report = (diagnostic: Diagnostic) => void

export type Rule = (facts: Facts, report: Report) => void

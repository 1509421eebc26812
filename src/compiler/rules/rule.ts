/** What a rule is: a small function over what is known of a pipeline, that reports what does not hold and goes on. */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import type { Validators } from '../../foundation/schema.ts'
import type { CompileContext } from '../context.ts'
import type { Declarations } from '../declarations.ts'
import type { ParsedPipeline } from '../parsed.ts'
import type { StageTree } from '../stage-tree.ts'
import type { Expressions } from './facts/expressions.ts'
import type { FactsOf } from './facts/lists.ts'
import type { Results } from './facts/results.ts'
import type { Site } from './facts/sites.ts'

/** What every rule may look at; worked out once. */
export interface Facts {
  readonly parsed: ParsedPipeline
  readonly declared: Declarations
  readonly context: CompileContext
  readonly tree: StageTree
  /** Order and presence of a list of stages. */
  readonly factsOf: FactsOf
  /** What expressions may expect of the output of a stage. */
  readonly results: Results
  /** Every place where an expression may stand. */
  readonly sites: readonly Site[]
  readonly expressions: Expressions
  readonly validators: Validators
}

export type Report = (diagnostic: Diagnostic) => void

export type Rule = (facts: Facts, report: Report) => void

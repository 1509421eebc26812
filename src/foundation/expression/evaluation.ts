/**
 * One evaluation: what the expression reads, its budget, and the tools that its functions use.
 */
import { createCalendars } from './functions/calendar.ts'
import { type Calendar, Refused, type Tools } from './functions/define.ts'
import { compilePattern, type Pattern } from './functions/patterns.ts'
import { maxListLength, maxSteps, maxTextLength } from './limits.ts'
import type { EvaluationScope } from './types.ts'
import type { Value } from './values.ts'

/** What outlives an evaluation and is shared by all of one evaluator. */
export interface Shared {
  readonly patterns: Map<string, Pattern>
  readonly weights: WeakMap<object, number>
  readonly calendar: (ms: number, zone: string | undefined) => Calendar
}

export const createShared = (): Shared => ({
  patterns: new Map(),
  weights: new WeakMap(),
  calendar: createCalendars(),
})

/** How many compiled patterns are kept. */
const maxPatterns = 256

export class Evaluation implements Tools {
  readonly scope: EvaluationScope
  /** Items of the macros around, by nesting. */
  readonly locals: Value[] = []
  private steps = 0
  private readonly shared: Shared

  constructor(scope: EvaluationScope, shared: Shared) {
    this.scope = scope
    this.shared = shared
  }

  get nowMs(): number {
    return this.scope.nowMs
  }

  /** An own method with `this` bound, since it is handed on as a function. */
  readonly charge = (steps: number): void => {
    this.steps += steps
    if (this.steps <= maxSteps) return
    throw new Refused(`the expression takes more than ${maxSteps.toLocaleString('en')} steps`, 'expression_limit')
  }

  text(made: string): string {
    if (made.length > maxTextLength) throw new Refused('the text would be longer than 1 MB', 'expression_limit')
    this.charge(made.length >> 10)
    return made
  }

  list<T>(made: readonly T[]): readonly T[] {
    if (made.length > maxListLength) {
      throw new Refused(`the list would have more than ${maxListLength.toLocaleString('en')} items`, 'expression_limit')
    }
    this.charge(made.length >> 3)
    return made
  }

  matches(text: string, source: string): boolean {
    const pattern = this.pattern(source)
    this.charge((text.length * pattern.size) >> 8)
    return pattern.test(text)
  }

  calendar(ms: number, zone: string | undefined): Calendar {
    this.charge(10)
    return this.shared.calendar(ms, zone)
  }

  private pattern(source: string): Pattern {
    const { patterns } = this.shared
    const known = patterns.get(source)
    if (known) return known
    this.charge(1_000 + source.length * 10)
    const made = compilePattern(source)
    if (patterns.size >= maxPatterns) patterns.delete(patterns.keys().next().value as string)
    patterns.set(source, made)
    return made
  }
}

/**
 * One function of the expression language: what the checker, the evaluator and the reference page know of it.
 */
import type { Json } from '../../json.ts'
import type { Type } from '../schema-types.ts'
import type { ExpressionError, ExpressionFaultCode } from '../types.ts'
import type { Plain, Value } from '../values.ts'

export interface Parameter {
  readonly name: string
  /** Bits of `Kind`. */
  readonly kinds: number
  /** `optional` may be left out, `rest` may be repeated (also zero times). Both only at the end. */
  readonly may?: 'optional' | 'rest'
}

/** An argument as the checker sees it; `constant` when it is written out as a literal. */
export interface Argument {
  readonly type: Type
  readonly constant: Json | undefined
}

/** Why the checker refuses a call although the kinds fit. */
export interface Refusal {
  readonly argument: number
  readonly message: string
  readonly code?: Extract<ExpressionFaultCode, 'bad_pattern' | 'unknown_field'>
  readonly name?: string
  readonly candidates?: readonly string[]
}

/** A moment in the calendar of a time zone. */
export interface Calendar {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
  /** 0 = Sunday. */
  readonly weekday: number
}

/** What functions may use besides their arguments. */
export interface Tools {
  readonly nowMs: number
  /** Counts steps; throws when the budget is spent. */
  readonly charge: (steps: number) => void
  /** A text that was made; throws when it is too long. Charges for its length. */
  text(made: string): string
  /** A list that was made; throws when it is too long. Charges for its length. */
  list<T>(made: readonly T[]): readonly T[]
  /** Whether the pattern (RE2) occurs in the text. */
  matches(text: string, pattern: string): boolean
  /** The calendar of a time zone at a moment. */
  calendar(ms: number, zone: string | undefined): Calendar
}

export type FunctionForm = 'function' | 'method'
export type FunctionGroup = 'numbers' | 'text' | 'lists' | 'maps' | 'values' | 'time' | 'optionals'

export interface FunctionSpec {
  readonly name: string
  /** A method stands after a dot; its first parameter is what stands before it. */
  readonly form: FunctionForm
  readonly group: FunctionGroup
  readonly params: readonly Parameter[]
  readonly returns: Type | ((args: readonly Argument[]) => Type)
  readonly check?: (args: readonly Argument[]) => Refusal | undefined
  /** Takes optionals as they are; other functions get their value or null. */
  readonly optionals?: true
  readonly run: (args: readonly never[], tools: Tools) => Value
  /** One line for the reference. */
  readonly doc: string
  /** An expression without names, and what it gives. */
  readonly example: string
  readonly result: Json
}

/** A function as the language reference shows it. */
export interface FunctionDoc {
  readonly name: string
  readonly form: FunctionForm
  readonly group: FunctionGroup | 'macros'
  /** `slice(value, start, end?)`, `text.replace(old, new, limit?)`. */
  readonly signature: string
  readonly doc: string
  /** An expression without names, and what it gives. */
  readonly example: string
  readonly result: Json
}

/** Thrown by functions and operators; the evaluator adds the place. The message is a part of a sentence. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: ExpressionError['code']
  constructor(message: string, code: ExpressionError['code'] = 'expression_failed') {
    super(message)
    this.code = code
  }
}

/** A part of a sentence as a whole one: capital first, full stop last. */
export const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`

/** Declares a function; `run` takes arguments of the types that `params` promise. */
export const defineFunction = <Args extends readonly (Value | undefined)[]>(
  spec: Omit<FunctionSpec, 'run'> & { readonly run: (args: Args, tools: Tools) => Value },
): FunctionSpec => ({ ...spec, run: spec.run as unknown as FunctionSpec['run'] })

export const param = (name: string, kinds: number, may?: Parameter['may']): Parameter =>
  may ? { name, kinds, may } : { name, kinds }

/** The number of characters, as CEL counts them: code points. */
export function charactersOf(text: string): string | readonly string[] {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text
}

export const sliceCharacters = (text: string, start: number, end?: number): string => {
  const characters = charactersOf(text)
  return typeof characters === 'string' ? characters.slice(start, end) : characters.slice(start, end).join('')
}

/** A whole number, or a refusal that names the parameter. */
export function whole(value: number, name: string): number {
  if (Number.isInteger(value)) return value
  throw new Refused(`${name} must be a whole number, not ${value}`)
}

export type Items = readonly Plain[]

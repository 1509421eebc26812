/**
 * What an expression computes with: JSON, and three kinds of values that exist only while it is evaluated.
 *
 * Bits name kinds, so that "text or a number" is one number and a check is one `&`.
 */
import type { Json } from '../json.ts'

/** A moment, in milliseconds since 1970, UTC. Becomes ISO text when it leaves the expression. */
export class Timestamp {
  readonly ms: number
  constructor(ms: number) {
    this.ms = ms
  }
}

/** A length of time in milliseconds, negative ones too. Becomes text such as `1h30m` when it leaves the expression. */
export class Duration {
  readonly ms: number
  constructor(ms: number) {
    this.ms = ms
  }
}

/** What `.?` gives: a value, or nothing. Becomes its value or null when it leaves the expression. */
export class Optional {
  /** `undefined` = absent. */
  readonly value: Plain | undefined
  constructor(value: Plain | undefined) {
    this.value = value
  }
}

export const absent: Optional = Object.freeze(new Optional(undefined))

/** Everything but an optional; what lists and maps hold. */
export type Plain = null | boolean | number | string | Timestamp | Duration | readonly Plain[] | PlainMap
export interface PlainMap {
  readonly [key: string]: Plain
}
export type Value = Plain | Optional

export const Kind = {
  null: 1,
  boolean: 2,
  number: 4,
  text: 8,
  list: 16,
  map: 32,
  time: 64,
  duration: 128,
} as const

/** Every kind that JSON has. */
export const jsonKinds = 63
export const anyKind = 255
export const scalarKinds = Kind.boolean | Kind.number | Kind.text

export function kindOf(value: Plain): number {
  switch (typeof value) {
    case 'string':
      return Kind.text
    case 'number':
      return Kind.number
    case 'boolean':
      return Kind.boolean
    default:
      if (value === null) return Kind.null
      if (Array.isArray(value)) return Kind.list
      if (value instanceof Timestamp) return Kind.time
      return value instanceof Duration ? Kind.duration : Kind.map
  }
}

export const isMap = (value: Value): value is PlainMap =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Timestamp) &&
  !(value instanceof Duration) &&
  !(value instanceof Optional)

const kindNames: readonly (readonly [number, string])[] = [
  [Kind.text, 'text'],
  [Kind.number, 'a number'],
  [Kind.boolean, 'true or false'],
  [Kind.list, 'a list'],
  [Kind.map, 'a map'],
  [Kind.time, 'a time'],
  [Kind.duration, 'a duration'],
  [Kind.null, 'null'],
]

/** `text`, `a list or a map`, `text, a number or null`: kinds the way people say them. */
export function describeKinds(kinds: number): string {
  if ((kinds & jsonKinds) === jsonKinds) return 'any value'
  const names = kindNames.filter(([bit]) => (kinds & bit) !== 0).map(([, name]) => name)
  if (names.length < 2) return names[0] ?? 'nothing'
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

export const describe = (value: Value): string =>
  value instanceof Optional ? 'an optional value' : describeKinds(kindOf(value))

/** The value of an optional, null for an absent one; everything else as it is. */
export const plain = (value: Value): Plain =>
  value instanceof Optional ? (value.value === undefined ? null : value.value) : value

export const fromJson = (value: Json): Plain => value

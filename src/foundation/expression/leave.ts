/**
 * How values leave an expression: as strict JSON, or as text inside a longer text.
 */
import { forbiddenKeys, type Json } from '../json.ts'
import { Refused } from './functions/define.ts'
import { maxResultWeight, maxTextLength } from './limits.ts'
import { Duration, describe, type Plain, plain, Timestamp, type Value } from './values.ts'

/** `2026-01-01T00:00:00.000Z`. */
export const isoText = ({ ms }: Timestamp): string => new Date(ms).toISOString()

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** `1h30m`, `1d12h`, `500ms`, `0s`, `-5m`: what `dur` and the durations of the language read. */
export function durationText({ ms }: Duration): string {
  let left = Math.round(Math.abs(ms))
  if (left === 0) return '0s'
  let text = ms < 0 ? '-' : ''
  for (const [unit, size] of units) {
    const amount = Math.floor(left / size)
    if (amount > 0) text += `${amount}${unit}`
    left -= amount * size
  }
  return text
}

/** Texts as they are, numbers and booleans as JSON, times and durations as their text. */
export function renderScalar(value: Plain): string {
  if (typeof value === 'string') return value
  if (value instanceof Timestamp) return isoText(value)
  if (value instanceof Duration) return durationText(value)
  if (typeof value === 'number' || typeof value === 'boolean') return JSON.stringify(value)
  throw new Refused(`${describe(value)} has no text`)
}

/** A JSON value inside a longer text: text as it is, everything else as JSON. Null is refused. */
export function renderText(value: Json): string {
  if (typeof value === 'string') return value
  if (value === null) throw new Refused('null has no text; give it a default with coalesce(…, "")')
  return JSON.stringify(value)
}

/**
 * The value as strict JSON. What is frozen comes from the scope, is JSON already and is shared, not copied; its weight
 * counts all the same, so no result grows out of bounds by repeating what it reads. `weights` may outlive the evaluation.
 */
export function toJson(value: Value, weights: WeakMap<object, number>, charge: (steps: number) => void): Json {
  const inner = plain(value)
  if (typeof inner !== 'object' || inner === null) return leaf(inner)
  if (isShared(inner)) return inner as Json
  const copies = new Map<object, Copy>()
  return copy(inner, weights, copies, charge).json
}

interface Copy {
  readonly json: Json
  readonly weight: number
}

function leaf(value: Plain): Json {
  if (value instanceof Timestamp) return isoText(value)
  if (value instanceof Duration) return durationText(value)
  return value as Json
}

const isShared = (value: Plain): boolean =>
  Object.isFrozen(value) && !(value instanceof Timestamp) && !(value instanceof Duration)

function copy(value: Plain, weights: WeakMap<object, number>, copies: Map<object, Copy>, charge: Charge): Copy {
  if (typeof value === 'string') return { json: value, weight: value.length + 3 }
  if (typeof value !== 'object' || value === null) return { json: value, weight: 6 }
  if (value instanceof Timestamp || value instanceof Duration) return { json: leaf(value), weight: 27 }
  const known = copies.get(value)
  if (known) return known
  const made = isShared(value) ? { json: value as Json, weight: weigh(value as Json, weights) } : copyInside(value)
  if (made.weight > maxResultWeight) throw new Refused('the result is too large', 'expression_limit')
  copies.set(value, made)
  return made

  function copyInside(container: Plain): Copy {
    let weight = 2
    const take = (inner: Plain): Json => {
      const one = copy(inner, weights, copies, charge)
      weight += one.weight
      return one.json
    }
    if (Array.isArray(container)) {
      charge(container.length >> 2)
      return { json: container.map(take), weight }
    }
    const json: Record<string, Json> = {}
    for (const [key, inner] of Object.entries(container as { readonly [key: string]: Plain })) {
      if (forbiddenKeys.has(key)) throw new Refused(`the key "${key}" is not allowed`)
      weight += key.length + 4
      json[key] = take(inner)
    }
    charge(Object.keys(json).length >> 2)
    return { json, weight }
  }
}

type Charge = (steps: number) => void

/** About how many characters the JSON of a value has; remembered per frozen list and map. */
function weigh(value: Json, weights: WeakMap<object, number>): number {
  if (typeof value === 'string') return value.length + 3
  if (typeof value !== 'object' || value === null) return 6
  const known = weights.get(value)
  if (known !== undefined) return known
  let weight = 2
  if (Array.isArray(value)) for (const item of value) weight += weigh(item, weights)
  else for (const [key, inner] of Object.entries(value)) weight += key.length + 4 + weigh(inner as Json, weights)
  weights.set(value, weight)
  return weight
}

/** The JSON text of a value that an expression asks for; refuses before it is made when it would be too long. */
export function jsonText(value: Plain, indent: number, charge: Charge): string {
  const weights = new WeakMap<object, number>()
  const json = toJson(value, weights, charge)
  const weight = weigh(json, weights)
  charge(weight >> 4)
  if (weight > 4 * maxTextLength) throw new Refused('the text would be longer than 1 MB', 'expression_limit')
  return JSON.stringify(json, null, indent)
}

/**
 * What a plain scalar means: the YAML 1.2 core schema, by its first character and then by one pattern.
 *
 * Numbers that JSON or a double cannot keep as written are named, so that nothing is changed silently.
 */
import type { Json } from '../../foundation/json.ts'

export interface PlainValue {
  readonly value: Json
  /** The number is not what was written: `007`, `12e4567`, digits beyond 2^53, `.nan`. */
  readonly changed?: true
}

const number = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/
const otherBase = /^0(?:o[0-7]+|x[0-9a-fA-F]+)$/
const special = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const words: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['', null],
  ['~', null],
  ['null', null],
  ['Null', null],
  ['NULL', null],
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
])

export function plainValue(text: string): PlainValue {
  const word = text.length <= 5 ? words.get(text) : undefined
  if (word !== undefined) return { value: word }
  const first = text.charCodeAt(0)
  const numeric = (first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d || first === 0x2e // 0-9 + - .
  if (!numeric) return { value: text }
  if (number.test(text)) return decimal(text)
  if (otherBase.test(text)) return exact(Number(text))
  return special.test(text) ? { value: 0, changed: true } : { value: text }
}

function decimal(text: string): PlainValue {
  if (/^[-+]?0\d/.test(text)) return { value: Number(text), changed: true }
  return /^[-+]?\d+$/.test(text) ? exact(Number(text)) : finite(Number(text))
}

const exact = (value: number): PlainValue => (Number.isSafeInteger(value) ? { value } : finite(value, true))

const finite = (value: number, changed = false): PlainValue =>
  changed || !Number.isFinite(value) ? { value: Number.isFinite(value) ? value : 0, changed: true } : { value }

/** A type in a sentence: "text", "a number or null". */
import { canBe } from '../../../foundation/expression/schema-types.ts'
import type { JsonSchema } from '../../../foundation/plan.ts'

export const kindsOfValues = ['null', 'boolean', 'number', 'text', 'list', 'map'] as const
export type KindOfValue = (typeof kindsOfValues)[number]

const words: Readonly<Record<KindOfValue, string>> = {
  null: 'null',
  boolean: 'true or false',
  number: 'a number',
  text: 'text',
  list: 'a list',
  map: 'a map',
}

/** The kinds of values that the type allows. */
export const kindsOf = (type: JsonSchema): KindOfValue[] => kindsOfValues.filter((kind) => canBe(type, kind))

export const typeWords = (type: JsonSchema): string => wordsOf(kindsOf(type))

export function wordsOf(kinds: readonly KindOfValue[]): string {
  const ordered = [...kinds.filter((kind) => kind !== 'null'), ...kinds.filter((kind) => kind === 'null')]
  return ordered.length === 0 ? 'nothing at all' : ordered.map((kind) => words[kind]).join(' or ')
}

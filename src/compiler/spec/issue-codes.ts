/** Faults that the schema names itself: the message of the issue is the code. */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import { mergeNames } from '../../foundation/plan.ts'
import { suggest } from '../../foundation/suggest.ts'
import { plainOrQuoted } from '../yaml/quote.ts'
import { idLike, idPattern } from './ids.ts'
import { holderSpan, nameOf, type Place, spanAt, wrongType } from './issue-place.ts'
import { hasTemplate } from './templates.ts'
import { foundWords, orList } from './words.ts'

/** The diagnostic of an issue with this message, if the message is a code. */
export function codedDiagnostic(message: string, at: Place): Diagnostic | undefined {
  return isCoded(message) && at.value !== undefined ? codes[message]?.(at) : undefined
}

export const isCoded = (message: string): boolean => Object.hasOwn(codes, message)

/** The text at a place that the schema has found to be a text. */
const textAt = ({ value }: Place): string => (typeof value === 'string' ? value : foundWords(value))

const codes: Readonly<Record<string, (at: Place) => Diagnostic>> = {
  template_not_allowed: (at) => diagnostics.template_not_allowed(spanAt(at), nameOf(at), undefined),
  bad_duration: (at) => {
    const { value, full } = at
    if (typeof value === 'string' && hasTemplate(value)) {
      return diagnostics.template_not_allowed(spanAt(at), nameOf(at), undefined)
    }
    const written =
      typeof value === 'string' ? `"${value}"` : (at.validated.places.writtenAt(full) ?? foundWords(value))
    return diagnostics.bad_duration(spanAt(at), written, durationFix(value, String(full.at(-1))))
  },
  bad_name: (at) => {
    const near = idLike(textAt(at), 'pipeline')
    const allowed = 'lower-case letters, digits and underscores, a letter first'
    return diagnostics.bad_name(spanAt(at), textAt(at), 'a pipeline', allowed, near && `name: ${near}`)
  },
  bad_id: badId,
  reserved_id: (at) => diagnostics.reserved_id(spanAt(at), textAt(at), `id: ${textAt(at)}_stage`),
  loop_condition: (at) => diagnostics.loop_condition(holderSpan(at.full, at.validated.places), hasBoth(at.value)),
  else_not_last: (at) => diagnostics.else_not_last(at.validated.places.keySpanOf([...at.full, 'else'])),
  bad_merge: (at) => {
    const near = suggest(textAt(at), mergeNames)
    const known = `${orList(mergeNames)}, or a function such as ./reducers.ts#name`
    const message = `${nameOf(at)} takes ${known}, but here stands ${foundWords(at.value)}.`
    return diagnostics.wrong_value(spanAt(at), message, near && `Did you mean "${near}"?`)
  },
}

const hasBoth = (loop: Json | undefined): boolean =>
  isJsonObject(loop ?? null) && Object.hasOwn(loop as object, 'while') && Object.hasOwn(loop as object, 'until')

function durationFix(value: Json | undefined, key: string): string | undefined {
  if (typeof value === 'number') return `${key}: ${value}s, if seconds are meant`
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(value.trim()) : null
  const unit = match && units.find(([words]) => words.test(match[2] as string))?.[1]
  return match && unit ? `${key}: ${match[1]}${unit}` : undefined
}

const units: readonly (readonly [RegExp, string])[] = [
  [/^(ms|millis|milliseconds?)$/i, 'ms'],
  [/^(s|secs?|seconds?)$/i, 's'],
  [/^(m|mins?|minutes?)$/i, 'm'],
  [/^(h|hrs?|hours?)$/i, 'h'],
  [/^(d|days?)$/i, 'd'],
]

function badId(at: Place): Diagnostic {
  const { value } = at
  if (typeof value !== 'string') {
    const written = at.validated.places.writtenAt(at.full)
    return written === undefined ? wrongType(at, 'a text') : diagnostics.bad_id(spanAt(at), written, undefined)
  }
  if (hasTemplate(value)) return diagnostics.template_not_allowed(spanAt(at), nameOf(at), undefined)
  const underscored = value.replaceAll('-', '_')
  if (value.includes('-') && idPattern.test(underscored)) {
    return diagnostics.hyphen_in_id(spanAt(at), value, `id: ${underscored}`)
  }
  const near = idLike(value, 'stage')
  return diagnostics.bad_id(spanAt(at), value, near && `id: ${plainOrQuoted(near)}`)
}

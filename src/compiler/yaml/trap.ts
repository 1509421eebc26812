/** A trap that was found, and what the finders share. */
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import type { Source } from '../../foundation/source.ts'
import type { Mask } from './mask.ts'

export interface Trap {
  /** What is read as text instead. */
  readonly mask: Mask
  /** Where the diagnostic points. */
  readonly at: Mask
  readonly say: (span: ReturnType<Source['span']>) => Diagnostic
}

/** Keys whose value is a bare expression (language.md §4). */
export const expressionKeys: ReadonlySet<string> = new Set([
  'if',
  'when',
  'while',
  'until',
  'condition',
  'match',
  'that',
])

/** Offset just after the text in YAML quotes that opens at `open`, or -1 when it does not close before `stop`. */
export function literalEnd(text: string, open: number, stop = text.length): number {
  const quote = text[open]
  for (let at = open + 1; at < stop; at++) {
    if (quote === '"' && text[at] === '\\') at++
    else if (text[at] === quote) {
      if (quote === '"' || text[at + 1] !== quote) return at + 1
      at++
    }
  }
  return -1
}

/**
 * Whether `value`, which starts with a bracket, goes on after that bracket is closed: an expression such as
 * `[1, 2].exists(e, e == x)`. Otherwise it is a list or map, whatever its key: data may have keys of any name.
 */
export function goesOnAfterBracket(value: string): boolean {
  let depth = 0
  for (let at = 0; at < value.length; at++) {
    const char = value[at] as string
    if (char === '"' || char === "'") {
      const end = literalEnd(value, at)
      if (end === -1) return false
      at = end - 1
    } else if ('[{'.includes(char)) depth++
    else if (']}'.includes(char) && --depth === 0) return at + 1 < value.length
  }
  return false
}

/** `key: value`, or the value alone. */
export const withKey = (key: string | undefined, value: string): string => (key ? `${key}: ${value}` : value)

/** Offset of the first ` #` in `text` outside of quotes, or -1: where a comment was meant to start. */
export function commentAt(text: string): number {
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (quote) {
      if (char === '\\') at++
      else if (char === quote) quote = ''
    } else if (char === '"' || char === "'") quote = char
    else if (char === '#' && /\s/.test(text[at - 1] ?? '')) return at
  }
  return -1
}

/** `text` without a comment at its end. */
export function withoutComment(text: string): string {
  const at = commentAt(text)
  return at === -1 ? text : text.slice(0, at).trimEnd()
}

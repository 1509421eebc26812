/** Places that always hold a bare expression: `if`, and what a kind's slots name. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { isJsonObject, type Json } from '../../foundation/json.ts'
import type { Path } from '../parsed.ts'
import { plainOrQuoted } from '../yaml/quote.ts'
import type { Mutable, Shape } from './shape-context.ts'
import { hasTemplate, templateAt, templateEnd } from './templates.ts'
import { foundWords } from './words.ts'

/**
 * Makes `holder[key]` the text of an expression. `true` and numbers are the text they were written as. `${{ }}` is
 * reported and blanked out letter for letter, so that what is inside can still be checked at its place.
 */
export function bareExpression(holder: Mutable, key: string, path: Path, shape: Shape): void {
  const value = holder[key] as Json
  const { places, report } = shape
  if (typeof value === 'boolean' || typeof value === 'number') {
    holder[key] = places.writtenAt(path) ?? String(value)
  } else if (typeof value !== 'string') {
    const hint = isJsonObject(value) ? 'If it is an expression, quote it.' : undefined
    report(diagnostics.wrong_type(places.spanOf(path), `"${key}"`, 'an expression', foundWords(value), hint))
    delete holder[key]
  } else if (hasTemplate(value)) {
    const at = templateAt(value)
    const bare = withoutBraces(value)
    const fix = `${key}: ${plainOrQuoted(bare.trim().replaceAll(/\s+/g, ' '))}`
    report(diagnostics.braces_in_expression(places.spanIn(path, at, ends(value, at)), key, fix))
    holder[key] = bare
  }
}

const ends = (text: string, open: number): number => {
  const end = templateEnd(text, open)
  return end === -1 ? text.length : end
}

/** In an expression with more of them everything but the braces is lost anyway. */
const mostBraces = 20

/** The text with `${{` and the `}}` that close them made blank. */
function withoutBraces(text: string): string {
  let bare = text
  let open = templateAt(bare)
  for (let count = 0; open !== -1 && count < mostBraces; count++) {
    const end = templateEnd(bare, open)
    const inside = bare.slice(open + 3, end === -1 ? undefined : end - 2)
    bare = `${bare.slice(0, open)}   ${inside}${end === -1 ? '' : `  ${bare.slice(end)}`}`
    open = templateAt(bare, open + 1)
  }
  return bare
}

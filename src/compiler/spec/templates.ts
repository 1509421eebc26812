/** Where `${{ }}` stands in a text. Only finds it; `foundation/expression` takes it apart. */

/** Offset of the first `${{` at or after `from` that is not escaped as `$${{`, or -1. */
export function templateAt(text: string, from = 0): number {
  let at = text.indexOf('${{', from)
  while (at > 0 && text[at - 1] === '$') at = text.indexOf('${{', at + 3)
  return at
}

export const hasTemplate = (text: string): boolean => text.includes('${{') && templateAt(text) !== -1

/**
 * Offset just after the `}}` that closes the `${{` at `open`, or -1 when nothing closes it. Quotes and nested braces
 * inside are CEL's.
 */
export function templateEnd(text: string, open: number): number {
  let depth = 0
  for (let at = open + 3; at < text.length; at++) {
    const char = text[at]
    if (char === '"' || char === "'") {
      at = quoteEnd(text, at, char)
      if (at === -1) return -1
    } else if (char === '{') depth++
    else if (char === '}') {
      if (depth === 0) return text[at + 1] === '}' ? at + 2 : -1
      depth--
    }
  }
  return -1
}

/** Nothing but one `${{ … }}`, white space around it ignored: keeps its type. */
export function isWholeTemplate(text: string): boolean {
  const trimmed = text.trim()
  return trimmed.startsWith('${{') && templateEnd(trimmed, 0) === trimmed.length
}

function quoteEnd(text: string, open: number, quote: string): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === quote) return at
  }
  return -1
}

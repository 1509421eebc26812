/** What may stand in a pipeline's text at all, checked before anything reads it. */

import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Source } from '../../foundation/source.ts'
import { limits } from './read.ts'

/**
 * Control characters but tab and line ends (those from U+007F on may stand in JSON, so they may here), a byte order
 * mark, a carriage return alone, half a character.
 */
const unwelcome = /(?![\t\n\r\u007f-\u009f])\p{Cc}|\ufeff|\r(?!\n)|\p{Cs}/gu

/** One diagnostic per sort of character; [] when the text can be read. */
export function checkCharacters(source: Source): Diagnostic[] {
  const bytes = Buffer.byteLength(source.text)
  if (bytes > limits.bytes) return [diagnostics.file_too_large(source.span(0, 0), bytes, limits.bytes)]
  const seen = new Set<string>()
  const found: Diagnostic[] = []
  for (const match of source.text.matchAll(unwelcome)) {
    const char = match[0]
    if (seen.has(nameOf(char)) || (char === '\ufeff' && match.index === 0)) continue
    seen.add(nameOf(char))
    const span = source.span(match.index, match.index + 1)
    found.push(diagnostics.yaml_syntax(span, `${nameOf(char)} stands in the text here.`, 'Remove it.'))
  }
  return found
}

function nameOf(char: string): string {
  const code = char.charCodeAt(0)
  if (char === '\0') return 'A NUL character'
  if (char === '\r') return 'A carriage return without a line feed'
  if (char === '\ufeff') return 'An invisible byte order mark'
  if (code >= 0xd800) return 'Half of a character (a lone surrogate)'
  return `The control character U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

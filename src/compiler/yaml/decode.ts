/**
 * Where each character of a scalar's value stands in the source: through quotes, escapes, folding and indents.
 *
 * Follows the library's reading rule for rule; a property test holds both to the same value.
 */
import { decodeBlock } from './decode-block.ts'
import { type Collector, createCollector, type Decoded, type Line, linesOf } from './decoded.ts'

export type ScalarStyle = 'PLAIN' | 'QUOTE_SINGLE' | 'QUOTE_DOUBLE' | 'BLOCK_LITERAL' | 'BLOCK_FOLDED'

/** `start` and `end` bound the scalar in `text`, quotes or block header included; `value` is what the library read. */
export function decodeScalar(text: string, style: ScalarStyle, start: number, end: number, value: string): Decoded {
  switch (style) {
    case 'PLAIN':
      return unfold(text, start, end, false)
    case 'QUOTE_SINGLE':
      return unfold(text, start + 1, end - 1, true)
    case 'QUOTE_DOUBLE':
      return decodeDouble(text, start, end)
    default:
      return decodeBlock(text, style === 'BLOCK_FOLDED', start, end, value)
  }
}

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t'

function trimmed(text: string, { from, to }: Line, left: boolean, right: boolean): Line {
  let start = from
  let end = to
  if (left) while (start < end && isBlank(text[start])) start++
  if (right) while (end > start && isBlank(text[end - 1])) end--
  return { from: start, to: end }
}

/** Plain and single-quoted scalars: a line break is a space, n + 1 line breaks are n. */
function unfold(text: string, start: number, end: number, single: boolean): Decoded {
  const out = createCollector()
  const lines = linesOf(text, start, end)
  let breaks: Line[] = []
  lines.forEach((line, index) => {
    const last = index === lines.length - 1
    const content = trimmed(text, line, index > 0, !last)
    if (index > 0) {
      if (content.from === content.to && !last) {
        breaks.push(line)
        return
      }
      addBreaks(out, text, [...breaks, line])
      breaks = []
    }
    if (single) copySingle(out, text, content)
    else out.copy(text, content.from, content.to)
  })
  return out.done()
}

/** The break before `lines[0]` and those between: a space for one, a line feed for each further one. */
function addBreaks(out: Collector, text: string, lines: readonly Line[]): void {
  const breakBefore = (line: Line): number => line.from - 1
  const [first, ...rest] = lines
  if (rest.length === 0) out.add(' ', breakStart(text, breakBefore(first as Line)), (first as Line).from)
  for (const line of rest) out.add('\n', breakStart(text, breakBefore(line)), line.from)
}

const breakStart = (text: string, lineFeed: number): number => (text[lineFeed - 1] === '\r' ? lineFeed - 1 : lineFeed)

function copySingle(out: Collector, text: string, { from, to }: Line): void {
  for (let at = from; at < to; at++) {
    const width = text[at] === "'" && text[at + 1] === "'" && at + 1 < to ? 2 : 1
    out.add(text[at] as string, at, at + width)
    at += width - 1
  }
}

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  '\t': '\t',
}
const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

function decodeDouble(text: string, start: number, end: number): Decoded {
  const out = createCollector()
  const stop = end - 1
  for (let at = start + 1; at < stop; ) {
    const char = text[at] as string
    if (char === '\\') at = decodeEscape(out, text, at)
    else if (char === '\r' && text[at + 1] === '\n') at++
    else if (char === '\n') at = decodeFold(out, text, at)
    else if (isBlank(char)) at = decodeBlanks(out, text, at)
    else {
      out.add(char, at, at + 1)
      at++
    }
  }
  return out.done()
}

function decodeEscape(out: Collector, text: string, at: number): number {
  const next = text[at + 1] as string
  const plain = Object.hasOwn(escapes, next) ? escapes[next] : undefined
  if (plain !== undefined) {
    out.add(plain, at, at + 2)
    return at + 2
  }
  const digits = Object.hasOwn(hexDigits, next) ? hexDigits[next] : undefined
  if (digits !== undefined) {
    const end = at + 2 + digits
    const code = Number.parseInt(text.slice(at + 2, end), 16)
    out.add(code <= 0x10ffff ? String.fromCodePoint(code) : text.slice(at, end), at, end)
    return end
  }
  const lineFeed = next === '\r' && text[at + 2] === '\n' ? at + 2 : at + 1
  if (text[lineFeed] === '\n') return skipBlanks(text, lineFeed + 1)
  out.add(text.slice(at, at + 2), at, at + 2)
  return at + 2
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (isBlank(text[at])) at++
  return at
}

function decodeFold(out: Collector, text: string, at: number): number {
  const breaks: number[] = []
  let next = at + 1
  for (; /[ \t\r\n]/.test(text[next] ?? ''); next++) {
    if (text[next] === '\r' && text[next + 1] !== '\n') break
    if (text[next] === '\n') breaks.push(next)
  }
  if (breaks.length === 0) out.add(' ', at, at + 1)
  for (const each of breaks) out.add('\n', each, each + 1)
  return next
}

function decodeBlanks(out: Collector, text: string, at: number): number {
  const next = skipBlanks(text, at)
  const atBreak = text[next] === '\n' || (text[next] === '\r' && text[next + 1] === '\n')
  if (!atBreak) out.copy(text, at, next)
  return next
}

/**
 * Text on its way to a terminal: nothing in it moves the cursor, and its width is known.
 *
 * Whatever a pipeline prints, names or answers is data. A terminal would obey the escape sequences in it, so they are
 * taken out, and other control characters are shown as `\u{…}`.
 */
import { stripVTControlCharacters } from 'node:util'

// Besides controls: line separators, and the marks that reorder text and so make it read as what it is not.
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

const visible = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`

/** Safe to print; keeps line breaks and tabs. `\r\n` becomes `\n`. */
export function safeText(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\r\n', '\n')
    .replace(unprintable, (character) => (character === '\n' || character === '\t' ? character : visible(character)))
}

/** Safe to print on one line: every run of white space is one space. */
export function safeLine(text: string): string {
  return safeText(text.replace(/\s+/g, ' ').trim())
}

/** The lines of a command's output. Of a line that was overwritten with `\r`, as progress bars do, the last state. */
export function outputLines(text: string): string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => safeText(line.split('\r').findLast((part) => part !== '') ?? ''))
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const onlyAscii = /^[\x20-\x7e]*$/
const invisible = /^[\p{Mark}\p{Cf}\p{Cc}]+$/u
const emoji = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[\p{Regional_Indicator}]{2})/u

/** Columns that `text` takes on a terminal. Control characters count as none. */
export function displayWidth(text: string): number {
  if (onlyAscii.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment)
  return width
}

/** At most `width` columns of `text`; what is cut off is marked by `mark`. Never cuts a character in two. */
export function cutToWidth(text: string, width: number, mark = '…'): string {
  if (width <= 0) return ''
  if (displayWidth(text) <= width) return text
  const room = width - displayWidth(mark)
  if (room < 0) return ''
  let kept = ''
  let used = 0
  for (const { segment } of graphemes.segment(text)) {
    used += graphemeWidth(segment)
    if (used > room) break
    kept += segment
  }
  return kept + mark
}

/** `text` with spaces after it, up to `width` columns. */
export const padToWidth = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)))

function graphemeWidth(segment: string): number {
  if (invisible.test(segment)) return 0
  if (emoji.test(segment)) return 2
  return isWide(segment.codePointAt(0) ?? 0) ? 2 : 1
}

/** East Asian Wide and Fullwidth blocks (UAX #11), first and last code point. */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd],
]

const isWide = (codePoint: number): boolean =>
  wideRanges.some(([first, last]) => codePoint >= first && codePoint <= last)

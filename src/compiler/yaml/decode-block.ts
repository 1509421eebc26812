/** Block scalars (`|`, `>`): where each character of their value stands in the source. */
import { type Collector, createCollector, type Decoded, type Line, linesOf } from './decoded.ts'

/**
 * Block scalars. The indent is that of the first line with content, unless the header says otherwise; what a header
 * digit counts from is not in the node, so the indent that gives the library's value is looked for.
 */
export function decodeBlock(text: string, folded: boolean, start: number, end: number, value: string): Decoded {
  const headerEnd = text.indexOf('\n', start)
  if (headerEnd === -1 || headerEnd + 1 >= end) return { value: '', starts: [], ends: [] }
  const header = text.slice(start, headerEnd)
  const chomp = /^[|>]\d?([-+])/.exec(header)?.[1] ?? ''
  const lines = linesOf(text, headerEnd + 1, end)
  const explicit = /^[|>][-+]?(\d)/.exec(header)?.[1]
  if (!explicit) return decodeLines(text, lines, firstIndent(text, lines), folded, chomp)
  for (let indent = Number(explicit); indent <= 200; indent++) {
    const decoded = decodeLines(text, lines, indent, folded, chomp)
    if (decoded.value === value) return decoded
  }
  return decodeLines(text, lines, Number(explicit), folded, chomp)
}

function indentOf(text: string, { from, to }: Line): number {
  let at = from
  while (at < to && text[at] === ' ') at++
  return at - from
}

const isEmptyLine = (text: string, line: Line): boolean => line.from + indentOf(text, line) === line.to

function firstIndent(text: string, lines: readonly Line[]): number {
  let widest = 0
  for (const line of lines) {
    if (!isEmptyLine(text, line)) return indentOf(text, line)
    widest = Math.max(widest, indentOf(text, line))
  }
  return widest
}

/** A line break of a block's value, at the place in the source that makes it. */
interface Break {
  readonly start: number
  readonly end: number
}

function decodeLines(text: string, all: readonly Line[], indent: number, folded: boolean, chomp: string): Decoded {
  const out = createCollector()
  let contentEnd = all.length
  while (contentEnd > 0 && isEmptyLine(text, all[contentEnd - 1] as Line)) contentEnd--
  if (contentEnd === 0) return emptyBlock(out, all, chomp)
  const wide = all.findLastIndex((line, i) => i >= contentEnd && indentOf(text, line) > indent)
  if (wide !== -1) contentEnd = wide + 1
  const first = all.findIndex((line) => !isEmptyLine(text, line))
  for (const line of all.slice(0, first)) {
    out.copy(text, Math.min(line.from + indent, line.to), line.to)
    addBreak(out, after(line))
  }
  if (folded) foldLines(out, text, all.slice(first, contentEnd), indent)
  else literalLines(out, text, all.slice(first, contentEnd), indent)
  chompLines(out, text, all, contentEnd, indent, chomp)
  return out.done()
}

const after = (line: Line): Break => ({ start: line.to, end: line.to + 1 })
const addBreak = (out: Collector, { start, end }: Break): void => out.add('\n', start, end)

function emptyBlock(out: Collector, lines: readonly Line[], chomp: string): Decoded {
  if (chomp === '+') for (let i = 0; i < Math.max(1, lines.length - 1); i++) addBreak(out, after(lines[i] as Line))
  return out.done()
}

const contentOf = (text: string, line: Line, indent: number): Line => ({
  from: Math.min(line.from + Math.min(indent, indentOf(text, line)), line.to),
  to: line.to,
})

function literalLines(out: Collector, text: string, lines: readonly Line[], indent: number): void {
  lines.forEach((line, index) => {
    if (index > 0) addBreak(out, after(lines[index - 1] as Line))
    const { from, to } = contentOf(text, line, indent)
    out.copy(text, from, to)
  })
}

/** Folding: a single break between lines of the block's indent is a space; more-indented lines keep theirs. */
function foldLines(out: Collector, text: string, lines: readonly Line[], indent: number): void {
  let separator = ''
  let moreIndented = false
  let previous: Line | undefined
  for (const line of lines) {
    const content = contentOf(text, line, indent)
    const place = previous ? after(previous) : after(line)
    const breaks = (unit: string) => out.add(unit, place.start, place.end)
    if (indentOf(text, line) > indent || (content.from < content.to && text[content.from] === '\t')) {
      if (separator === ' ') separator = '\n'
      else if (!moreIndented && separator === '\n') separator = '\n\n'
      breaks(separator)
      out.copy(text, content.from, content.to)
      separator = '\n'
      moreIndented = true
    } else if (content.from === content.to) {
      if (separator === '\n') breaks('\n')
      else separator = '\n'
    } else {
      breaks(separator)
      out.copy(text, content.from, content.to)
      separator = ' '
      moreIndented = false
    }
    previous = line
  }
}

function chompLines(
  out: Collector,
  text: string,
  lines: readonly Line[],
  contentEnd: number,
  indent: number,
  chomp: string,
): void {
  if (chomp === '-') return
  const last = lines[contentEnd - 1] as Line
  if (chomp === '') {
    addBreak(out, after(last))
    return
  }
  for (let i = contentEnd; i < lines.length; i++) {
    addBreak(out, after(lines[i - 1] as Line))
    out.copy(text, contentOf(text, lines[i] as Line, indent).from, (lines[i] as Line).to)
  }
  if (contentEnd === lines.length) addBreak(out, after(last))
}

/**
 * Finds the places where YAML reads something else than what was meant (language.md §7), in the text itself: the
 * library's tree is already broken there. Runs only when reading the text gave a reason to look.
 *
 * It follows blocks, quotes and flow collections as far as needed to know what is a value. Each trap covers a stretch of
 * one line; with all of them masked the text is read again.
 */
import { blockValueTraps, bracketFirst } from './block-traps.ts'
import { flowTraps } from './flow-traps.ts'
import { expressionKeys, literalEnd, type Trap } from './trap.ts'

export function findTraps(text: string): Trap[] {
  const traps: Trap[] = []
  let at = 0
  while (at < text.length) {
    const line = readLine(text, at)
    const next = line.value === undefined ? undefined : valueTraps(text, line, line.value, traps)
    at = next ?? line.next
  }
  return traps
}

interface BlockLine {
  /** Column of the innermost key or dash. */
  readonly indent: number
  readonly key: string | undefined
  /** Where the value starts; undefined when there is none on this line. */
  readonly value: number | undefined
  readonly end: number
  readonly next: number
}

/** A line in block context: dashes, then perhaps a key, then perhaps a value. */
function readLine(text: string, from: number): BlockLine {
  const lineFeed = text.indexOf('\n', from)
  const next = lineFeed === -1 ? text.length : lineFeed + 1
  let end = lineFeed === -1 ? text.length : lineFeed
  while (end > from && /[ \t\r]/.test(text[end - 1] as string)) end--
  let at = from
  let indent = 0
  for (;;) {
    while (at < end && (text[at] === ' ' || text[at] === '\t')) at++
    indent = at - from
    if (text[at] !== '-' || (at + 1 < end && text[at + 1] !== ' ')) break
    at++
  }
  const isNothing = at >= end || text[at] === '#' || (indent === 0 && /^(?:---|\.\.\.|%)/.test(text.slice(at, at + 3)))
  if (isNothing) return { indent: lastDash(text, from, at), key: undefined, value: undefined, end, next }
  const key = keyAt(text, at, end)
  if (!key) return { indent: lastDash(text, from, at), key: undefined, value: at, end, next }
  let value = key.end
  while (value < end && text[value] === ' ') value++
  const empty = value >= end || text[value] === '#'
  return { indent, key: key.name, value: empty ? undefined : value, end, next }
}

/** Column of the last dash before `at`, or of `at` itself when the line has none. */
function lastDash(text: string, from: number, at: number): number {
  const dash = text.slice(from, at).lastIndexOf('-')
  return dash === -1 ? Math.max(0, at - from - 1) : dash
}

/** The key at `at`, when one stands there; `end` is just after its colon. */
function keyAt(text: string, at: number, end: number): { readonly name: string; readonly end: number } | undefined {
  const isQuoted = text[at] === '"' || text[at] === "'"
  if (!isQuoted && '[]{}#&*!|>%@`,'.includes(text[at] as string)) return undefined
  const nameEnd = isQuoted ? literalEnd(text, at, end) : at
  if (nameEnd === -1) return undefined
  const colon = colonFrom(text, nameEnd, end, isQuoted)
  if (colon === -1) return undefined
  const name = isQuoted ? text.slice(at + 1, nameEnd - 1) : text.slice(at, colon).trimEnd()
  if (name.includes('${{') && !name.includes('}}')) return undefined
  return { name, end: colon + 1 }
}

/** The first colon that ends a key, or -1: white space follows it, and no comment starts before it. */
function colonFrom(text: string, from: number, end: number, blanksOnly: boolean): number {
  for (let at = from; at < end; at++) {
    const char = text[at] as string
    if (char === ':' && (at + 1 >= end || /\s/.test(text[at + 1] as string))) return at
    if (char === '#' && /\s/.test(text[at - 1] ?? '')) return -1
    if (blanksOnly && char !== ' ' && char !== '\t') return -1
  }
  return -1
}

const blockHeader = /^[|>](?:[-+]?[1-9]?|[1-9][-+])(?:\s+#.*)?$/

/** Adds the traps of one value; says where to go on when the value goes beyond its line. */
function valueTraps(text: string, line: BlockLine, from: number, traps: Trap[]): number | undefined {
  const anchor = /^&[^\s,[\]{}]+(?:\s+|$)/.exec(text.slice(from, line.end))
  const start = from + (anchor?.[0].length ?? 0)
  const first = text[start]
  if (anchor && (start === line.end || first === '#')) return undefined // what it names stands on the lines below
  const isExpression = line.key !== undefined && expressionKeys.has(line.key)
  if (first === '[' || (first === '{' && text[start + 1] !== '{')) {
    const trap = isExpression ? bracketFirst(text.slice(start, line.end), start, line.key) : undefined
    if (trap) traps.push(trap)
    if (trap) return undefined
    return flowTraps(text, start, line.indent, line.key, traps)
  }
  const value = text.slice(start, line.end)
  if (blockHeader.test(value)) return blockEnd(text, line.next, line.indent)
  if ((first === '"' || first === "'") && literalEnd(text, start, line.end) === -1) return quoteEnd(text, start)
  const hasBlockBelow = isBlockBelow(text, line.next, line.indent)
  const trap = blockValueTraps(text, start, line.end, line.key, hasBlockBelow)
  if (trap) traps.push(trap)
  return undefined
}

/** Start of the first line at or after `from` that is not blank and not indented more than `indent`. */
function blockEnd(text: string, from: number, indent: number): number {
  let at = from
  let end = from
  while (at < text.length) {
    const lineFeed = text.indexOf('\n', at)
    const next = lineFeed === -1 ? text.length : lineFeed + 1
    let content = at
    while (text[content] === ' ') content++
    const blank = content >= next - 1 && (content >= text.length || /[\r\n]/.test(text[content] as string))
    if (!blank && content - at <= indent) return end
    if (!blank) end = next
    at = next
  }
  return end
}

/** Whether the first line at or after `from` that is not blank is indented more than `indent`. */
function isBlockBelow(text: string, from: number, indent: number): boolean {
  let lineStart = from
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (char === '\n') lineStart = at + 1
    else if (char !== ' ' && char !== '\r') return at - lineStart > indent
  }
  return false
}

/** Start of the line after the one in which the quote at `open` closes. */
function quoteEnd(text: string, open: number): number {
  const close = literalEnd(text, open)
  const lineFeed = close === -1 ? -1 : text.indexOf('\n', close)
  return lineFeed === -1 ? text.length : lineFeed + 1
}

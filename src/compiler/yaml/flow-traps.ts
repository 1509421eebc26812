/** Traps inside of `[ ]` and `{ }`, where brackets, braces and commas belong to YAML. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { templateEnd } from '../spec/templates.ts'
import { quoted } from './quote.ts'
import { expressionKeys, goesOnAfterBracket, literalEnd, type Trap, withKey } from './trap.ts'

/**
 * Adds the traps of the flow collection that opens at `open` in a block with this indent; says where the line after it
 * starts. A line that is not indented enough ends the collection: it was never closed.
 */
export function flowTraps(text: string, open: number, indent: number, key: string | undefined, traps: Trap[]): number {
  let at = open
  let end = open
  let depth = 0
  /** Key of the value that comes next, and where that value's text starts. */
  let current = key
  let fresh = true
  /** The key or value read last, which becomes the key when a colon follows. */
  let last: string | undefined
  while (at < text.length) {
    const char = text[at] as string
    if (char === '\n') {
      if (isOutside(text, at + 1, indent)) return at + 1
      at++
    } else if (char === ' ' || char === '\t' || char === '\r') at++
    else if (char === '#' && /\s/.test(text[at - 1] ?? '')) at = lineEnd(text, at)
    else if (
      (char === '[' || (char === '{' && text[at + 1] !== '{')) &&
      !(fresh && at > open && isExpressionKey(current) && startsExpression(text.slice(at, lineEnd(text, at))))
    ) {
      depth++
      at++
      fresh = true
      current = undefined
    } else if (char === ']' || char === '}') {
      depth--
      at++
      fresh = false
      if (depth <= 0) return lineEnd(text, at) + 1
    } else if (char === ',') {
      at++
      fresh = true
      current = undefined
    } else if (char === ':' && (last !== undefined || !fresh)) {
      at++
      fresh = true
      current = last
      last = undefined
    } else {
      if (at >= end) end = lineEnd(text, at)
      const token = fresh ? readValue(text, at, end, current, traps) : { end: at + 1, text: undefined }
      last = token.text
      at = token.end
      fresh = false
    }
  }
  return text.length
}

const isExpressionKey = (key: string | undefined): boolean => key !== undefined && expressionKeys.has(key)

const startsExpression = (line: string): boolean => goesOnAfterBracket(line.slice(0, extentOf(line, true)))

interface Token {
  readonly end: number
  /** A plain or quoted text that may be a key. */
  readonly text: string | undefined
}

function readValue(text: string, at: number, lineEnd: number, key: string | undefined, traps: Trap[]): Token {
  const found = valueTraps(text.slice(at, lineEnd), at, key)
  const last = found.at(-1)
  if (last) {
    traps.push(...found)
    return { end: last.mask.end, text: undefined }
  }
  if (text[at] === '"' || text[at] === "'") {
    const end = literalEnd(text, at)
    return end === -1 ? { end: text.length, text: undefined } : { end, text: text.slice(at + 1, end - 1) }
  }
  const end = plainEnd(text, at, lineEnd)
  return { end, text: text.slice(at, end).trim() }
}

/** Where the plain scalar at `at` ends: at a bracket, a comma, a colon before white space, a comment. */
function plainEnd(text: string, at: number, lineEnd: number): number {
  for (let end = at; end < lineEnd; end++) {
    const char = text[end] as string
    if (',[]{}'.includes(char)) return Math.max(end, at + 1)
    if (endsKey(text, end)) return Math.max(end, at + 1)
    if (char === '#' && /\s/.test(text[end - 1] ?? '')) return Math.max(end, at + 1)
  }
  return Math.max(lineEnd, at + 1)
}

function valueTraps(line: string, at: number, key: string | undefined): Trap[] {
  if (key !== undefined && isExpressionKey(key) && !line.startsWith('{{')) {
    return listOf(bareExpression(line.slice(0, extentOf(line, true)), at, key))
  }
  if (line[0] === '"' || line[0] === "'") return []
  if (line.startsWith('{{')) return [unquotedTemplate(line, at, key)]
  const value = line.slice(0, extentOf(line, false))
  return value.includes('${{') ? expressions(value, at, key) : listOf(textTrap(value, at, key))
}

const listOf = (found: Trap | undefined): Trap[] => (found ? [found] : [])

function textTrap(value: string, at: number, key: string | undefined): Trap | undefined {
  if (value[0] === '!') return tag(value, at, key)
  if (value[0] === '*' && !/^\*[A-Za-z_][\w-]*$/.test(value)) {
    const fix = withKey(key, quoted(value))
    return trap(at, value.length, (span) => diagnostics.alias_for_text(span, fix))
  }
  const type = /^[A-Za-z_][\w.]*(?:\[\])+\??/.exec(value)?.[0]
  if (type) return trap(at, type.length, (span) => diagnostics.list_type_in_flow(span, withKey(key, quoted(type))))
  return undefined
}

const trap = (start: number, length: number, say: Trap['say']): Trap => {
  const place = { start, end: start + length }
  return { mask: place, at: place, say }
}

function unquotedTemplate(line: string, at: number, key: string | undefined): Trap {
  const close = line.indexOf('}}')
  const value = close === -1 ? line : line.slice(0, close + 2)
  return trap(at, value.length, (span) => diagnostics.unquoted_template(span, withKey(key, quoted(`$${value}`))))
}

function bareExpression(value: string, at: number, key: string): Trap | undefined {
  const literal = /^["']/.test(value) ? literalEnd(value, 0) : -1
  if (literal === value.length) return undefined
  const fix = withKey(key, quoted(value))
  if (literal !== -1) return trap(at, value.length, (span) => diagnostics.expression_starts_with_quote(span, fix))
  if (value.startsWith('!')) return tag(value, at, key)
  if (!/[,[\]{}]/.test(value)) {
    return /:\s/.test(value) ? trap(at, value.length, (span) => diagnostics.unquoted_expression(span, fix)) : undefined
  }
  if (value.startsWith('${{')) {
    return trap(at, value.length, (span) =>
      diagnostics.expression_in_flow(span, withKey(key, quoted(value.slice(3, -2).trim()))),
    )
  }
  return trap(at, value.length, (span) => diagnostics.expression_in_flow(span, fix))
}

function tag(value: string, at: number, key: string | undefined): Trap {
  const name = /^![^\s,[\]{}]*/.exec(value)?.[0] ?? '!'
  const fix = withKey(key, quoted(value))
  return {
    mask: { start: at, end: at + value.length },
    at: { start: at, end: at + name.length },
    say: (span) => diagnostics.yaml_tag(span, name, fix),
  }
}

/** One diagnostic per `${{ }}`; the whole value is masked, as one text. */
function expressions(value: string, at: number, key: string | undefined): Trap[] {
  const fix = withKey(key, quoted(value))
  const traps: Trap[] = []
  let masked = at
  for (let open = value.indexOf('${{'); open !== -1; ) {
    const close = templateEnd(value, open)
    const end = close === -1 ? value.length : close
    const next = value.indexOf('${{', end)
    const place = { start: at + open, end: at + end }
    const upTo = next === -1 ? at + value.length : at + next
    traps.push({
      mask: { start: masked, end: upTo },
      at: place,
      say: (span) => diagnostics.expression_in_flow(span, fix),
    })
    masked = upTo
    open = next
  }
  return traps
}

/** How far the value at the start of `line` was meant to reach: to the comma or bracket that is not its own. */
function extentOf(line: string, isExpression: boolean): number {
  const opening = isExpression ? '([{' : '[{'
  const closing = isExpression ? ')]}' : ']}'
  let depth = 0
  /** Once something is not closed, no more ends are looked for: each look may go over the whole line. */
  let closes = true
  const skipTo = (end: number, at: number): number => {
    closes = end !== -1
    return closes ? end - 1 : at
  }
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string
    if (closes && isExpression && (char === '"' || char === "'")) at = skipTo(literalEnd(line, at), at)
    else if (closes && line.startsWith('${{', at)) at = skipTo(templateEnd(line, at), at)
    else if (opening.includes(char)) depth++
    else if (closing.includes(char)) {
      if (depth === 0) return trimmedTo(line, at)
      depth--
    } else if (char === ',' && depth === 0) return trimmedTo(line, at)
    else if (!isExpression && depth === 0 && endsKey(line, at)) return trimmedTo(line, at)
    else if (char === '#' && /\s/.test(line[at - 1] ?? '')) return trimmedTo(line, at)
  }
  return trimmedTo(line, line.length)
}

/** A colon stands at `at` that ends a key in flow context. */
const endsKey = (line: string, at: number): boolean =>
  line[at] === ':' && (at + 1 >= line.length || ' \t\r\n,[]{}'.includes(line[at + 1] as string))

const trimmedTo = (line: string, end: number): number => line.slice(0, end).trimEnd().length

function lineEnd(text: string, at: number): number {
  const lineFeed = text.indexOf('\n', at)
  return lineFeed === -1 ? text.length : lineFeed
}

/** The line at `from` has content that is indented too little to belong to a collection in a block with this indent. */
function isOutside(text: string, from: number, indent: number): boolean {
  let at = from
  while (text[at] === ' ') at++
  const char = text[at]
  if (char === undefined || /[\r\n#\]}]/.test(char)) return false
  return at - from <= indent
}

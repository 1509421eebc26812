/**
 * The canonical form of an expression: white space and comments normalised, so that a plan's hash changes with meaning
 * only. Tokens stay as written. Applying it twice gives the same.
 */
import { isBlank, scanToken, type Token } from './tokens.ts'

/** The expression with canonical spacing and without comments; what cannot be read as tokens is only trimmed. */
export function canonicalExpression(source: string): string {
  const writer: Writer = { out: '', before: undefined, beforeText: '', brackets: [{ open: '', questions: 0 }] }
  for (let at = 0; ; ) {
    const token = scanToken(source, at)
    if (token.is === 'end') return writer.out.trimEnd()
    if (token.is === 'unclosed' || token.is === 'unknown') return withoutBlanksAround(source)
    write(writer, token, source.slice(token.start, token.end))
    at = token.end
  }
}

/** Only what CEL skips: `trim` would take away a byte order mark, which is a fault. */
function withoutBlanksAround(source: string): string {
  let start = 0
  let end = source.length
  while (start < end && isBlank(source.charCodeAt(start))) start++
  while (end > start && isBlank(source.charCodeAt(end - 1))) end--
  return source.slice(start, end)
}

interface Writer {
  out: string
  before: Token | undefined
  beforeText: string
  readonly brackets: { readonly open: string; questions: number }[]
}

const binary = new Set(['==', '!=', '<=', '>=', '<', '>', '&&', '||', '+', '-', '*', '/', '%', 'in'])

function write(writer: Writer, token: Token, text: string): void {
  const spaced = spacing(writer, token, text)
  if (spaced.before && writer.out !== '' && !writer.out.endsWith(' ')) writer.out += ' '
  writer.out += text
  if (spaced.after) writer.out += ' '
  writer.before = token
  writer.beforeText = text
}

function spacing(writer: Writer, token: Token, text: string): { before: boolean; after: boolean } {
  const { brackets, before, beforeText } = writer
  const bracket = brackets.at(-1) as Writer['brackets'][number]
  const operand = endsOperand(before, beforeText)
  if (token.is === 'symbol' && '([{'.includes(text)) brackets.push({ open: text, questions: 0 })
  if (token.is === 'symbol' && ')]}'.includes(text)) {
    if (brackets.length > 1) brackets.pop()
    return none
  }
  if (text === ',') return { before: false, after: true }
  if (text === '?' && token.is === 'symbol') {
    if (!operand) return none
    bracket.questions++
    return both
  }
  if (text === ':' && token.is === 'symbol') {
    if (bracket.questions === 0) return { before: false, after: true }
    bracket.questions--
    return both
  }
  if (token.is !== 'text' && binary.has(text) && operand) return both
  return { before: before !== undefined && glued(before, token, beforeText, text), after: false }
}

const none = { before: false, after: false }
const both = { before: true, after: true }

/** Whether an operator that follows is a binary one. */
function endsOperand(before: Token | undefined, text: string): boolean {
  if (before === undefined) return false
  return before.is === 'symbol' ? ')]}'.includes(text) : text !== 'in'
}

/** Tokens that would run into one another (`a b`, `1 .x`) keep a space. */
function glued(before: Token, token: Token, beforeText: string, text: string): boolean {
  if (before.is !== 'symbol' && token.is !== 'symbol') return true
  if (before.is === 'number') return text === '.'
  return token.is === 'number' && beforeText === '.'
}

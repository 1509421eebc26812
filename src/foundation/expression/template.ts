/**
 * `${{ … }}` in YAML values: where expressions start and end, and the compiled form of a whole value.
 *
 * An expression ends at the `}}` that closes it by CEL's tokens, so texts and nested maps may hold braces. `$${{` is a
 * literal `${{`. Keys are never templates.
 */
import type { Json } from '../json.ts'
import { isJsonObject } from '../json.ts'
import { literal, type Template } from '../template.ts'
import { canonicalExpression } from './canonical.ts'
import { scanToken } from './tokens.ts'
import type { Segment } from './types.ts'

export interface TemplateFault {
  readonly code: 'unclosed_expression' | 'expression_syntax'
  /** Offsets in the text that was split. */
  readonly start: number
  readonly end: number
  readonly message: string
}

export interface SplitTemplate {
  /** Literal pieces (`$${{` already unescaped, never empty) and expressions, in order. */
  readonly parts: readonly (string | Segment)[]
  readonly faults: readonly TemplateFault[]
}

const opening = '${{'

/** Splits a text into literal pieces and expressions. Never throws; what it cannot read is a fault. */
export function splitTemplate(text: string): SplitTemplate {
  if (!text.includes(opening)) return { parts: text === '' ? [] : [text], faults: [] }
  const parts: (string | Segment)[] = []
  const faults: TemplateFault[] = []
  let before = ''
  let at = 0
  for (let open = text.indexOf(opening); open !== -1; open = text.indexOf(opening, at)) {
    if (text[open - 1] === '$' && open > at) {
      before += text.slice(at, open - 1) + opening
      at = open + opening.length
      continue
    }
    before += text.slice(at, open)
    const found = readExpression(text, open)
    if (before !== '') parts.push(before)
    before = ''
    if (found.segment) parts.push(found.segment)
    if (found.fault) faults.push(found.fault)
    at = found.next
  }
  before += text.slice(at)
  if (before !== '') parts.push(before)
  return { parts, faults }
}

interface Found {
  readonly segment?: Segment
  readonly fault?: TemplateFault
  readonly next: number
}

function readExpression(text: string, open: number): Found {
  const from = open + opening.length
  const closed = findClose(text, from)
  if ('fault' in closed) return recover(text, open, closed.fault)
  const segment = trimmed(text, from, closed.close)
  const next = closed.close + 2
  if (segment.source !== '') return { segment, next }
  return { fault: syntaxFault(open, next, 'There is no expression between "${{" and "}}".'), next }
}

/** Goes on after the next `}}`, so that one fault does not hide the rest of the text. */
function recover(text: string, open: number, fault: TemplateFault): Found {
  const close = text.indexOf('}}', Math.max(fault.start, open + opening.length))
  return { fault, next: close === -1 ? text.length : close + 2 }
}

type Close = { readonly close: number } | { readonly fault: TemplateFault }

function findClose(text: string, from: number): Close {
  const open = from - opening.length
  let depth = 0
  for (let at = from; ; ) {
    const token = scanToken(text, at)
    if (token.is === 'end') return { fault: unclosed(text, open) }
    if (token.is === 'unclosed') return { fault: syntaxFault(token.start, token.end, unclosedText) }
    at = token.end
    const character = text[token.start]
    if (character === '{') depth++
    else if (character === '}' && depth > 0) depth--
    else if (character === '}' && text[token.end] === '}') return { close: token.start }
    else if (character === '}') return { fault: syntaxFault(token.start, token.end, strayBrace) }
  }
}

const syntaxFault = (start: number, end: number, message: string): TemplateFault => ({
  code: 'expression_syntax',
  start,
  end,
  message,
})

const strayBrace = 'This "}" closes nothing. An expression ends with "}}".'
const unclosedText = 'A text in this expression has no closing quote.'

function unclosed(text: string, open: number): TemplateFault {
  const line = text.indexOf('\n', open)
  const end = line === -1 ? text.length : line
  return { code: 'unclosed_expression', start: open, end, message: 'This "${{" has no "}}" that closes it.' }
}

function trimmed(text: string, from: number, to: number): Segment {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return { source: text.slice(start, end), start, end }
}

const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13)

/** The one expression that a split text is nothing but, white space around it ignored; it keeps its type. */
export function wholeExpression(parts: readonly (string | Segment)[]): Segment | undefined {
  let only: Segment | undefined
  for (const part of parts) {
    if (typeof part === 'string') {
      if (part.trim() !== '') return undefined
    } else if (only) return undefined
    else only = part
  }
  return only
}

/** Whether a text is nothing but one `${{ … }}`, white space around it ignored. */
export const isWholeExpression = (text: string): boolean => {
  const { parts, faults } = splitTemplate(text)
  return faults.length === 0 && wholeExpression(parts) !== undefined
}

/**
 * Compiles a value: literal subtrees collapse into one `literal`, sources are in canonical form. Texts with faults must
 * have been refused before; here their unreadable parts are left out.
 */
export function compileTemplate(value: Json): Template {
  if (typeof value === 'string') return compileText(value)
  if (Array.isArray(value)) return compileList(value)
  return isJsonObject(value) ? compileMap(value) : literal(value)
}

function compileText(text: string): Template {
  if (!text.includes(opening)) return literal(text)
  const { parts } = splitTemplate(text)
  const whole = wholeExpression(parts)
  if (whole) return { kind: 'expression', source: canonicalExpression(whole.source) }
  if (parts.every((part) => typeof part === 'string')) return literal(parts.join(''))
  return {
    kind: 'text',
    parts: parts.map((part) => (typeof part === 'string' ? part : { source: canonicalExpression(part.source) })),
  }
}

function compileList(list: readonly Json[]): Template {
  return listOf(list.map(compileTemplate))
}

function compileMap(map: { readonly [key: string]: Json }): Template {
  return mapOf(Object.entries(map).map(([key, inner]) => [key, compileTemplate(inner)] as const))
}

/** A list of templates; one literal when it holds nothing but literals. */
export function listOf(items: readonly Template[]): Template {
  return items.every(isLiteral) ? literal(items.map(({ value }) => value)) : { kind: 'list', items }
}

/** A map of templates; one literal when it holds nothing but literals. */
export function mapOf(entries: readonly (readonly [string, Template])[]): Template {
  const values: [string, Json][] = []
  for (const [key, inner] of entries) {
    if (inner.kind !== 'literal') return { kind: 'map', entries }
    values.push([key, inner.value])
  }
  return literal(Object.fromEntries(values))
}

const isLiteral = (template: Template): template is Extract<Template, { kind: 'literal' }> =>
  template.kind === 'literal'

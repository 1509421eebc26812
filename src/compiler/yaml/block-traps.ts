/** Traps in a value that stands in block context: after `key:` or a dash, to the end of its line. */
import { diagnostics } from '../../foundation/diagnostics.ts'
import { templateEnd } from '../spec/templates.ts'
import { plainOrQuoted, quoted } from './quote.ts'
import { plainValue } from './scalar.ts'
import {
  commentAt,
  expressionKeys,
  goesOnAfterBracket,
  literalEnd,
  type Trap,
  withKey,
  withoutComment,
} from './trap.ts'

/** The trap in the value that stands at `[start, end)`. `hasBlockBelow` = more-indented lines follow. */
export function blockValueTraps(
  text: string,
  start: number,
  end: number,
  key: string | undefined,
  hasBlockBelow: boolean,
): Trap | undefined {
  const value = text.slice(start, end)
  switch (value[0]) {
    case '{':
      return unquotedTemplate(value, start, key)
    case '"':
    case "'":
      return textAfterQuote(value, start, key)
    case '*':
      return starredText(value, start, key)
    case '!':
      return tag(value, start, key, hasBlockBelow)
    case '&':
    case '%':
    case '@':
    case '`':
      return reservedStart(value, start, key)
    case '|':
    case '>':
    case '?':
      return undefined
    default:
      return plainTrap(value, start, key)
  }
}

const whole = (start: number, value: string) => ({ start, end: start + value.length })

function unquotedTemplate(all: string, start: number, key: string | undefined): Trap {
  const value = withoutComment(all)
  const meant = value.replaceAll(/(?<!\$)\{\{/g, '${{')
  const place = whole(start, value)
  const fix = withKey(key, plainOrQuoted(meant))
  return { mask: place, at: place, say: (span) => diagnostics.unquoted_template(span, fix) }
}

/** A bare expression that starts with a list or map: YAML takes the bracket for a collection of its own. */
export function bracketFirst(all: string, start: number, key: string | undefined): Trap | undefined {
  const value = withoutComment(all)
  if (!goesOnAfterBracket(value)) return undefined
  const place = whole(start, value)
  const fix = withKey(key, quoted(value))
  return { mask: place, at: place, say: (span) => diagnostics.expression_in_flow(span, fix) }
}

function textAfterQuote(all: string, start: number, key: string | undefined): Trap | undefined {
  const literal = literalEnd(all, 0)
  if (literal === -1) return undefined
  const value = withoutComment(all)
  const rest = all.slice(literal)
  if (rest.trim() === '' || /^\s+#/.test(rest) || /^\s*:(?:\s|$)/.test(rest)) return undefined
  const place = whole(start, value)
  const fix = withKey(key, quoted(value))
  if (key && expressionKeys.has(key)) {
    return { mask: place, at: place, say: (span) => diagnostics.expression_starts_with_quote(span, fix) }
  }
  const what = 'The value starts with a quote, so YAML ends it at the next quote and cannot read the rest.'
  return { mask: place, at: place, say: (span) => diagnostics.yaml_syntax(span, what, `Write: ${fix}`) }
}

function starredText(all: string, start: number, key: string | undefined): Trap | undefined {
  const value = withoutComment(all)
  if (/^\*[A-Za-z_][\w-]*$/.test(value)) return undefined
  const place = whole(start, value)
  const fix = withKey(key, quoted(value))
  return { mask: place, at: place, say: (span) => diagnostics.alias_for_text(span, fix) }
}

function tag(all: string, start: number, key: string | undefined, hasBlockBelow: boolean): Trap | undefined {
  const value = withoutComment(all)
  const name = /^!\S*/.exec(value)?.[0] ?? '!'
  if (name === value && hasBlockBelow) return undefined
  const content = value.slice(name.length).trim()
  const isCore = name.startsWith('!!') || name === '!'
  const fix = isCore && content !== '' && !/^["'[{|>&*]/.test(content) ? quoted(content) : quoted(value)
  if (/^[|>]/.test(content)) return undefined
  return {
    mask: whole(start, value),
    at: { start, end: start + name.length },
    say: (span) => diagnostics.yaml_tag(span, name, withKey(key, isCore && /^["']/.test(content) ? content : fix)),
  }
}

function reservedStart(all: string, start: number, key: string | undefined): Trap {
  const value = withoutComment(all)
  const place = whole(start, value)
  const what = `A value without quotes cannot start with "${value[0]}".`
  const fix = `Write: ${withKey(key, quoted(value))}`
  return { mask: place, at: place, say: (span) => diagnostics.yaml_syntax(span, what, fix) }
}

function plainTrap(value: string, start: number, key: string | undefined): Trap | undefined {
  return swallowed(value, start, key) ?? colonInside(withoutYamlComment(value), start, key)
}

/** A comment that takes an expression with it, or the end of one. */
function swallowed(value: string, start: number, key: string | undefined): Trap | undefined {
  const at = value.search(/\s#/) + 1
  if (at === 0) return undefined
  const before = value.slice(0, at).trimEnd()
  const cutsExpression = hasOpenTemplate(before) && !hasOpenTemplate(value)
  const takesExpression = value.slice(at).includes('${{') && typeof plainValue(before).value === 'string'
  if (!cutsExpression && !takesExpression) return undefined
  const comment = cutsExpression ? commentAt(value.slice(expressionsEnd(value))) : -1
  const meant = comment === -1 ? value : value.slice(0, expressionsEnd(value) + comment).trimEnd()
  const fix = withKey(key, quoted(meant))
  return {
    mask: whole(start, meant),
    at: { start: start + at, end: start + meant.length },
    say: (span) => diagnostics.comment_in_expression(span, fix),
  }
}

function hasOpenTemplate(text: string): boolean {
  let open = text.indexOf('${{')
  while (open !== -1) {
    const end = templateEnd(text, open)
    if (end === -1) return true
    open = text.indexOf('${{', end)
  }
  return false
}

/** Offset just after the last closed `${{ }}`. */
function expressionsEnd(text: string): number {
  let end = 0
  for (let open = text.indexOf('${{'); open !== -1; open = text.indexOf('${{', end)) {
    const next = templateEnd(text, open)
    if (next === -1) break
    end = next
  }
  return end
}

/** `value` up to where YAML starts a comment, unless the ` #` stands inside an expression. */
function withoutYamlComment(value: string): string {
  const from = expressionsEnd(value)
  const inside = value.slice(0, from).search(/\s#/)
  const at = inside === -1 ? value.slice(from).search(/\s#/) : -1
  return at === -1 ? value : value.slice(0, from + at).trimEnd()
}

function colonInside(value: string, start: number, key: string | undefined): Trap | undefined {
  if (!/:(?:\s|$)/.test(value)) return undefined
  const place = whole(start, value)
  const fix = withKey(key, quoted(value))
  if (value.includes('${{')) {
    const isKey = key === undefined && /^\$\{\{.*\}\}\s*:(?:\s|$)/.test(value)
    if (isKey && templateEnd(value, 0) === value.search(/\s*:(?:\s|$)/)) return undefined
    return { mask: place, at: place, say: (span) => diagnostics.unquoted_expression(span, fix) }
  }
  if (key === 'run') {
    const command = value.includes('\\"') ? value.replaceAll('\\"', '"') : value
    return { mask: place, at: place, say: (span) => diagnostics.quoted_command(span, `run: ${quoted(command)}`) }
  }
  if (key === undefined) return undefined
  if (expressionKeys.has(key)) {
    return { mask: place, at: place, say: (span) => diagnostics.unquoted_expression(span, fix) }
  }
  const what = 'The value holds ": ", which ends a key in YAML.'
  return { mask: place, at: place, say: (span) => diagnostics.yaml_syntax(span, what, `Write: ${fix}`) }
}

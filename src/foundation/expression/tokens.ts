/**
 * CEL's tokens, read one by one from a text: what `${{ … }}` needs to find its end, and what the canonical form is made
 * of. It agrees with the lexer of cel-js on where texts and comments end; it knows nothing of grammar.
 */
export type TokenKind = 'word' | 'number' | 'text' | 'symbol'

/** `end` when nothing is left, `unclosed` for a text without its closing quote, `unknown` for a stray character. */
export interface Token {
  readonly is: TokenKind | 'end' | 'unclosed' | 'unknown'
  readonly start: number
  readonly end: number
}

/** Reads the token at or after `from`, over white space and `//` comments. */
export function scanToken(text: string, from: number): Token {
  const start = skipBlank(text, from)
  if (start >= text.length) return { is: 'end', start, end: start }
  const code = text.charCodeAt(start)
  if (isWordStart(code)) return scanWord(text, start)
  if (isDigit(code)) return scanNumber(text, start)
  if (code === doubleQuote || code === singleQuote) return scanText(text, start, start)
  return scanSymbol(text, start, code)
}

const doubleQuote = 34
const singleQuote = 39
const backslash = 92
const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isWordStart = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95

/** White space between tokens. */
export const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 10 || code === 13

function skipBlank(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 47 && text.charCodeAt(at + 1) === 47) {
      const line = text.indexOf('\n', at)
      if (line === -1) return text.length
      at = line
    } else if (!isBlank(code)) return at
  }
  return at
}

function scanWord(text: string, start: number): Token {
  let end = start + 1
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    if (!isWordStart(code) && !isDigit(code)) break
  }
  const next = text.charCodeAt(end)
  const prefix =
    end === start + 1 && (next === doubleQuote || next === singleQuote) && 'bBrR'.includes(text[start] ?? '')
  return prefix ? scanText(text, start, end) : { is: 'word', start, end }
}

const number = /0[xX][0-9a-fA-F]+[uU]?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[uU]?/y

function scanNumber(text: string, start: number): Token {
  number.lastIndex = start
  number.test(text)
  return { is: 'number', start, end: Math.max(number.lastIndex, start + 1) }
}

const symbols = '+-*/%<>!()[]{}.,:?`'

function scanSymbol(text: string, start: number, code: number): Token {
  const next = text.charCodeAt(start + 1)
  const double = next === 61 ? code === 61 || code === 33 || code === 60 || code === 62 : isTwice(code, next)
  if (double) return { is: 'symbol', start, end: start + 2 }
  return { is: symbols.includes(text[start] as string) ? 'symbol' : 'unknown', start, end: start + 1 }
}

const isTwice = (code: number, next: number): boolean => code === next && (code === 38 || code === 124)

/** A backslash keeps the next character, in raw texts too, as in cel-js. */
function scanText(text: string, start: number, quoteAt: number): Token {
  const quote = text[quoteAt] as string
  const triple = text[quoteAt + 1] === quote && text[quoteAt + 2] === quote
  const close = triple ? quote.repeat(3) : quote
  for (let at = quoteAt + close.length; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === backslash) at++
    else if (!triple && (code === 10 || code === 13)) return { is: 'unclosed', start, end: at }
    else if (text.startsWith(close, at)) return { is: 'text', start, end: at + close.length }
  }
  return { is: 'unclosed', start, end: text.length }
}

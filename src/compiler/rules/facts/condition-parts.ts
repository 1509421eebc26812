/** A condition taken apart as far as its tokens show it: what it joins by `&&`, and what each part claims. */
import { canonicalExpression } from '../../../foundation/expression/canonical.ts'
import { scanToken } from '../../../foundation/expression/tokens.ts'

/**
 * The operands of `&&` at the top of a condition, in canonical form and without parentheses around them; the whole of it
 * when there is none.
 */
export function operandsOf(condition: string): string[] {
  const source = unwrapped(canonicalExpression(condition))
  const symbols = symbolsAtTop(source)
  if (symbols.some(({ text }) => text === '||' || text === '?')) return [source]
  const ands = symbols.filter(({ text }) => text === '&&')
  if (ands.length === 0) return [source]
  const starts = [0, ...ands.map(({ end }) => end)]
  return starts.flatMap((from, at) => operandsOf(source.slice(from, ands[at]?.start)))
}

/** What a part says: that something is so, or that it is not. */
export interface Claim {
  /** What it is about, with the value it is compared with. */
  readonly about: string
  readonly holds: boolean
  /** Of `left == right` and `left != right` where the right side is written out: equal values are equal here. */
  readonly equality?: { readonly left: string; readonly literal: string }
}

/** `!a` claims that `a` does not hold, `a != b` that `a == b` does not, `a <= b` that `a > b` does not. */
export function claimOf(part: string): Claim {
  const source = unwrapped(part)
  const operators = symbolsAtTop(source).filter(({ text }) => binary.has(text))
  const [only] = operators
  if (!only) return source.startsWith('!') ? denied(claimOf(source.slice(1))) : { about: source, holds: true }
  const positive = comparisons[only.text]
  if (operators.length > 1 || !positive) return { about: source, holds: true }
  const [left, right] = [source.slice(0, only.start).trim(), source.slice(only.end).trim()]
  const claim = { about: `${left} ${positive} ${right}`, holds: positive === only.text }
  const literal = positive === '==' ? literalOf(right) : undefined
  return literal === undefined ? claim : { ...claim, equality: { left, literal } }
}

const denied = (claim: Claim): Claim => ({ ...claim, holds: !claim.holds })

/** Comparisons by the one of which they are the same or the opposite. */
const comparisons: Readonly<Record<string, string>> = {
  '==': '==',
  '!=': '==',
  '>': '>',
  '<=': '>',
  '<': '<',
  '>=': '<',
}

/** What binds no tighter than a comparison; arithmetic stays inside its sides. */
const binary: ReadonlySet<string> = new Set([...Object.keys(comparisons), 'in', '&&', '||', '?', ':'])

/** Never are both claims true of the same values. */
export function contradict(a: Claim, b: Claim): boolean {
  if (a.about === b.about) return a.holds !== b.holds
  if (!a.holds || !b.holds || !a.equality || a.equality.left !== b.equality?.left) return false
  return a.equality.literal !== b.equality.literal
}

/** The value that is written out, in a form in which equal values are equal; undefined for everything else. */
function literalOf(source: string): string | undefined {
  const quoted = /^(["'])([^"'\\]*)\1$/.exec(source)
  if (quoted) return `text ${quoted[2]}`
  if (/^-?\d+(\.\d+)?$/.test(source)) return `number ${Number(source)}`
  return ['true', 'false', 'null'].includes(source) ? source : undefined
}

interface TopSymbol {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** The symbols, and the word `in`, that stand in no brackets. */
function symbolsAtTop(source: string): TopSymbol[] {
  const found: TopSymbol[] = []
  let depth = 0
  for (const { is, start, end } of tokensOf(source)) {
    const text = source.slice(start, end)
    if (is === 'symbol' && '([{'.includes(text)) depth++
    else if (is === 'symbol' && ')]}'.includes(text)) depth--
    else if (depth === 0 && (is === 'symbol' || text === 'in')) found.push({ text, start, end })
  }
  return found
}

/** Without the parentheses around the whole. */
function unwrapped(source: string): string {
  const trimmed = source.trim()
  if (!trimmed.startsWith('(')) return trimmed
  let depth = 0
  for (const { is, start, end } of tokensOf(trimmed)) {
    if (is !== 'symbol') continue
    const text = trimmed.slice(start, end)
    if ('([{'.includes(text)) depth++
    else if (')]}'.includes(text) && --depth === 0) {
      return end === trimmed.length ? unwrapped(trimmed.slice(1, -1)) : trimmed
    }
  }
  return trimmed
}

/** All tokens up to the first that cannot be read. */
export function* tokensOf(source: string) {
  for (let token = scanToken(source, 0); ; token = scanToken(source, token.end)) {
    if (token.is === 'end' || token.is === 'unclosed' || token.is === 'unknown') return
    yield token
  }
}

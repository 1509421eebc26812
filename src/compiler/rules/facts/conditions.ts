/** When one `if` implies another: it is the same, or has all its parts among its own, joined by `&&`. */
import { canonicalExpression } from '../../../foundation/expression/canonical.ts'
import { scanToken } from '../../../foundation/expression/tokens.ts'

/**
 * Whenever `condition` is true, `other` was true when it was evaluated earlier in the same run. Said only of parts that
 * give the same answer at any time: those that read neither `vars` nor `now()`.
 */
export function implies(condition: string | undefined, other: string | undefined): boolean {
  if (condition === undefined || other === undefined) return false
  const parts = new Set(operands(condition))
  return operands(other).every((part) => parts.has(part) && isSteady(part))
}

/** The operands of `&&` at the top of the expression, in canonical form; the whole of it when there is none. */
function operands(condition: string): string[] {
  const source = canonicalExpression(condition)
  const found: string[] = []
  let depth = 0
  let from = 0
  for (let token = scanToken(source, 0); isToken(token.is); token = scanToken(source, token.end)) {
    const text = source.slice(token.start, token.end)
    if ('([{'.includes(text)) depth++
    else if (')]}'.includes(text)) depth--
    else if (depth > 0) continue
    else if (text === '||' || text === '?') return [source]
    else if (text === '&&') {
      found.push(source.slice(from, token.start).trim())
      from = token.end
    }
  }
  return [...found, source.slice(from).trim()]
}

/** Any word will do: a field called `now` costs no more than an explanation that could have been left out. */
function isSteady(part: string): boolean {
  for (let token = scanToken(part, 0); isToken(token.is); token = scanToken(part, token.end)) {
    const text = part.slice(token.start, token.end)
    if (text === 'vars' || text === 'now') return false
  }
  return true
}

const isToken = (is: ReturnType<typeof scanToken>['is']): boolean =>
  is !== 'end' && is !== 'unclosed' && is !== 'unknown'

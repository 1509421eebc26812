/**
 * How one `if` stands to another, as far as their texts show it: it implies the other when it has all its parts among its
 * own, joined by `&&`; it excludes the other when one part is the opposite of one of the other's.
 */
import { canonicalExpression } from '../../../foundation/expression/canonical.ts'
import { scanToken } from '../../../foundation/expression/tokens.ts'

export interface Conditions {
  /**
   * Whenever `condition` is true, `other` was true when it was evaluated earlier in the same run. Said only of parts that
   * give the same answer at any time: those that read neither `vars` nor `now()`.
   */
  implies(condition: string | undefined, other: string | undefined): boolean
  /** Never are both true in the same run, at whatever times. */
  excludes(condition: string | undefined, other: string | undefined): boolean
}

/** Takes each text apart once. */
export function createConditions(): Conditions {
  const known = new Map<string, Parts>()
  const partsOf = (text: string): Parts => {
    const parts = known.get(text) ?? split(text)
    known.set(text, parts)
    return parts
  }
  return {
    implies(condition, other) {
      if (condition === undefined || other === undefined) return false
      const { all, steady } = partsOf(other)
      if (!steady) return false
      const given = partsOf(condition).all
      return given.size >= all.size && [...all].every((part) => given.has(part))
    },
    excludes(condition, other) {
      if (condition === undefined || other === undefined) return false
      return denies(partsOf(condition).all, partsOf(other).all) || denies(partsOf(other).all, partsOf(condition).all)
    },
  }
}

/** An `if` as the set of its operands. */
interface Parts {
  readonly all: ReadonlySet<string>
  readonly steady: boolean
}

function split(text: string): Parts {
  const all = new Set(operands(text))
  return { all, steady: [...all].every(isSteady) }
}

const denies = (parts: ReadonlySet<string>, others: ReadonlySet<string>): boolean =>
  [...parts].some((part) => isSteady(part) && opposites(part).some((opposite) => others.has(opposite)))

function opposites(part: string): string[] {
  const negated = [`!${part}`, `!(${part})`]
  return part.split(' == ').length === 2 ? [...negated, part.replace(' == ', ' != ')] : negated
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

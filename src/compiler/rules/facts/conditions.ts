/**
 * How one `if` stands to another, as far as their texts show it: it implies the other when it has all its parts among its
 * own, joined by `&&`; it excludes the other when one part is the opposite of one of the other's.
 */
import { type Claim, claimOf, contradict, operandsOf, tokensOf } from './condition-parts.ts'

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
      return deny(partsOf(condition), partsOf(other))
    },
  }
}

/** An `if` as the set of its operands. */
interface Parts {
  readonly all: ReadonlySet<string>
  readonly steady: boolean
  /** What its steady parts claim. */
  readonly claims: readonly Claim[]
}

/** Longer ones are taken as a whole: nesting costs time and stack. */
const maxTakenApart = 1_000

function split(text: string): Parts {
  if (text.length > maxTakenApart) return { all: new Set([text]), steady: isSteady(text), claims: [] }
  const all = operandsOf(text)
  const steady = all.filter(isSteady)
  return { all: new Set(all), steady: steady.length === all.length, claims: steady.map(claimOf) }
}

function deny(one: Parts, other: Parts): boolean {
  for (const claim of one.claims) {
    for (const against of other.claims) if (contradict(claim, against)) return true
  }
  return false
}

/** Any word will do: a field called `now` costs no more than an explanation that could have been left out. */
function isSteady(part: string): boolean {
  for (const { start, end } of tokensOf(part)) {
    const text = part.slice(start, end)
    if (text === 'vars' || text === 'now') return false
  }
  return true
}

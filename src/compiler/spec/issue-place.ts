/** A place that an issue is about: its value, where it stands, and how messages call it. */
import type { z } from 'zod'
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Json } from '../../foundation/json.ts'
import type { Path } from '../parsed.ts'
import type { Places } from '../yaml/places.ts'
import { foundWords } from './words.ts'

/** What was validated, and where it stands. */
export interface Validated {
  readonly schema: z.core.$ZodType
  readonly value: Json
  /** Path of the value in the document: a place in it is `[...base, ...issue.path]`. */
  readonly base: Path
  /** Texts with `${{ }}` in them are checked after evaluation, so what they seem to violate is dropped. */
  readonly templates: boolean
  readonly places: Places
  /** Last part of the path when the value is no member of the document but made of members. */
  readonly placeOf?: (path: Path) => Path
}

export interface Place {
  /** From the validated value. */
  readonly path: readonly PropertyKey[]
  /** From the document. */
  readonly full: Path
  readonly value: Json | undefined
  readonly validated: Validated
}

/** The key nearest to the place, in quotes. */
export const nameOf = ({ full }: Place): string => {
  const key = full.findLast((step) => typeof step === 'string')
  return key === undefined ? 'The pipeline' : `"${key}"`
}

/** The map that holds the place, in words. */
export function holderName(path: Path): string {
  const key = path.findLast((step) => typeof step === 'string')
  if (path.length === 0) return 'the pipeline'
  return isStagePath(path) ? 'the stage' : `"${key ?? 'stages'}"`
}

/** A stage stands in a list that is called `stages`, is an `else`, or is a branch of a `parallel`. */
const isStagePath = (path: Path): boolean => {
  const [above, list, index] = path.slice(-3).length === 3 ? path.slice(-3) : [undefined, ...path.slice(-2)]
  return (
    typeof index === 'number' && (list === 'stages' || list === 'finally' || list === 'else' || above === 'parallel')
  )
}

export const spanAt = ({ full, validated }: Place) => validated.places.spanOf(full)

/** The key that holds a map; without one (the root, a list item) the first key in it. */
export function holderSpan(path: Path, places: Places) {
  if (typeof path.at(-1) === 'string') return places.keySpanOf(path)
  return places.firstKeySpanOf(path)
}

export const wrongType = (at: Place, expected: string, hint?: string): Diagnostic =>
  diagnostics.wrong_type(spanAt(at), nameOf(at), expected, foundWords(at.value), hint ?? mapForm(at))

/** The key that a single value is most likely meant for, where a map is wanted. */
const mainKeys: Readonly<Record<string, string>> = { retry: 'attempts', http: 'url', llm: 'prompt', cache: 'key' }

/** `retry: 3` was meant as `retry: { attempts: 3 }`, and `vars: { n: integer }` as `n: { type: integer }`. */
function mapForm({ full, value }: Place): string | undefined {
  const key = String(full.at(-1))
  const main = full.length === 2 && full[0] === 'vars' ? 'type' : mainKeys[key]
  if (main === undefined || (typeof value !== 'string' && typeof value !== 'number')) return undefined
  const written = typeof value === 'string' && !/^[\w./-]+$/.test(value) ? JSON.stringify(value) : String(value)
  return `Write: ${key}: { ${main}: ${written} }`
}

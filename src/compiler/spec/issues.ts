/**
 * Zod issues → diagnostics at their exact places, in words that need no knowledge of zod.
 *
 * One fault gives one diagnostic: of a union the branch is explained that was most likely meant.
 */
import type { z } from 'zod'
import type { Diagnostic } from '../../foundation/diagnostic.ts'
import { diagnostics } from '../../foundation/diagnostics.ts'
import type { Json } from '../../foundation/json.ts'
import { suggest } from '../../foundation/suggest.ts'
import type { Path } from '../parsed.ts'
import { quoted } from '../yaml/quote.ts'
import { codedDiagnostic, isCoded } from './issue-codes.ts'
import { holderName, holderSpan, nameOf, type Place, spanAt, type Validated, wrongType } from './issue-place.ts'
import { laterAsking, laterLimits, laterStageLimits, laterTriggerKeys } from './later.ts'
import { hasTemplate, isWholeTemplate } from './templates.ts'
import { keysAt } from './walk-schema.ts'
import { expectedWords, foundWords, orList } from './words.ts'

type Issue = z.core.$ZodIssue

export interface Explained {
  readonly diagnostic: Diagnostic
  /** Place of the fault in the document. */
  readonly path: Path
  /** Keys that are too many there. */
  readonly keys?: readonly string[]
}

export function explainIssues(issues: readonly Issue[], validated: Validated): Explained[] {
  const remaining = validated.templates ? withoutTemplates(issues, validated.value) : issues
  return withoutMistyped(remaining, validated.value).flatMap((issue) => explain(issue, [], validated))
}

/** A key that is missing because it is misspelt is told once. */
function withoutMistyped(issues: readonly Issue[], root: unknown): readonly Issue[] {
  const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys')
  if (unknown.length === 0) return issues
  return issues.filter((issue) => {
    const holder = issue.path.slice(0, -1).join('\0')
    const beside = unknown.filter(({ path }) => issue.path.length > 0 && path.join('\0') === holder)
    const keys = beside.flatMap((each) => each.keys)
    const isMistyped = keys.some((key) => suggest(key, [String(issue.path.at(-1))]) !== undefined)
    return !isMistyped || valueIn(root, issue.path) !== undefined
  })
}

/** Without issues about texts that become something else when they are evaluated. */
function withoutTemplates(issues: readonly Issue[], root: unknown): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    const value = valueIn(root, issue.path)
    if (typeof value === 'string' && hasTemplate(value)) {
      return isWholeTemplate(value) || issue.code !== 'invalid_type' ? [] : [issue]
    }
    if (issue.code !== 'invalid_union') return [issue]
    const branches = issue.errors.map((branch) => withoutTemplates(branch, value))
    return branches.some((branch) => branch.length === 0) ? [] : [{ ...issue, errors: branches } as Issue]
  })
}

function valueIn(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[step] : undefined),
    root,
  )
}

function explain(issue: Issue, above: readonly PropertyKey[], validated: Validated): Explained[] {
  const path = [...above, ...issue.path]
  const at: Place = { path, ...placeIn(path, validated), validated }
  switch (issue.code) {
    case 'invalid_union':
      return explainUnion(issue, path, at)
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, at))
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.flatMap((inner) => explain({ ...inner, path: [] } as Issue, path, validated))
    default:
      return [{ diagnostic: explainOne(issue, at), path: at.full }]
  }
}

function placeIn(path: readonly PropertyKey[], { base, value, placeOf }: Validated): Pick<Place, 'full' | 'value'> {
  const inside = path as Path
  return { full: placeOf ? placeOf(inside) : [...base, ...inside], value: valueIn(value, path) as Json | undefined }
}

function unknownKey(key: string, { path, full, validated }: Place): Explained {
  const span = validated.places.keySpanOf([...full, key])
  const later = isLater(key, full)
  const near = suggest(key, keysAt(validated.schema, path))
  const diagnostic = later
    ? diagnostics.not_available_yet(span, `"${key}" in ${holderName(full)}`)
    : diagnostics.unknown_key(span, key, holderName(full), near, knownKeys(keysAt(validated.schema, path)))
  return { diagnostic, path: full, keys: [key] }
}

const knownKeys = (keys: readonly string[]): string | undefined =>
  keys.length === 0 ? undefined : `Known keys: ${keys.join(', ')}.`

function isLater(key: string, holder: Path): boolean {
  if (holder[0] === 'triggers' && holder.length === 2) return laterTriggerKeys.has(key)
  if (holder.at(-1) === 'approve' || holder.at(-1) === 'ask') return laterAsking.has(key)
  if (holder.at(-1) !== 'limits') return false
  return holder.length === 1 ? laterLimits.has(key) : laterStageLimits.has(key)
}

/** The branch that was meant: one that the value fits at its root; else what the branches want, together. */
function explainUnion(issue: Issue & { code: 'invalid_union' }, path: readonly PropertyKey[], at: Place): Explained[] {
  if (at.value === undefined && path.length > 0) return [{ diagnostic: missingKey(at), path: at.full }]
  const laterHere = laterValue(at)
  if (laterHere) return [laterHere]
  const branches = issue.errors
  const fitting = branches.filter((branch) => branch.every((each) => each.path.length > 0 || !isMismatch(each)))
  const [best] = fitting.toSorted((a, b) => a.length - b.length)
  if (best) return best.flatMap((each) => explain(each, path, at.validated))
  const roots = branches.flatMap((branch) => branch.filter((each) => each.path.length === 0))
  const coded = roots.find(({ message }) => isCoded(message))
  if (coded) return [{ diagnostic: explainOne(coded, at), path: at.full }]
  const values = roots.flatMap((each) => (each.code === 'invalid_value' ? each.values : []))
  const isText = typeof at.value === 'string'
  const types = roots.flatMap((each) => (each.code === 'invalid_type' ? [each.expected] : []))
  if (values.length > 0 && isText) return [{ diagnostic: wrongChoice(values, at, types), path: at.full }]
  const expected = orList([...(values.length > 0 ? ['a text'] : []), ...types.map(expectedWords)])
  return [{ diagnostic: wrongType(at, expected || 'another type'), path: at.full }]
}

const isMismatch = (issue: Issue): boolean =>
  issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union'

/** `on_item_error: rollback`. */
function laterValue({ full, value, validated }: Place): Explained | undefined {
  if (full.at(-1) === 'on_item_error' && value === 'rollback') {
    const span = validated.places.spanOf(full)
    return { diagnostic: diagnostics.not_available_yet(span, '"on_item_error: rollback"'), path: full }
  }
  return undefined
}

function explainOne(issue: Issue, at: Place): Diagnostic {
  const coded = codedDiagnostic(issue.message, at)
  if (coded) return coded
  switch (issue.code) {
    case 'invalid_type':
      return at.value === undefined ? missingKey(at) : typeMismatch(issue.expected, at)
    case 'invalid_value':
      return at.value === undefined ? missingKey(at) : wrongChoice(issue.values, at, [])
    case 'too_small':
    case 'too_big':
      return outOfBounds(issue, at)
    default:
      return at.value === undefined ? missingKey(at) : refused(issue.message, at)
  }
}

function missingKey({ full, validated }: Place): Diagnostic {
  const holder = full.slice(0, -1)
  return diagnostics.missing_key(holderSpan(holder, validated.places), String(full.at(-1)), holderName(holder))
}

function typeMismatch(expected: string, at: Place): Diagnostic {
  const { value, validated, full } = at
  const key = full.at(-1)
  const written = validated.places.writtenAt(full)
  if (expected === 'string' && typeof value === 'number' && written !== undefined) {
    const fix = typeof key === 'string' ? `${key}: ${quoted(written)}` : quoted(written)
    return diagnostics.number_for_text(spanAt(at), written, String(value), fix)
  }
  if (expected === 'boolean' && typeof value === 'string') {
    const word = value.toLowerCase()
    if (trueWords.has(word)) return diagnostics.boolean_word(spanAt(at), value, `${key}: true`)
    if (falseWords.has(word)) return diagnostics.boolean_word(spanAt(at), value, `${key}: false`)
  }
  return wrongType(at, expectedWords(expected), unquoteHint(expected, at) ?? quoteHint(expected, at))
}

const trueWords: ReadonlySet<string> = new Set(['yes', 'on', 'y'])
const falseWords: ReadonlySet<string> = new Set(['no', 'off', 'n'])

function unquoteHint(expected: string, { value, full }: Place): string | undefined {
  const wantsNumber = expected === 'number' || expected === 'int'
  if (typeof value !== 'string') return undefined
  const fits = wantsNumber ? /^-?\d+(\.\d+)?$/.test(value) : expected === 'boolean' && /^(true|false)$/.test(value)
  return fits ? `Write it without quotes: ${String(full.at(-1))}: ${value}` : undefined
}

const quoteHint = (expected: string, { value }: Place): string | undefined =>
  expected === 'string' && typeof value === 'boolean' ? `If it is text, quote it: "${value}"` : undefined

function wrongChoice(values: readonly unknown[], at: Place, alsoTypes: readonly string[]): Diagnostic {
  const later = laterValue(at)
  if (later) return later.diagnostic
  if (typeof at.value === 'string' && hasTemplate(at.value)) {
    return diagnostics.template_not_allowed(spanAt(at), nameOf(at), undefined)
  }
  const names = values.map(String)
  const also = alsoTypes.filter((type) => type !== 'string').map(expectedWords)
  const near = typeof at.value === 'string' ? suggest(at.value, names) : undefined
  const message = `${nameOf(at)} takes ${orList([...names, ...also])}, but here stands ${foundWords(at.value)}.`
  return diagnostics.wrong_value(spanAt(at), message, near && `Did you mean "${near}"?`)
}

function outOfBounds(issue: Issue & { code: 'too_small' | 'too_big' }, at: Place): Diagnostic {
  const small = issue.code === 'too_small'
  const bound = String(small ? issue.minimum : issue.maximum)
  const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : ''
  const exclusive = issue.inclusive === false
  const side = small ? (exclusive ? 'more than' : 'at least') : exclusive ? 'less than' : 'at most'
  const message = `${nameOf(at)} takes ${side} ${bound}${unit}, but here stands ${foundWords(at.value)}.`
  return diagnostics.wrong_value(spanAt(at), message, undefined)
}

function refused(message: string, at: Place): Diagnostic {
  const stop = /[.?!]$/.test(message) ? message : `${message}.`
  return diagnostics.wrong_value(spanAt(at), `${nameOf(at)} cannot be ${foundWords(at.value)}: ${stop}`, undefined)
}

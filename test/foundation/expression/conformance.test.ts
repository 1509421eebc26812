/**
 * The official CEL conformance cases (cel-spec v0.25.1) that concern JSON data, against the evaluator.
 */
import { getConformanceSuite, type IncrementalTest } from '@bufbuild/cel-spec/testdata/tests.js'
import { anyIs, anyUnpack, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, it } from 'vitest'
import { createEvaluator } from '../../../src/foundation/expression/evaluate.ts'
import { ExpressionError } from '../../../src/foundation/expression/types.ts'
import { forbiddenKeys, type Json, jsonEqual } from '../../../src/foundation/json.ts'
import { knownMisses, outside } from './conformance-misses.ts'

type Original = IncrementalTest['original']
type Value = NonNullable<Extract<Original['resultMatcher'], { case: 'value' }>['value']>

/** The JSON of a CEL value; undefined when it is not JSON data (bytes, messages, NaN, keys that are no texts). */
function toJson({ kind }: Value): Json | undefined {
  switch (kind.case) {
    case 'nullValue':
      return null
    case 'boolValue':
    case 'stringValue':
      return kind.value
    case 'doubleValue':
      return Number.isFinite(kind.value) ? kind.value : undefined
    case 'int64Value':
    case 'uint64Value':
      return Number(kind.value)
    case 'listValue':
      return allOf(kind.value.values.map(toJson))
    case 'mapValue':
      return mapOf(kind.value.entries.map(({ key, value }) => [key && toJson(key), value && toJson(value)]))
    case 'objectValue': {
      const time = anyIs(kind.value, TimestampSchema) ? anyUnpack(kind.value, TimestampSchema) : undefined
      return time && new Date(Number(time.seconds) * 1_000 + Math.floor(time.nanos / 1e6)).toISOString()
    }
    default:
      return undefined
  }
}

const allOf = (items: readonly (Json | undefined)[]): Json | undefined =>
  items.every((item) => item !== undefined) ? items : undefined

function mapOf(entries: readonly (readonly [Json | undefined, Json | undefined])[]): Json | undefined {
  const fits = entries.every(
    ([key, value]) => typeof key === 'string' && value !== undefined && !forbiddenKeys.has(key),
  )
  return fits ? (Object.fromEntries(entries) as Json) : undefined
}

interface Case {
  readonly id: string
  readonly expression: string
  readonly names: Readonly<Record<string, Json>>
  /** undefined = an error is wanted. */
  readonly wanted: Json | undefined
}

/** Bytes literals and messages are written in the expression itself. */
const notJson = /TestAllTypes|TestRequired|google\.protobuf|\b[bB][rR]?['"]|\b[rR][bB]['"]/

function caseOf(id: string, original: Original): Case | undefined {
  if (original.checkOnly || notJson.test(original.expr)) return undefined
  const names: Record<string, Json> = {}
  for (const [name, { kind }] of Object.entries(original.bindings)) {
    const value = kind.case === 'value' ? toJson(kind.value) : undefined
    if (value === undefined) return undefined
    names[name] = value
  }
  const { resultMatcher: matcher } = original
  const failing = matcher.case === 'evalError' || matcher.case === 'anyEvalErrors'
  const wanted = wantedOf(matcher)
  return failing || wanted !== undefined ? { id, expression: original.expr, names, wanted } : undefined
}

function wantedOf(matcher: Original['resultMatcher']): Json | undefined {
  if (matcher.case === undefined) return true
  if (matcher.case === 'value') return toJson(matcher.value)
  return matcher.case === 'typedResult' && matcher.value.result ? toJson(matcher.value.result) : undefined
}

const evaluator = createEvaluator()

function passes({ expression, names, wanted }: Case): boolean {
  try {
    const found = evaluator.expression(expression, { names, nowMs: 0 })
    return wanted !== undefined && jsonEqual(found, wanted)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return wanted === undefined
  }
}

const sections = getConformanceSuite().suites.flatMap((suite) =>
  suite.suites.map((section) => ({ suite: suite.name, name: `${suite.name}/${section.name}`, tests: section.tests })),
)
const inside = sections.filter(({ suite, name }) => !(suite in outside) && !(name in outside))
const cases = inside.flatMap(({ name, tests }) =>
  tests.flatMap((test) => caseOf(`${name}/${test.name}`, test.original) ?? []),
)
const misses = new Set(knownMisses.flatMap(({ cases: ids }) => ids))

describe('the official CEL conformance cases about JSON data', () => {
  it('are most of the cases outside of protocol buffers, and most of them pass', () => {
    const passing = cases.filter(({ id }) => !misses.has(id)).length
    expect(cases.length).toBeGreaterThan(900)
    expect(passing / cases.length).toBeGreaterThan(0.85)
  })

  it.each(inside.map(({ name }) => name))('%s: every case passes that is no known miss', (section) => {
    const failing = cases
      .filter(({ id }) => id.startsWith(`${section}/`) && !misses.has(id))
      .filter((one) => !passes(one))
    expect(failing).toEqual([])
  })

  it('a known miss misses; take it off the list when it passes', () => {
    expect(cases.filter((one) => misses.has(one.id) && passes(one)).map(({ id }) => id)).toEqual([])
  })

  it('every known miss is a case', () => {
    const ids = new Set(cases.map(({ id }) => id))
    expect([...misses].filter((id) => !ids.has(id))).toEqual([])
  })
})

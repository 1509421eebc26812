import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDiagnostic } from '../../../src/foundation/diagnostic.ts'
import { createSource } from '../../../src/foundation/source.ts'
import { read } from './parsing.ts'

const word = fc.constantFrom(
  'name',
  'stages',
  'id',
  'transform',
  'run',
  'if',
  'retry',
  'vars',
  'inputs',
  'assert',
  'that',
  'set',
  'x-a',
  'needs',
  'a',
  'yes',
  '1',
  '1.10',
  '~',
  'true',
  '30s',
  '"q"',
  "'s'",
  '*a',
  '&a',
  '!t',
  '<<',
  '__proto__',
  'toString',
  'string[]',
  '${{ a }}',
  '{{ b }}',
  '${{',
  '}}',
  '${{ a ? b : c }}',
  '#c',
  '|',
  '>-',
  '%',
  '@',
  '---',
  '...',
  '\\',
  '"',
  "'",
  '𝄞',
)
const glue = fc.constantFrom(
  ' ',
  ' ',
  '\n',
  '\n  ',
  '\n    ',
  '\n  - ',
  '\n    - ',
  ': ',
  ': ',
  ':',
  ', ',
  ' [',
  ']',
  ' {',
  '}',
  '\t',
  '\r\n',
  '\n\n',
  '? ',
  '- ',
)
const words = fc.array(fc.tuple(word, glue), { maxLength: 40 }).map((parts) => parts.flat().join(''))

const json = fc.jsonValue({ maxDepth: 4 })
const shaped = fc
  .record({
    name: fc.oneof(fc.constant('p'), json),
    stages: fc.array(fc.dictionary(word, json, { maxKeys: 5 }), { maxLength: 4 }),
  })
  .map((value) => JSON.stringify(value))

const base = `name: p
inputs: { a: string, b: { type: integer, default: 1 } }
vars: { v: { type: "string[]", merge: append } }
stages:
  - id: one
    if: inputs.a == "x"
    run: |
      echo hello
    retry: { attempts: 2, on: [network] }
  - id: two
    assert: [{ that: inputs.b > 1, message: "b is \${{ inputs.b }}" }]
outputs: { r: "\${{ stages.one.output }}" }
`
const mutated = fc
  .array(fc.tuple(fc.nat(base.length), fc.nat(4), fc.oneof(word, glue)), { minLength: 1, maxLength: 5 })
  .map((edits) => edits.reduce((text, [at, drop, put]) => text.slice(0, at) + put + text.slice(at + drop), base))

const anything = fc.oneof(words, words, mutated, mutated, shaped, fc.string({ unit: 'binary', maxLength: 60 }))

/** Whatever the text: no crash, diagnostics that point into it and can be read, and a spec only of the right types. */
function holds(text: string): void {
  const { parsed, diagnostics } = read(text)
  const source = createSource('p.yaml', text)
  for (const diagnostic of diagnostics) {
    const { start, end } = diagnostic.span
    expect(start.offset).toBeGreaterThanOrEqual(0)
    expect(end.offset).toBeLessThanOrEqual(text.length)
    expect(end.offset).toBeGreaterThanOrEqual(start.offset)
    expect(diagnostic.message).toMatch(/[.?!)]$/)
    expect(formatDiagnostic(diagnostic, new Map([['p.yaml', source]]))).not.toMatch(/\bundefined\b|\[object /)
  }
  if (!parsed) expect(diagnostics.length).toBeGreaterThan(0)
  for (const stage of parsed?.spec.stages ?? []) expect(typeof stage.id).toBe('string')
  expect(({} as Record<string, unknown>).admin).toBeUndefined()
}

describe('any text at all', () => {
  it('is answered with diagnostics that point into it (fixed seed)', () => {
    fc.assert(fc.property(anything, holds), { numRuns: 500, seed: 20_261_124 })
  })

  it('is answered with diagnostics that point into it (a seed of its own each time)', () => {
    const seed = Date.now() & 0x7fffffff
    console.log(`parse fuzz seed: ${seed}`)
    fc.assert(fc.property(anything, holds), { numRuns: 500, seed })
  })

  it('that is JSON is read as JSON reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (value) => {
        const text = JSON.stringify({ name: 'p', outputs: { value }, stages: [{ id: 'a', transform: 1 }] })
        const { parsed, diagnostics } = read(text)
        const strange = /"(?:__proto__|constructor|prototype)":|\$\{\{|\ufeff|\\u[dD]|e\+?\d{3}|\d{16}/.test(text)
        if (!strange && diagnostics.length === 0)
          expect(parsed?.valueAt(['outputs', 'value'])).toEqual(JSON.parse(JSON.stringify(value)))
        if (!strange)
          expect(diagnostics.filter(({ code }) => code !== 'duplicate_key' && code !== 'number_for_text')).toEqual([])
      }),
      { numRuns: 300, seed: 3 },
    )
  })
})

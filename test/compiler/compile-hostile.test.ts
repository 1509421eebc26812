/** Texts that are meant to hang the compiler, to fill the memory, or to make it throw. */
import { describe, expect, it } from 'vitest'
import { compilePipeline } from '../../src/compiler/compile.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'

const request = { kinds: builtinKinds, functions: builtinFunctions, models: new Set<string>() }
const codesOf = (text: string) => [...new Set(compilePipeline(text, request).diagnostics.map(({ code }) => code))]
const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('')
const stage = '  - { id: last, transform: 1 }\n'

const hostile: [string, string, string[]][] = [
  [
    'a long text that a thousand aliases repeat',
    `name: p\nx-a: &a "${'a'.repeat(3_000_000)}"\nstages:\n${lines(1_000, (i) => `  - { id: s${i}, transform: *a }\n`)}`,
    ['too_many_aliases'],
  ],
  [
    'types that double each other',
    `name: p\ntypes:\n${lines(60, (i) => `  T${i}: { a: T${i + 1}, b: T${i + 1} }\n`)}  T60: string\ninputs: { i: T0 }\nstages:\n${stage}`,
    ['bad_schema', 'unused_input'],
  ],
  [
    'types in a long chain',
    `name: p\ntypes:\n${lines(5_000, (i) => `  T${i}: "T${i + 1}[]"\n`)}  T5000: string\nstages:\n${stage}`,
    ['bad_schema'],
  ],
  [
    'a large type as the output of a thousand stages',
    `name: p\ntypes:\n  T: { ${lines(1_500, (i) => `field_${i}: string, `)} }\nstages:\n${lines(1_000, (i) => `  - { id: s${i}, transform: 1, output: T }\n`)}`,
    ['bad_schema'],
  ],
  [
    'a type with a million suffixes',
    `name: p\ninputs: { i: "string${'[]'.repeat(500_000)}" }\nstages:\n${stage}`,
    ['bad_schema', 'unused_input'],
  ],
  [
    'a name with a million suffixes that are none',
    `name: p\ninputs: { i: "${'[]'.repeat(500_000)}x" }\nstages:\n${stage}`,
    ['unknown_type', 'unused_input'],
  ],
  [
    'a pattern that grows when it is compiled',
    `name: p\ninputs: { i: { type: string, pattern: "((a{100}){100}){100}" } }\nstages:\n${stage}`,
    ['bad_schema', 'unused_input'],
  ],
  [
    'a long blank in an expression',
    `name: p\nstages:\n  - { id: a, transform: "\${{ inputs.a.${' '.repeat(60_000)}? }}" }\n  - { id: b, transform: "{{ inputs.a.${' '.repeat(1_000_000)}? " }\n`,
    ['expression_syntax'],
  ],
  [
    'keys that every JavaScript object has',
    'name: p\ninputs: { toString: { type: object, valueOf: 1 } }\nstages:\n  - { id: a, uses: hasOwnProperty }\n',
    ['mixed_schema', 'unused_input', 'unknown_registered_function'],
  ],
]

describe('a hostile text', () => {
  it.each(hostile)('%s is refused', (_name, text, expected) => {
    const { plan } = compilePipeline(text, request)
    expect(plan).toBeUndefined()
    expect(codesOf(text).toSorted()).toEqual(expected.toSorted())
  })
})

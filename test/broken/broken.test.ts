/**
 * Broken pipelines, with the expected code and caret written on top of each before its rule was.
 *
 * A case is a file in `cases/` that opens with lines `# expect <code> <line>:<column>`. All that the compiler says must
 * be expected and all that is expected must be said, but for `unused_*` warnings, which a broken pipeline may have, too.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compilePipeline } from '../../src/compiler/compile.ts'
import { formatDiagnostic } from '../../src/foundation/diagnostic.ts'
import { yamlDiagnostics } from '../../src/foundation/diagnostics/yaml.ts'
import { catalogue } from '../../src/foundation/diagnostics.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'

const folder = fileURLToPath(new URL('cases', import.meta.url))

interface Case {
  readonly name: string
  readonly text: string
  readonly expected: readonly string[]
  readonly strict?: boolean
}

const written: Case[] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .map((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    return { name, text, expected: [...text.matchAll(/^# expect (\S+ \d+:\d+)$/gm)].map(([, each]) => each as string) }
  })

const small = 'name: p\nstages:\n  - id: a\n    transform: 1\n'

/** Faults that need too much text for a file, or a switch. */
const generated: Case[] = [
  { name: 'more than 4 MB', text: `${small}# ${'x'.repeat(4 * 1024 * 1024)}`, expected: ['file_too_large 1:1'] },
  {
    name: 'more than 400,000 nodes',
    text: `${small}x-data:\n${'- [1,1,1,1,1,1,1,1,1]\n'.repeat(45_000)}`,
    expected: ['too_many_nodes'],
  },
  {
    name: '5,000 brackets',
    text: `${small}x-data: ${'['.repeat(5_000)}${']'.repeat(5_000)}`,
    expected: ['nested_too_deep 5:109'],
  },
  {
    name: '2,000 maps',
    text: `${small}x-data: ${'{a: '.repeat(2_000)}1${'}'.repeat(2_000)}`,
    expected: ['nested_too_deep'],
  },
  {
    name: 'a read that nothing declares, with --strict',
    text: 'name: p\nstages:\n  - id: a\n    http: { url: "http://localhost" }\n  - id: b\n    transform: ${{ stages.a.output.name }}\n',
    expected: ['unchecked_read'],
    strict: true,
  },
]

const cases = [...written, ...generated]

function compile({ name, text, strict = false }: Case) {
  return compilePipeline(text, {
    path: join(folder, name),
    name,
    kinds: builtinKinds,
    functions: builtinFunctions,
    models: new Set(),
    strict,
  })
}

const said = (each: Case): string[] =>
  compile(each)
    .diagnostics.filter(
      ({ code }) => !code.startsWith('unused_') || each.expected.some((line) => line.startsWith(code)),
    )
    .map(({ code, span }) => `${code} ${span.start.line}:${span.start.column}`)

describe('a broken pipeline', () => {
  it.each(written)('$name is told what is wrong, at its place', (each) => {
    expect(said(each).toSorted()).toEqual(each.expected.toSorted())
  })

  it.each(generated)('with $name is refused', (each) => {
    expect(said(each).map((line) => (each.expected[0]?.includes(' ') ? line : line.split(' ')[0]))).toEqual(
      each.expected,
    )
  })

  it.each(cases)('$name is never answered with a stack trace, "undefined" or an empty sentence', (each) => {
    const { diagnostics, sources, plan } = compile(each)
    for (const diagnostic of diagnostics) {
      const text = formatDiagnostic(diagnostic, sources)
      expect(text).not.toMatch(/undefined|\[object |NaN|\n\s+at .*:\d+:\d+\)?$/m)
      expect(diagnostic.message).toMatch(/\S.*[.?!)]$/s)
      expect(diagnostic.span.start.line).toBeGreaterThan(0)
    }
    const hasError = diagnostics.some(({ severity }) => severity === 'error')
    expect(plan === undefined).toBe(hasError)
  })
})

describe('the corpus', () => {
  const codesOf = ({ expected }: Case) => expected.map((line) => line.split(' ')[0] as string)
  const counts = new Map<string, number>()
  for (const code of cases.flatMap((each) => [...new Set(codesOf(each))])) counts.set(code, (counts.get(code) ?? 0) + 1)

  it('has at least 150 cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(150)
  })

  it('has a case for every code of the catalogue, and only codes of the catalogue', () => {
    expect(Object.keys(catalogue).filter((code) => !counts.has(code))).toEqual([])
    expect([...counts.keys()].filter((code) => !(code in catalogue))).toEqual([])
  })

  it('has at least two cases for every trap of YAML', () => {
    const gates = ['file_too_large', 'too_many_nodes'] // not traps of the language: sizes
    const traps = Object.keys(yamlDiagnostics).filter((code) => !gates.includes(code))
    expect(traps.filter((code) => (counts.get(code) ?? 0) < 2)).toEqual([])
  })

  it('has at least twenty cases with three or more faults', () => {
    expect(cases.filter(({ expected }) => expected.length >= 3).length).toBeGreaterThanOrEqual(20)
  })
})

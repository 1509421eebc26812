import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compilePipeline } from '../../src/compiler/compile.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-compile-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const compile = (text: string) =>
  compilePipeline(text, {
    path: join(folder, 'p.yaml'),
    name: 'p.yaml',
    kinds: builtinKinds,
    functions: builtinFunctions,
    models: new Set(),
  })

describe('compiling', () => {
  it('reports everything at once, in the order of places', () => {
    const { diagnostics, plan } = compile(
      'name: P\nstages:\n  - { id: a, transform: "${{ inputs.x }}" }\n  - { id: a, run: "x ${{ 1 }}" }\n',
    )
    expect(plan).toBeUndefined()
    expect(diagnostics.map(({ code, span }) => `${span.start.line} ${code}`)).toEqual([
      '1 bad_name',
      '3 unknown_field',
      '4 duplicate_id',
      '4 expression_in_command',
    ])
  })

  it('reports faults in a prompt file at their place in that file', () => {
    writeFileSync(join(folder, 'prompt.md'), 'Dear reader,\ntell me about ${{ inputs.topik }}.\n')
    const { diagnostics, sources } = compile(
      'name: p\ninputs: { topic: string }\nmodels: { default: "openai:x" }\nstages:\n  - { id: a, llm: { prompt: { file: prompt.md }, system: "${{ inputs.topic }}" } }\n',
    )
    expect(diagnostics).toMatchObject([
      { code: 'unknown_field', span: { file: 'prompt.md', start: { line: 2, column: 26 } } },
    ])
    expect(sources.get('prompt.md')?.line(2)).toContain('topik')
  })

  it('imports nothing: a function file with an effect stays unrun', () => {
    writeFileSync(join(folder, 'effect.ts'), 'globalThis.stagegraphWasHere = true\nexport const f = () => 1\n')
    expect(compile('name: p\nstages:\n  - { id: a, uses: "./effect.ts#f" }\n').plan).toBeDefined()
    expect(globalThis).not.toHaveProperty('stagegraphWasHere')
  })

  it.each([
    '',
    '\0',
    '[',
    '- - - -',
    '?',
    '{}',
    '[]',
    'null',
    '&a *a',
    '%YAML 9.9\n---\n',
    'a: b: c',
    '\ufeff',
    '"',
    '---\n---\n',
    '\ud800',
  ])('answers %j with a diagnostic', (text) => {
    const { diagnostics, plan } = compile(text)
    expect(plan).toBeUndefined()
    expect(diagnostics.length).toBeGreaterThan(0)
  })
})

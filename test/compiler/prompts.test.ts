import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compilePipeline } from '../../src/compiler/compile.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-prompts-'))
  mkdirSync(join(folder, 'prompts'))
  writeFileSync(join(folder, 'prompts/plan.md'), '# Plan\r\nAbout ${{ inputs.topic }}, in $${{ }}.\r\n')
  writeFileSync(
    join(folder, 'prompts/wrong.md'),
    'Line one\n\n  then ${{ inputs.topic + }} and ${{ inputs.nothing }}\n',
  )
  writeFileSync(join(folder, 'prompts/long.md'), 'x'.repeat(4 * 1024 * 1024))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const stage = (id: string, file: string) => `  - { id: ${id}, llm: { prompt: { file: ${file} } } }\n`
const compile = (stages: string, name?: string) =>
  compilePipeline(
    `name: p\ninputs: { topic: string }\nmodels: { default: "openai:x" }\nstages:\n${stages}outputs: { topic: "\${{ inputs.topic }}" }\n`,
    {
      path: join(folder, 'p.yaml'),
      ...(name !== undefined && { name }),
      kinds: builtinKinds,
      functions: builtinFunctions,
      models: new Set(),
    },
  )

describe('a prompt in a file', () => {
  it('is in the plan as a template; the file itself is not', () => {
    const { plan, diagnostics } = compile(stage('a', 'prompts/plan.md'))
    expect(diagnostics).toEqual([])
    const prompt = [
      'prompt',
      { kind: 'text', parts: ['# Plan\r\nAbout ', { source: 'inputs.topic' }, ', in ${{ }}.\r\n'] },
    ]
    expect(plan?.stages[0]?.config).toEqual({ kind: 'map', entries: [prompt] })
    expect(plan?.files).toEqual({})
  })

  it('tells its faults in its own text, by a path from where people stand', () => {
    const { diagnostics, sources } = compile(stage('a', './prompts/wrong.md'), 'examples/p.yaml')
    expect(diagnostics.map(({ code, span }) => [code, span.file, span.start.line])).toEqual([
      ['expression_syntax', 'examples/prompts/wrong.md', 3],
      ['unknown_field', 'examples/prompts/wrong.md', 3],
    ])
    expect(sources.get('examples/prompts/wrong.md')?.line(3)).toContain('inputs.nothing')
  })

  it('that is missing is told in the pipeline, once for each stage that wants it', () => {
    const { diagnostics, plan } = compile(stage('a', 'prompts/plna.md') + stage('b', 'prompts/plna.md'), 'p.yaml')
    expect(plan).toBeUndefined()
    expect(diagnostics.map(({ code, span }) => [code, span.file, span.start.line])).toEqual([
      ['file_unreadable', 'p.yaml', 5],
      ['file_unreadable', 'p.yaml', 6],
    ])
  })

  it('may not make the plan endless: all of them together have a limit', () => {
    const { diagnostics, plan } = compile(
      Array.from({ length: 6 }, (_, index) => stage(`s${index}`, 'prompts/long.md')).join(''),
    )
    expect(plan).toBeUndefined()
    expect(diagnostics.map(({ code, message }) => [code, message.slice(0, 70)])).toEqual(
      ['4', '5'].map(() => [
        'file_unreadable',
        '"prompts/long.md" makes the prompts of the pipeline longer than 16777216 '.slice(0, 70),
      ]),
    )
  })
})

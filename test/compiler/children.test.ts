/** Pipelines that are stages of others: read, compiled once, and checked against what is around them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { formatDiagnostic } from '../../src/foundation/diagnostic.ts'
import { compileText } from './rules/checking.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-child-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(path: string, ...lines: string[]): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), `${lines.join('\n')}\n`)
}

const compile = (...stages: string[]) =>
  compileText(['name: p', 'inputs: { n: { type: number, default: 1 } }', ...stages, ''].join('\n'), {
    path: join(folder, 'p.yaml'),
  })

const notUnused = ({ code }: { readonly code: string }) => !code.startsWith('unused_')

/** `file code line:column`. */
const said = (...stages: string[]): string[] =>
  compile(...stages)
    .diagnostics.filter(notUnused)
    .map(({ code, span: { file, start } }) => `${file} ${code} ${start.line}:${start.column}`)

const only = (...stages: string[]) => {
  const [first, second] = compile(...stages).diagnostics.filter(notUnused)
  if (!first || second) throw new Error(`${first?.message} ${second?.message}`)
  return first
}

const child = (path: string, ...top: string[]) =>
  write(path, 'name: child', ...top, 'stages: [{ id: a, transform: 1 }]')

describe('a pipeline that is a stage', () => {
  it('is told with its own file, line and code frame', () => {
    write('lib/child.yaml', 'name: child', 'stages:', '  - id: a', '    transform: ${{ inputs.nope }}')
    const { diagnostics, sources } = compile('stages: [{ id: c, pipeline: ./lib/child.yaml }]')
    const [found] = diagnostics.filter(notUnused)
    expect(found && formatDiagnostic(found, sources)).toBe(
      [
        'lib/child.yaml:4:27 error unknown_field',
        '  There is no field "nope".',
        '  4 │     transform: ${{ inputs.nope }}',
        '    │                           ^^^^',
        '  It has no fields.',
      ].join('\n'),
    )
  })

  it('is looked at once, however often it is used', () => {
    write('child.yaml', 'name: child', 'stages:', '  - id: a', '    transfrm: 1')
    const uses = ['a', 'b', 'c'].map((id) => `  - { id: ${id}, pipeline: ./child.yaml }`)
    expect(said('stages:', ...uses)).toEqual(['child.yaml unknown_key 4:5'])
  })

  it('has a world of its own: nothing outside is seen, and its ids are free', () => {
    write(
      'child.yaml',
      'name: child',
      'stages:',
      '  - { id: a, transform: "${{ stages.first.output }}" }',
      '  - { id: first, transform: "${{ item }}" }',
    )
    const each = ['  - id: each', '    foreach: [1]', '    stages: [{ id: c, pipeline: ./child.yaml }]']
    expect(said('stages:', '  - { id: first, transform: 1 }', ...each)).toEqual([
      'child.yaml stage_not_upstream 3:37',
      'child.yaml wrong_scope 4:34',
    ])
  })

  it('may be found from a body, with paths from the file that names it', () => {
    write(
      'lib/child.yaml',
      'name: child',
      'stages: [{ id: a, pipeline: ./leaf.yaml }, { id: b, pipeline: ../top.yaml }]',
    )
    child('lib/leaf.yaml')
    child('top.yaml')
    const each = ['  - id: each', '    foreach: [1]', '    stages: [{ id: c, pipeline: ./lib/child.yaml }]']
    expect(said('stages:', ...each)).toEqual([])
  })

  it('that is not there, or no text, is told where it is named', () => {
    expect(said('stages: [{ id: c, pipeline: ./child.yaml }]')).toEqual(['p.yaml file_unreadable 3:29'])
    mkdirSync(join(folder, 'folder'))
    expect(only('stages: [{ id: c, pipeline: folder }]').message).toBe('"folder" is a folder.')
    write('empty.yaml', '')
    expect(said('stages: [{ id: c, pipeline: empty.yaml }]')).toEqual(['empty.yaml wrong_type 1:1'])
  })

  it('may not hold itself, by whatever way', () => {
    write('a.yaml', 'name: a', 'stages: [{ id: b, pipeline: lib/b.yaml }]')
    write('lib/b.yaml', 'name: b', 'stages: [{ id: a, pipeline: ../a.yaml }]')
    const found = only('stages: [{ id: a, pipeline: ./a.yaml }]')
    expect(found).toMatchObject({
      code: 'pipeline_cycle',
      message: 'A pipeline cannot run itself: a.yaml → lib/b.yaml → a.yaml.',
      span: { file: 'lib/b.yaml', start: { line: 2, column: 29 } },
    })
    write('back.yaml', 'name: back', 'stages: [{ id: a, pipeline: p.yaml }]')
    expect(only('stages: [{ id: a, pipeline: back.yaml }]').message).toBe(
      'A pipeline cannot run itself: p.yaml → back.yaml → p.yaml.',
    )
  })

  it('may be nested through 16 levels, and no more, by the shortest and the longest way', () => {
    for (let level = 1; level <= 17; level++) {
      const inside = level === 17 ? 'transform: 1' : `pipeline: ${level + 1}.yaml`
      write(`${level}.yaml`, `name: level_${level}`, `stages: [{ id: a, ${inside} }]`)
    }
    expect(said('stages: [{ id: a, pipeline: 2.yaml }]')).toEqual([])
    expect(said('stages: [{ id: a, pipeline: 1.yaml }]')).toEqual(['16.yaml pipelines_too_deep 2:29'])
    const both = said('stages: [{ id: a, pipeline: 9.yaml }, { id: b, pipeline: 1.yaml }]')
    expect(both).toEqual(['8.yaml pipelines_too_deep 2:29'])
  })
})

describe('the inputs of a pipeline that is a stage', () => {
  beforeEach(() =>
    child('child.yaml', 'inputs: { name: string, count: { type: integer, maximum: 9, default: 1 }, "note?": string }'),
  )
  const given = (inputs: string) => ['stages:', '  - id: c', '    pipeline: ./child.yaml', `    with: ${inputs}`]

  it.each([
    ['all that is required', '{ name: Ada }', []],
    ['everything', '{ name: Ada, count: 2, note: x }', []],
    ['an expression', '{ name: "n ${{ inputs.n }}", count: "${{ inputs.n }}" }', []],
    ['nothing', '{}', ['p.yaml missing_input 5:5']],
    ['another type', '{ name: 5 }', ['p.yaml value_mismatch 6:19']],
    ['a number that is too large', '{ name: Ada, count: 10 }', ['p.yaml value_mismatch 6:31']],
    ['an expression of another type', '{ name: "${{ inputs.n }}" }', ['p.yaml value_mismatch 6:19']],
    ['another name', '{ name: Ada, cuont: 2 }', ['p.yaml unknown_input 6:24']],
    ['a whole map', '"${{ {\'name\': run.id} }}"', []],
    ['a whole map that lacks something', '"${{ {\'count\': 1} }}"', ['p.yaml value_mismatch 6:11']],
    ['no map', '"${{ inputs.n }}"', ['p.yaml value_mismatch 6:11']],
  ])('are checked: %s', (_, inputs, expected) => {
    expect(said(...given(inputs))).toEqual(expected)
  })

  it('are shown where they are declared', () => {
    const found = only('stages: [{ id: c, pipeline: ./child.yaml }]')
    expect(found).toMatchObject({
      message: 'The pipeline "child" requires the input "name".',
      hint: 'Add to "with": name: …',
    })
    expect(found.related).toMatchObject([
      { message: '"name" is declared here.', span: { file: 'child.yaml', start: { line: 2 } } },
    ])
    expect(only(...given('{ name: Ada, cuont: 2 }')).hint).toBe('Did you mean "count"?')
  })

  it('give outputs with types', () => {
    write(
      'out.yaml',
      'name: out',
      'stages: [{ id: a, transform: 1, output: number }]',
      'outputs: { n: "${{ stages.a.output }}" }',
    )
    const read = (field: string) =>
      said('stages: [{ id: c, pipeline: out.yaml }]', `outputs: { x: "\${{ stages.c.output.${field} }}" }`)
    expect(read('n + 1')).toEqual([])
    expect(read('m')).toEqual(['p.yaml unknown_field 4:36'])
    expect(read('n.x')).toEqual(['p.yaml expression_type 4:38'])
  })
})

describe('what a pipeline that is a stage may read and ask', () => {
  it.each([
    ['env: [HOME]', 'env: [HOME]', 'env', 'environment variable "HOME"'],
    ['env: [{ HOME: x }]', 'env: [HOME]', 'env', 'environment variable "HOME"'],
    ['secrets: [TOKEN]', 'secrets: [TOKEN]', 'secrets', 'secret "TOKEN"'],
    ['models: { default: openai:a }', 'models: { cheap: openai:a }', 'models', 'model "openai:a"'],
  ])('is what this one may: %s', (top, parent, list, what) => {
    child('child.yaml', top)
    const stages = 'stages: [{ id: c, pipeline: ./child.yaml }]'
    expect(said(parent, stages)).toEqual([])
    const found = only(stages)
    expect(found).toMatchObject({
      code: 'not_granted',
      message: `The pipeline "child" uses the ${what}, which this pipeline does not declare.`,
      hint: `Add it to "${list}" of this pipeline.`,
      span: { file: 'p.yaml', start: { line: 3, column: 29 } },
    })
    expect(found.related?.[0]?.span.file).toBe('child.yaml')
  })

  it('is asked of every level', () => {
    write('middle.yaml', 'name: middle', 'stages: [{ id: c, pipeline: ./child.yaml }]')
    child('child.yaml', 'env: [HOME]')
    expect(said('env: [HOME]', 'stages: [{ id: m, pipeline: ./middle.yaml }]')).toEqual([
      'middle.yaml not_granted 2:29',
    ])
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatDiagnostic } from '../../../src/foundation/diagnostic.ts'
import { compileText, only, pipeline, places, said } from './checking.ts'

const inputs = 'inputs: { n: number, s: string, b: boolean, age?: number }'
const one = (...lines: string[]) => pipeline([['id: a', ...lines].join('\n')], inputs)
const transform = (value: string) => one(`transform: ${value}`)

describe('every place with expressions', () => {
  it.each([
    ['if', 'if: inputs.x == 1', 'transform: 1', '5:16'],
    ['a value of the kind', 'transform: ${{ inputs.x }}', '', '5:27'],
    ['a value deep inside', 'transform: { a: [{ b: "${{ inputs.x }}" }] }', '', '5:39'],
    ['a bare expression of the kind', 'assert: [{ that: inputs.x == 1 }]', '', '5:29'],
    ['timeout', 'timeout: ${{ inputs.x }}', 'transform: 1', '5:25'],
    ['timeout.idle', 'timeout: { idle: "${{ inputs.x }}" }', 'transform: 1', '5:34'],
    ['env', 'env: { A: "${{ inputs.x }}" }', 'run: echo', '5:27'],
    ['set', 'transform: 1', 'set: { v: "${{ inputs.x }}" }', '6:27'],
    ['on_error', 'transform: 1', 'on_error: { continue: "${{ inputs.x }}" }', '6:39'],
    ['idempotency_key', 'transform: 1', 'idempotency_key: ${{ inputs.x }}', '6:33'],
    ['cache.key', 'transform: 1', 'cache: { key: "${{ inputs.x }}", ttl: 1m }', '6:31'],
    ['a prompt in the pipeline', 'llm: { model: "openai:m", prompt: "${{ inputs.x }}" }', '', '5:51'],
    ['a header', 'http: { url: "http://x", headers: { A: "${{ inputs.x }}" } }', '', '5:56'],
  ])('is checked: %s', (_, first, second, at) => {
    const text = pipeline([['id: a', first, second].filter(Boolean).join('\n')], 'inputs: { n: number }').replace(
      'stages:',
      'vars: { v: {} }\nstages:',
    )
    const [line, column] = at.split(':').map(Number) as [number, number]
    expect(said(text)).toEqual([`unknown_field ${line + 1}:${column} There is no field "x".`])
  })

  it('is checked: defaults.timeout, as the stages that take it over read it, and told once', () => {
    const withDefault = (timeout: string, ...stages: string[]) =>
      said(pipeline(stages, 'inputs: { n: number, s: string }', `defaults: { timeout: "\${{ ${timeout} }}" }`))
    const [a, b] = ['id: a\ntransform: 1\noutput: { t: string }', 'id: b\ntransform: 2']
    expect(withDefault('inputs.s', a, b)).toEqual([])
    expect(withDefault('inputs.x', a, b)).toEqual(['unknown_field 3:34 There is no field "x".'])
    expect(withDefault('inputs.n', a, b)).toEqual([
      'expression_type 3:27 A duration is a text such as "30s", but this is a number.',
    ])
    expect(withDefault('stages.a.output.t', a, b)).toEqual([
      'stage_not_upstream 3:34 "a" reads itself, but it has not run yet.',
    ])
    expect(withDefault('stages.a.output.t', `${a}\ntimeout: 1s`, b)).toEqual([])
    expect(withDefault('inputs.x', `${a}\ntimeout: 1s`)).toEqual(['unknown_field 3:34 There is no field "x".'])
  })

  it('is checked: outputs', () => {
    expect(places(`${transform('1')}outputs: { x: "\${{ inputs.x }}" }\n`)).toEqual(['unknown_field 6:27'])
  })

  it('is no place in a command, which is told once', () => {
    expect(places(one('run: echo ${{ inputs.x }}'))).toEqual(['expression_in_command 5:15'])
  })
})

describe('a prompt file', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stagegraph-rules-'))
    writeFileSync(join(folder, 'plan.md'), '# Plan\n\nAbout ${{ inputs.topik }},\nfor ${{ output }}.\n')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is checked in the scope of its stage, and faults stand in the file itself', () => {
    const text = pipeline(['id: a\nllm: { model: "openai:m", prompt: { file: plan.md } }'], 'inputs: { topic: string }')
    const { diagnostics, sources } = compileText(text, { path: join(folder, 'p.yaml') })
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    expect(errors.map(({ code, span }) => `${code} ${span.file} ${span.start.line}:${span.start.column}`)).toEqual([
      'unknown_field plan.md 3:18',
      'wrong_scope plan.md 4:9',
    ])
    expect(formatDiagnostic(errors[0] as (typeof errors)[0], sources)).toContain('3 │ About ${{ inputs.topik }},')
  })

  it('that cannot be read is told once', () => {
    const text = pipeline(['id: a\nllm: { model: "openai:m", prompt: { file: gone.md } }'])
    expect(places(text, { path: join(folder, 'p.yaml') })).toEqual(['file_unreadable 4:47'])
  })
})

describe('names', () => {
  it.each([
    ['input.n', 'unknown_name', 'There is nothing called "input" here.', 'Did you mean "inputs"?'],
    ['inputs.nn.x', 'unknown_field', 'There is no field "nn".', 'Its fields are: n, s, b, age.'],
    ['inputs.s.uper()', 'unknown_function', 'There is no function "uper".', 'Did you mean "upper"?'],
    ['run.idd', 'unknown_field', 'There is no field "idd".', 'Did you mean "id"?'],
    [
      'output',
      'wrong_scope',
      '"output" cannot be read here: it exists only in "set" and "rollback", where the stage has one.',
      undefined,
    ],
    [
      'error.code',
      'wrong_scope',
      '"error" cannot be read here: it exists only in "on_error": in conditions and stages of handlers, and in the value of "continue".',
      undefined,
    ],
    [
      'event.id',
      'wrong_scope',
      '"event" cannot be read here: it exists only in the "match" of a wait or trigger.',
      undefined,
    ],
    [
      'run.status',
      'wrong_scope',
      '"run.status" cannot be read here: it exists only in "finally" and in handlers of the pipeline.',
      undefined,
    ],
  ])('%s is %s', (source, code, message, hint) => {
    const found = only(transform(`\${{ ${source} }}`))
    expect(found).toMatchObject({ code, message })
    expect(found.hint).toBe(hint)
  })

  it.each(['inputs.topic', 'vars.draft', 'env.HOME', 'stages.plan'])('are told where they are: %s', (path) => {
    const [, name] = path.split('.')
    const top = ['inputs: { topic: string }', 'vars: { draft: {} }', 'env: [HOME]']
    expect(only(pipeline(['id: plan\ntransform: 1', `id: b\ntransform: \${{ ${name} }}`], ...top))).toMatchObject({
      code: 'unknown_name',
      hint: `Did you mean "${path}"?`,
    })
  })

  it('"output" exists in set, with the type of the stage', () => {
    const text = pipeline(
      ['id: a\ntransform: 1\noutput: { n: number }\nset: { v: "${{ output.m }}" }'],
      'vars: { v: {} }',
    )
    expect(places(text)).toEqual(['unknown_field 7:27'])
  })

  it('"error" exists in the value of on_error, with its fields', () => {
    const text = (field: string) => one('transform: 1', `on_error: { continue: "\${{ error.${field} }}" }`)
    expect(said(text('category'))).toEqual([])
    expect(said(text('categry'))).toEqual(['unknown_field 6:38 There is no field "categry".'])
  })
})

describe('types', () => {
  it('of conditions are boolean', () => {
    const found = only(one('if: " inputs.s "', 'transform: 1'))
    expect(found).toMatchObject({
      code: 'condition_not_boolean',
      message: '"if" has to be true or false, but this is text.',
    })
    expect([found.span.start.column, found.span.end.column]).toEqual([11, 19])
  })

  it('of conditions in kinds of one’s own are boolean where the language says so', () => {
    expect(places(one('pick: { by: inputs.n, when: inputs.n }'))).toEqual(['condition_not_boolean 5:33'])
  })

  it('may be unknown: then nothing is said', () => {
    const text = pipeline([
      'id: a\nhttp: { url: "http://x" }',
      'id: b\nif: stages.a.output\ntransform: ${{ stages.a.output.x + 1 }}',
    ])
    expect(said(text)).toEqual([])
  })

  it('of computed timeouts are text', () => {
    expect(said(one('timeout: ${{ inputs.n }}', 'transform: 1'))).toEqual([
      'expression_type 5:18 A duration is a text such as "30s", but this is a number.',
    ])
    expect(said(one('timeout: ${{ inputs.s }}', 'transform: 1'))).toEqual([])
    expect(said(one('transform: { timeout: "${{ inputs.n }}" }'))).toEqual([])
  })

  it('of what is put into text is not always null', () => {
    expect(said(transform('"a ${{ null }}"'))).toEqual([
      'null_in_text 5:23 This is null, which cannot be put into a text.',
    ])
    expect(said(transform('${{ null }}'))).toEqual([])
    expect(said(transform('"a ${{ inputs.age }}"'))).toEqual([])
  })

  it('of the output of a stage that goes on with a value of another type are not assumed', () => {
    const stages = [
      'id: a\nrun: make\non_error: { continue: { rows: [] } }',
      'id: b\ntransform: ${{ stages.a.output.rows }}',
    ]
    expect(said(pipeline(stages))).toEqual([])
  })

  it('of the output of a registered function are what it says', () => {
    const reading = (source: string) =>
      said(pipeline(['id: a\nuses: test/send\nwith: { to: me }', `id: b\ntransform: \${{ ${source} }}`]))
    expect(reading('stages.a.output.id.upper()')).toEqual([])
    expect(reading('stages.a.output.idd')).toEqual(['unknown_field 7:36 There is no field "idd".'])
    expect(reading('stages.a.output.id * 2')).toHaveLength(1)
  })
})

describe('several faults', () => {
  it('in one text are all told', () => {
    expect(places(transform('"${{ inputs.x }} ${{ foo }} ${{ inputs.s * 2 }}"'))).toEqual([
      'unknown_field 5:28',
      'unknown_name 5:37',
      'expression_type 5:48',
    ])
  })

  it('of one expression do not add up: an unknown name has any type', () => {
    expect(places(one('if: stages.gone.output.x + 1', 'transform: 1'))).toEqual(['unknown_stage 5:16'])
  })
})

describe('--strict', () => {
  const stages = ['id: a\nhttp: { url: "http://x" }', 'id: b\ntransform: ${{ stages.a.output.name }} ${{ vars.v.w }}']
  const text = pipeline(stages, 'vars: { v: {} }')

  it('lists reads of which nothing is known', () => {
    expect(said(text, { strict: true })).toEqual([
      'unchecked_read 7:27 Nothing is known of the output of "a", so this read is not checked.',
      'unchecked_read 7:53 Nothing is known of the variable "v", so this read is not checked.',
    ])
  })

  it('knows what a registered function says of its output', () => {
    const reader = 'id: b\ntransform: ${{ stages.a.output.id }}'
    expect(said(pipeline(['id: a\nuses: test/send\nwith: { to: me }', reader]), { strict: true })).toEqual([])
  })

  it('lists reads of a value that a stage without "output:" goes on with', () => {
    const goesOn = 'id: a\nuses: test/send\nwith: { to: me }\non_error: { continue: { id: 1 } }'
    expect(places(pipeline([goesOn, 'id: b\ntransform: ${{ stages.a.output.id }}']), { strict: true })).toEqual([
      'unchecked_read 8:27',
    ])
  })

  it('is needed for that', () => expect(said(text)).toEqual([]))
})

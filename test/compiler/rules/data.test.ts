import { describe, expect, it } from 'vitest'
import { only, pipeline, places, said, saidUnused } from './checking.ts'

const stage = (...lines: string[]) => ['id: a', ...lines].join('\n')
const setting = (schema: string, value: string, ...top: string[]) =>
  pipeline([stage('transform: 1', `set: { v: ${value} }`)], `vars: { v: ${schema} }`, ...top)

describe('set', () => {
  it('names a declared variable', () => {
    const found = only(pipeline([stage('transform: 1', 'set: { drafd: 1 }')], 'vars: { draft: {} }'))
    expect(found).toMatchObject({
      code: 'unknown_variable',
      message: 'There is no variable "drafd".',
      hint: 'Did you mean "draft"?',
    })
    expect([found.span.start.line, found.span.start.column]).toEqual([6, 12])
  })

  it.each([
    ['{ type: number }', 'many', 'it must be a number, not text'],
    ['{ type: number }', '"${{ inputs.s }}"', 'it is text, not a number'],
    ['{ type: number }', '"n ${{ inputs.n }}"', 'it is text, not a number'],
    ['{ type: "string[]", merge: append }', '"${{ inputs.s }}"', 'it is text, not a list'],
    ['{ type: "string[]" }', '["${{ inputs.n }}"]', 'in item 0 it is a number, not text'],
    ['{ type: "number[]" }', '"${{ inputs.s.split(\',\') }}"', 'of its items, it is text, not a number'],
    ['{ type: { a: number } }', '{ b: "${{ inputs.n }}" }', 'it has no field "a"'],
    ['{ type: { a: number } }', '{ a: "${{ inputs.s }}" }', 'in "a" it is text, not a number'],
    ['{ type: { a: number } }', '{ a: 1, b: "${{ inputs.n }}" }', 'it must not have the field "b"'],
  ])('into %s refuses %s', (schema, value, problem) => {
    const found = only(setting(schema, value, 'inputs: { s: string, n: number }'))
    expect(found).toMatchObject({ code: 'value_mismatch', message: `What is set for "v" does not fit: ${problem}.` })
    expect([found.span.start.line, found.span.start.column]).toEqual([7, 15])
  })

  it.each([
    ['{ type: number }', '"${{ inputs.n }}"'],
    ['{ type: integer }', '"${{ inputs.n }}"'],
    ['{ type: "number?" }', '"${{ inputs.n > 1 ? inputs.n : null }}"'],
    ['{ type: "string[]", merge: append }', '"${{ inputs.s.split(\',\') }}"'],
    ['{ type: "string[]", merge: append }', '["${{ inputs.s }}"]'],
    ['{ type: { a: number, b?: string } }', '{ a: "${{ inputs.n }}" }'],
    ['{}', '{ a: [1] }'],
  ])('into %s takes %s', (schema, value) => {
    expect(said(setting(schema, value, 'inputs: { s: string, n: number }'))).toEqual([])
  })

  it('says how lists are put together', () => {
    expect(only(setting('{ type: "string[]", merge: append }', 'one')).hint).toBe(
      '"merge: append" puts lists together; give a list, also for one item.',
    )
  })

  it('gives a part of a map to merge: merge', () => {
    const schema = '{ type: { a: number, b: string }, merge: merge, default: { a: 1, b: x } }'
    expect(said(setting(schema, '{ a: 2 }'))).toEqual([])
    expect(said(setting(schema, '{ a: "${{ inputs.n }}" }', 'inputs: { n: number }'))).toEqual([])
    expect(said(setting(schema, '3'))).toHaveLength(1)
  })

  it('says nothing when the expression is wrong in itself', () => {
    expect(places(setting('{ type: number }', '"${{ inputs.x }}"', 'inputs: { n: number }'))).toEqual([
      'unknown_field 7:27',
    ])
    expect(places(setting('{ type: number }', '"${{ inputs.n"', 'inputs: { n: number }'))).toEqual([
      'unclosed_expression 7:16',
    ])
  })
})

describe('on_error: { continue: … }', () => {
  const goesOn = (value: string) =>
    stage('http: { url: "http://x" }', 'output: { rows: "string[]" }', `on_error: { continue: ${value} }`)

  it('fits the declared output', () => {
    expect(said(pipeline([goesOn('{ rows: [] }')]))).toEqual([])
    expect(said(pipeline([goesOn('3')]))).toEqual([
      'value_mismatch 6:27 The value that "a" goes on with does not fit: it must be a map, not the number 3.',
    ])
  })
})

describe('with of a registered function', () => {
  const call = (...lines: string[]) =>
    pipeline([stage('uses: test/send', ...lines)], 'inputs: { n: number, s: string }', 'secrets: [K]')

  it('fits what the function takes', () => {
    expect(said(call('with: { to: "${{ inputs.s }}", tags: ["${{ inputs.s }}"] }'))).toEqual([])
    expect(said(call('with: { to: "${{ inputs.n }}" }'))).toEqual([
      'value_mismatch 7:11 "with" does not fit: in "to" it is a number, not text.',
    ])
    expect(said(call('with: { to: me, tags: me }'))).toEqual([
      'value_mismatch 7:11 "with" does not fit: in "tags" it is text, not a list.',
    ])
    expect(said(call('with: { too: me }'))).toEqual(['value_mismatch 7:11 "with" does not fit: it has no field "to".'])
    expect(said(call())).toEqual(['value_mismatch 6:11 "with" does not fit: it has no field "to".'])
  })

  it('holds secrets only in the fields that the function marks', () => {
    expect(said(call('with: { to: me, key: "${{ secrets.K }}" }'))).toEqual([])
    expect(said(call('with: { to: "${{ secrets.K }}" }'))).toEqual([
      'secret_not_allowed 7:22 The secret "K" may not stand in "with.to".',
    ])
  })
})

describe('defaults', () => {
  it.each([
    [
      'inputs: { n: { type: integer, minimum: 1, default: 0 } }',
      'bad_default 2:52 The default of "n" does not fit its schema: it must be at least 1.',
    ],
    [
      'vars: { n: { type: "string[]", default: [1] } }',
      'bad_default 2:41 The default of "n" does not fit its schema: [0] must be text, not the number 1.',
    ],
  ])('fit their schema: %s', (top, expected) => {
    expect(said(pipeline([stage('transform: 1')], top))).toEqual([expected])
  })
})

describe('merge', () => {
  it.each([
    ['append', 'string'],
    ['union', '{ a: number }'],
    ['sum', 'string'],
    ['min', 'boolean'],
    ['max', '"number[]"'],
    ['merge', '"string[]"'],
  ])('%s does not work on %s', (merge, type) => {
    expect(places(pipeline([stage('transform: 1')], `vars: { v: { merge: ${merge}, type: ${type} } }`))).toEqual([
      'merge_mismatch 2:21',
    ])
  })

  it.each([
    ['append', '"string[]"'],
    ['union', '"string[]?"'],
    ['sum', 'integer'],
    ['min', 'string'],
    ['max', '"number?"'],
    ['merge', '{ a: number }'],
    ['last', 'string'],
    ['first', '"string[]"'],
  ])('%s works on %s', (merge, type) => {
    expect(said(pipeline([stage('transform: 1')], `vars: { v: { merge: ${merge}, type: ${type} } }`))).toEqual([])
  })

  it('works on what has no type', () => {
    expect(said(pipeline([stage('transform: 1')], 'vars: { v: { merge: sum } }'))).toEqual([])
  })

  it('says what to do', () => {
    expect(only(pipeline([stage('transform: 1')], 'vars: { v: { merge: sum, type: string } }'))).toMatchObject({
      message: '"merge: sum" works on a number, but "v" is text.',
      hint: 'Use "merge: last", or declare a number as the type of "v".',
    })
  })
})

describe('secrets', () => {
  const use = (...lines: string[]) => pipeline([stage(...lines)], 'secrets: [TOKEN]')

  it.each([
    ['env of run', 'run: x', 'env: { T: "${{ secrets.TOKEN }}" }'],
    ['stdin of run', 'run: x', 'stdin: ${{ secrets.TOKEN }}'],
    ['headers', 'http: { url: "http://x", headers: { A: "Bearer ${{ secrets.TOKEN }}" } }', ''],
    ['auth', 'http: { url: "http://x", auth: { bearer: "${{ secrets.TOKEN }}" } }', ''],
    ['json', 'http: { url: "http://x", method: POST, json: { a: ["${{ secrets.TOKEN }}"] } }', ''],
    ['body', 'http: { url: "http://x", method: POST, body: "${{ secrets.TOKEN }}" }', ''],
  ])('may stand in %s', (_, first, second) => {
    expect(said(use(first, ...(second ? [second] : [])))).toEqual([])
  })

  it.each([
    ['if', 'if: secrets.TOKEN == "x"', 'transform: 1', '5:9'],
    ['transform', 'transform: ${{ secrets.TOKEN }}', '', '5:20'],
    ['run', 'run: [echo, "${{ secrets.TOKEN }}"]', '', '5:22'],
    ['url', 'http: { url: "http://x/${{ secrets.TOKEN }}" }', '', '5:32'],
    ['query', 'http: { url: "http://x", query: { t: "${{ secrets.TOKEN }}" } }', '', '5:47'],
    ['prompt', 'llm: { model: "openai:m", prompt: "${{ secrets.TOKEN }}" }', '', '5:44'],
    ['set', 'transform: 1', 'set: { v: "${{ secrets.TOKEN }}" }', '6:20'],
    ['on_error', 'transform: 1', 'on_error: { continue: "${{ secrets.TOKEN }}" }', '6:32'],
    ['idempotency_key', 'transform: 1', 'idempotency_key: ${{ secrets.TOKEN }}', '6:26'],
    ['cache', 'transform: 1', 'cache: { key: "${{ secrets.TOKEN }}", ttl: 1m }', '6:24'],
    ['timeout', 'timeout: ${{ secrets.TOKEN }}', 'transform: 1', '5:18'],
  ])('may not stand in %s', (_, first, second, at) => {
    const text = use(first, ...(second ? [second] : [])).replace('stages:', 'vars: { v: {} }\nstages:')
    const [line, column] = at.split(':').map(Number) as [number, number]
    expect(places(text)).toEqual([`secret_not_allowed ${line + 1}:${column}`])
  })

  it('may not stand in outputs', () => {
    expect(places(`${use('transform: 1')}outputs: { t: "\${{ secrets.TOKEN }}" }\n`)).toEqual([
      'secret_not_allowed 6:20',
    ])
  })

  it('are named one by one', () => {
    expect(said(use('run: x', 'env: { T: "${{ json(secrets) }}" }'))).toEqual([
      'secret_not_allowed 6:25 Secrets may not stand in one value; name them one by one.',
    ])
  })

  it('are declared', () => {
    const found = only(use('run: x', 'env: { T: "${{ secrets.TOKN }}" }'))
    expect(found).toMatchObject({
      code: 'undeclared_secret',
      message: 'The secret "TOKN" is not declared.',
      hint: 'Did you mean "TOKEN"?',
    })
  })
})

describe('environment variables', () => {
  it('are declared', () => {
    const text = (name: string) =>
      pipeline([stage(`transform: \${{ env.${name} }}`)], 'env: [REPORT_DIR, { LOCALE: en }]')
    expect(said(text('REPORT_DIR'))).toEqual([])
    expect(said(text('LOCALE'))).toEqual([])
    expect(said(text('HOME'))).toEqual(['undeclared_env 5:24 The environment variable "HOME" is not declared.'])
  })
})

describe('what is of no use', () => {
  it('is told: inputs and variables that nothing reads', () => {
    const text = pipeline(
      [stage('transform: ${{ inputs.used }}', 'set: { kept: 1, lost: 2 }')],
      'inputs: { used: string, spare: string }',
      'vars: { kept: {}, lost: {}, idle: {} }',
    )
    expect(saidUnused(`${text}outputs: { k: "\${{ vars.kept }}" }\n`)).toEqual([
      'unused_input 2:25 The input "spare" is never read.',
      'unused_variable 3:19 The variable "lost" is set, but never read.',
      'unused_variable 3:29 The variable "idle" is neither set nor read.',
    ])
  })

  it('is not told when all of them are read together', () => {
    expect(
      saidUnused(
        pipeline([stage('transform: ${{ inputs }} ${{ json(vars) }}')], 'inputs: { a: string }', 'vars: { v: {} }'),
      ),
    ).toEqual([])
  })

  it('is not told while an expression, a stage or a prompt cannot be read', () => {
    const inputs = 'inputs: { a: string }'
    expect(saidUnused(pipeline([stage('transform: ${{ inputs.a + }}')], inputs))).toEqual([])
    expect(saidUnused(pipeline([stage('transform: ${{ inputs.a')], inputs))).toEqual([])
    expect(saidUnused(pipeline([stage('trasform: ${{ inputs.a }}')], inputs))).toEqual([])
    expect(saidUnused(pipeline([stage('llm: { model: "x:y", prompt: { file: gone.md } }')], inputs))).toEqual([])
    expect(saidUnused(pipeline([stage('llm: { model: "x:y", prompt: hello }')], inputs))).toHaveLength(1)
  })
})

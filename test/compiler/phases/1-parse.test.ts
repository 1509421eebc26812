import { describe, expect, it } from 'vitest'
import type { Path } from '../../../src/compiler/parsed.ts'
import { read, said, stage, top } from './parsing.ts'

const pipeline = `# A whole pipeline.
name: report
version: "2.1"
description: >
  What it
  is for.
inputs:
  topic: { type: string, minLength: 3 }
  depth?: integer
types: { Source: { url: string, title?: string } }
vars:
  sources: { type: "Source[]", merge: append, default: [] }
  best: { merge: ./reducers.ts#best, description: The best one }
models: { default: openai:gpt-5-mini }
env: [HOME, { LOCALE: en }]
secrets: [TOKEN]
defaults: { timeout: 2m, retry: &retry { attempts: 3, delay: 1s, on: [network] } }
limits: { timeout: 45m, concurrency: 4 }
x-note: { anything: [goes, "\${{ here }}"] }
stages:
  - id: fetch
    x-owner: me
    http: { url: "https://example.com/\${{ inputs.topic }}", headers: { authorization: "\${{ secrets.TOKEN }}" } }
    retry: { <<: *retry, attempts: 5 }
    timeout: { total: 1m, idle: "\${{ inputs.idle }}" }
    output: Source[]
    set: { sources: "\${{ output }}" }
  - id: check
    needs: fetch
    assert:
      - that: size(vars.sources) > 0
        message: none
    on_error: { continue: null }
  - id: tell
    title: Tell somebody
    needs: [{ stage: check, status: [succeeded, failed] }]
    join: all_done
    if: inputs.topic != ""
    run: |
      echo "$TOPIC"
    env: { TOPIC: "\${{ inputs.topic }}", N: 3, DRY: false }
    idempotency_key: \${{ run.id }}-tell
    limits: { output_bytes: 1000 }
    cache: { key: "\${{ inputs.topic }}", ttl: 1d }
    on_error: continue
outputs: { sources: "\${{ vars.sources }}" }
`

describe('a pipeline with every key', () => {
  it('is read without a word', () => {
    expect(said(pipeline)).toEqual([])
  })

  it('becomes plain JSON, with aliases and "<<" resolved and "x-" keys gone', () => {
    const spec = read(pipeline).parsed?.spec
    expect(spec).not.toHaveProperty('x-note')
    expect(spec?.stages[0]).not.toHaveProperty('x-owner')
    expect(spec?.stages[0]?.retry).toEqual({ attempts: 5, delay: '1s', on: ['network'] })
    expect(spec?.description).toBe('What it is for.\n')
    expect(spec?.stages.map(({ id }) => id)).toEqual(['fetch', 'check', 'tell'])
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec)
  })

  const marked = (place: 'spanOf' | 'keySpanOf', path: Path): string => {
    const { start, end } = read(pipeline).parsed?.[place](path) ?? { start: { offset: 0 }, end: { offset: 0 } }
    return pipeline.slice(start.offset, end.offset)
  }

  it.each<[Path, string]>([
    [['name'], 'report'],
    [['version'], '"2.1"'],
    [['inputs', 'topic', 'minLength'], '3'],
    [['env', 1, 'LOCALE'], 'en'],
    [['stages', 0, 'retry', 'attempts'], '5'],
    [['stages', 0, 'retry', 'delay'], '1s'],
    [['stages', 2, 'needs', 0, 'status', 1], 'failed'],
    [['stages', 1, 'on_error', 'continue'], 'null'],
    [
      ['stages', 1, 'nowhere', 'deeper'],
      pipeline.slice(pipeline.indexOf('id: check'), pipeline.indexOf('\n  - id: tell')),
    ],
  ])('knows where %j stands, or what is nearest', (path, text) => {
    expect(marked('spanOf', path)).toBe(text)
  })

  it.each<[Path, string]>([
    [['stages'], 'stages'],
    [['stages', 0, 'http', 'headers', 'authorization'], 'authorization'],
    [['stages', 0, 'retry', 'on'], 'on'],
    [['inputs', 'depth?'], 'depth?'],
  ])('knows where the key of %j stands', (path, text) => {
    expect(marked('keySpanOf', path)).toBe(text)
  })

  it('gives values by path, own keys only', () => {
    const { parsed } = read(pipeline)
    expect(parsed?.valueAt(['stages', 2, 'env', 'N'])).toBe(3)
    expect(parsed?.valueAt(['stages', 2, 'toString'])).toBeUndefined()
    expect(parsed?.valueAt(['stages', 9, 'id'])).toBeUndefined()
  })

  it('maps a stretch of a text to the source, in any style and through aliases', () => {
    const text = stage('transform:', '  - &t "a\\tb${{ x }}"', '  - *t', '  - >-', '    one', '    ${{ y }}')
    const marked = (path: Path, start: number, end: number) => {
      const span = read(text).parsed?.spanIn(path, start, end)
      return text.slice(span?.start.offset, span?.end.offset)
    }
    expect(marked(['stages', 0, 'transform', 0], 3, 10)).toBe('${{ x }')
    expect(marked(['stages', 0, 'transform', 1], 7, 8)).toBe('x')
    expect(marked(['stages', 0, 'transform', 2], 8, 9)).toBe('y')
    expect(marked(['stages', 0, 'transform', 2], 0, 3)).toBe('one')
  })
})

describe('a scalar without quotes', () => {
  it('is what YAML 1.2 says', () => {
    const text = stage(
      'transform: [yes, true, ~, null, 1, -2.5, 1e3, 0x1F, 0o17, 2026-01-01, 1.2.3, ., -, +1, "1", .5]',
    )
    expect(read(text.replace(' -,', ' "-",')).parsed?.valueAt(['stages', 0, 'transform'])).toEqual([
      'yes',
      true,
      null,
      null,
      1,
      -2.5,
      1000,
      31,
      15,
      '2026-01-01',
      '1.2.3',
      '.',
      '-',
      1,
      '1',
      0.5,
    ])
  })

  it('is the text of an expression where one is expected', () => {
    const { parsed, diagnostics } = read(stage('if: true', 'assert: [{ that: 1.50 }]'))
    expect(diagnostics).toEqual([])
    expect(parsed?.data.stages).toEqual([{ id: 'a', if: 'true', assert: [{ that: '1.50' }] }])
  })
})

describe('several faults at once', () => {
  it('are all told, each at its place', () => {
    const text = `name: My report
version: 1.10
tools: {}
descripton: x
inputs: { "a b": string }
defaults: { timeout: ten }
stages:
  - id: fetch-data
    transfrom: 1
  - id: in
    if: \${{ inputs.a }}
    nedes: []
    transform: {{ inputs.a }}
  - run: echo \${{ inputs.a }}
    timeout: 30
    retry: { attempts: 0, jitter: yes, foo: 1 }
outputs: { r: [\${{ inputs.a }}] }
`
    expect(said(text)).toEqual([
      'bad_name 1:7',
      'number_for_text 2:10',
      'not_available_yet 3:1',
      'unknown_key 4:1',
      'bad_name 5:11',
      'bad_duration 6:22',
      'hyphen_in_id 8:9',
      'unknown_key 9:5',
      'reserved_id 10:9',
      'braces_in_expression 11:9',
      'unknown_key 12:5',
      'unquoted_template 13:16',
      'missing_key 14:5',
      'expression_in_command 14:15',
      'bad_duration 15:14',
      'wrong_value 16:24',
      'boolean_word 16:35',
      'unknown_key 16:40',
      'expression_in_flow 17:16',
    ])
  })

  it('leave a spec of the right types to go on with', () => {
    const { parsed } = read(
      stage('transform: 1', 'needs: 5', 'retry: { attempts: three, delay: 1s }', 'foo: 1', 'set: x'),
    )
    expect(parsed?.spec.stages).toEqual([{ id: 'a', transform: 1, retry: { delay: '1s' } }])
  })

  it('keep the index of every stage, also of those that are none', () => {
    const { parsed } = read('name: p\nstages:\n  - text\n  - transform: 1\n  - id: c\n    transform: 1\n')
    expect(parsed?.spec.stages.map(({ id }) => id)).toEqual(['#stages.0', '#stages.1', 'c'])
  })

  it.each(['', '# nothing\n', 'text', '[]', '12', 'name: p', 'name: p\nstages: {}\n', 'name: p\nstages: []\n'])(
    'leave nothing to go on with in %j',
    (text) => {
      const { parsed, diagnostics } = read(text)
      expect(parsed).toBeUndefined()
      expect(diagnostics.length).toBeGreaterThan(0)
    },
  )

  it('are told once where an alias repeats them', () => {
    expect(
      said(
        `name: p\nstages:\n  - id: a\n    retry: &r { attempts: 0 }\n    run: x\n  - id: b\n    retry: *r\n    run: x\n`,
      ),
    ).toEqual(['wrong_value 4:27'])
    expect(
      said(`name: p\nx-c: &c { words: [] }\nstages:\n  - id: a\n    speak: *c\n  - id: b\n    speak: *c\n`),
    ).toEqual(['wrong_type 2:18'])
  })
})

describe('the same text', () => {
  it('is told the same with CRLF line ends', () => {
    const text = `${top('versoin: "1"')}  - id: b-c\n    transform: |\n      a\n      b\n`
    expect(said(text.replaceAll('\n', '\r\n'))).toEqual(said(text))
    expect(said(text)).toEqual(['unknown_key 2:1', 'hyphen_in_id 6:9'])
  })
})

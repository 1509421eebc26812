import { describe, expect, it } from 'vitest'
import { shapeDiagnostics } from '../../../src/foundation/diagnostics/shape.ts'
import { fixOf, marked, read, said, stage, the, top } from './parsing.ts'

/** A code, the text, where it is told, and the hint when it matters. */
type Case = readonly [code: keyof typeof shapeDiagnostics, text: string, place: string, hint?: string]

const speak = (options: string): string => stage(`speak: { words: hi, ${options} }`)

const cases: readonly Case[] = [
  ['unknown_key', top('versoin: "1"'), '2:1', 'Did you mean "version"?'],
  ['unknown_key', stage('transform: 1', 'timout: 3s'), '5:5', 'Did you mean "timeout"?'],
  ['unknown_key', stage('tranform: 1'), '4:5', 'Did you mean "transform"?'],
  ['unknown_key', stage('zzzzzz: 1'), '4:5'],
  ['unknown_key', stage('run: x', 'retry: { attempt: 3 }'), '5:14', 'Did you mean "attempts"?'],
  ['unknown_key', stage('http: { url: "http://h" }', 'headers: {}'), '5:5', 'It stands inside "http:".'],
  [
    'unknown_key',
    stage('transform: 1', 'env: { A: b }'),
    '5:5',
    'Only stages of the kind run have environment variables.',
  ],
  ['unknown_key', stage('transform: 1', 'cwd: x'), '5:5'],
  ['unknown_key', speak('volum: 3'), '4:25', 'Did you mean "volume"?'],
  ['unknown_key', speak('pause: { befor: 3, before: 1 }'), '4:34', 'Did you mean "before"?'],
  ['unknown_key', stage('speak: { words: { file: a.md, fiel: b } }'), '4:35'],
  ['unknown_key', top('vars: { v: { type: number, merg: sum } }'), '2:28', 'Did you mean "merge"?'],
  ['unknown_key', top('limits: { concurency: 3 }'), '2:11', 'Did you mean "concurrency"?'],
  ['missing_key', 'stages:\n  - id: a\n    transform: 1\n', '1:1', 'Add: name: …'],
  ['missing_key', 'name: p\n', '1:1', 'Add: stages: …'],
  ['missing_key', 'name: p\nstages:\n  - transform: 1\n', '3:5'],
  ['missing_key', stage('http: {}'), '4:5'],
  ['missing_key', stage('transform: 1', 'cache: { key: x }'), '5:5', 'Add: ttl: …'],
  ['missing_key', stage('assert: [{ message: m }]'), '4:16'],
  ['missing_key', stage('speak: { words: {} }'), '4:14'],
  ['missing_key', stage('needs: [{ status: [failed] }]', 'transform: 1'), '4:15'],
  ['wrong_type', '- a\n', '1:1'],
  ['wrong_type', 'name: p\nstages:\n  a: { transform: 1 }\n', '3:3', 'Write "- id: name" for each stage.'],
  ['wrong_type', 'name: p\nstages: [text]\n', '2:10'],
  ['wrong_type', 'name: [p]\nstages: [{ id: a, transform: 1 }]\n', '1:7'],
  ['wrong_type', stage('needs: 3', 'transform: 1'), '4:12'],
  ['wrong_type', stage('set: x', 'transform: 1'), '4:10'],
  ['wrong_type', stage('output: 3', 'transform: 1'), '4:13'],
  ['wrong_type', stage('if: { a: b }', 'transform: 1'), '4:9', 'If it is an expression, quote it.'],
  ['wrong_type', stage('title: true', 'transform: 1'), '4:12', 'If it is text, quote it: "true"'],
  ['wrong_type', stage('run: x', 'retry: 3'), '5:12'],
  ['wrong_type', stage('run: x', 'retry: { attempts: "3" }'), '5:24', 'Write it without quotes: attempts: 3'],
  ['wrong_type', stage('run: x', 'retry: { attempts: 1.5 }'), '5:24'],
  ['wrong_type', speak('volume: loud'), '4:33'],
  ['wrong_type', speak('volume: "at ${{ x }}"'), '4:33'],
  ['wrong_type', stage('speak: { words: { file: 3 } }'), '4:29'],
  ['wrong_type', top('inputs: { a: 3 }'), '2:14'],
  ['wrong_type', top('x-a: &a 1', 'models: { <<: *a }'), '3:15'],
  ['wrong_value', stage('join: all_success', 'transform: 1'), '4:11', 'Did you mean "all_succeeded"?'],
  ['wrong_value', stage('on_error: ignore', 'transform: 1'), '4:15'],
  ['wrong_value', stage('needs: [{ stage: b, status: [skipped] }]', 'transform: 1'), '4:34'],
  ['wrong_value', stage('run: x', 'retry: { attempts: 0 }'), '5:24'],
  ['wrong_value', stage('run: x', 'retry: { on: [timeouts] }'), '5:19', 'Did you mean "timeout"?'],
  ['wrong_value', top('limits: { concurrency: -1 }'), '2:24'],
  ['wrong_value', top('vars: { v: { merge: summ } }'), '2:21', 'Did you mean "sum"?'],
  ['wrong_value', top('env: [{ A: b, C: d }]'), '2:7', 'Make an entry of each.'],
  ['wrong_value', speak('volume: 11'), '4:33'],
  ['wrong_value', speak('voice: hihg'), '4:32', 'Did you mean "high"?'],
  ['wrong_value', stage('transform: 1', 'if: ""'), '5:9'],
  ['not_available_yet', top('triggers: [{ cron: "0 2 * * *" }]'), '2:14'],
  ['not_available_yet', top('limits: { cost_usd: { max: 1 } }'), '2:11'],
  ['not_available_yet', stage('approve: { message: m, notify: [] }'), '4:28'],
  ['not_available_yet', stage('transform: 1', 'pool: llm'), '5:5'],
  ['not_available_yet', stage('transform: 1', 'limits: { memory: 1 }'), '5:15'],
  ['no_stage_kind', stage('title: x'), '3:5'],
  ['several_stage_kinds', stage('transform: 1', 'run: x'), '5:5'],
  ['several_stage_kinds', stage('http: {}', 'assert: []'), '5:5'],
  ['bad_name', 'name: My Pipeline\nstages: [{ id: a, transform: 1 }]\n', '1:7', 'Write: name: my_pipeline'],
  ['bad_name', top('inputs: { my-topic: string }'), '2:11', 'Write: my_topic'],
  ['bad_name', top('vars: { a b: { type: string } }'), '2:9'],
  ['bad_name', top('env: [A-B]'), '2:7'],
  ['bad_name', top('secrets: [a.b]'), '2:11'],
  ['bad_name', stage('run: x', 'env: { A-B: c }'), '5:12'],
  ['bad_id', 'name: p\nstages:\n  - id: First Stage\n    transform: 1\n', '3:9', 'Write: id: first_stage'],
  ['bad_id', 'name: p\nstages:\n  - id: 2\n    transform: 1\n', '3:9'],
  ['bad_id', 'name: p\nstages:\n  - id: 2nd\n    transform: 1\n', '3:9', 'Write: id: stage_2nd'],
  ['reserved_id', 'name: p\nstages:\n  - id: in\n    transform: 1\n', '3:9', 'Write: id: in_stage'],
  ['reserved_id', 'name: p\nstages:\n  - id: outputs\n    transform: 1\n', '3:9'],
  ['bad_duration', stage('timeout: 30', 'transform: 1'), '4:14', 'Write: timeout: 30s, if seconds are meant'],
  ['bad_duration', stage('timeout: 5 minutes', 'transform: 1'), '4:14', 'Write: timeout: 5m'],
  ['bad_duration', stage('timeout: { idle: soon }', 'transform: 1'), '4:22'],
  ['bad_duration', stage('cache: { key: k, ttl: 1w }', 'transform: 1'), '4:27'],
  ['bad_duration', top('defaults: { timeout: 1.5.5s }'), '2:22'],
  ['bad_duration', stage('run: x', 'retry: { delay: 2 }'), '5:21'],
  ['braces_in_expression', stage('if: ${{ a }}', 'transform: 1'), '4:9', 'Write: if: a'],
  ['braces_in_expression', stage('if: a && ${{ b }}', 'transform: 1'), '4:14', 'Write: if: a && b'],
  ['braces_in_expression', stage('assert: [{ that: "${{ a }}" }]'), '4:23', 'Write: that: a'],
  ['braces_in_expression', speak('when: "${{ a }}"'), '4:32'],
  ['template_key', stage('transform: { "${{ a }}": 1 }'), '4:18'],
  ['template_key', top('outputs:', '  ${{ a }}: 1'), '3:3'],
  ['template_not_allowed', top('description: At ${{ x }}'), '2:14'],
  ['template_not_allowed', stage('title: At ${{ x }}', 'transform: 1'), '4:12'],
  ['template_not_allowed', stage('needs: ["${{ x }}"]', 'transform: 1'), '4:13'],
  ['template_not_allowed', stage('needs: ${{ x }}', 'transform: 1'), '4:12'],
  ['template_not_allowed', stage('join: ${{ x }}', 'transform: 1'), '4:11'],
  ['template_not_allowed', stage('output: { a: "${{ x }}" }', 'transform: 1'), '4:18'],
  ['template_not_allowed', top('inputs: { a: { type: string, default: "${{ x }}" } }'), '2:39'],
  ['template_not_allowed', top('vars: { a: { type: string, merge: "${{ x }}" } }'), '2:35'],
  ['template_not_allowed', top('limits: { timeout: "${{ x }}" }'), '2:20'],
  ['template_not_allowed', top('models: { default: "${{ x }}" }'), '2:20'],
  ['template_not_allowed', 'name: p\nstages:\n  - id: ${{ x }}\n    transform: 1\n', '3:9'],
  ['template_not_allowed', stage('uses: ${{ x }}'), '4:11'],
  ['template_not_allowed', speak('voice: "${{ x }}"'), '4:32', 'Voices are cast early.'],
  ['template_not_allowed', stage('speak: { words: { file: "${{ x }}.md" } }'), '4:29'],
  ['expression_in_command', stage('run: cat ${{ a }} b'), '4:14'],
  ['expression_in_command', stage('run: |', '  set -e', '  cat "${{ a }}"'), '6:12'],
  ['empty_stages', 'name: p\nstages: []\n', '2:9'],
  ['empty_stages', 'name: p\nstages:\n', '2:1'],
]

const named = cases.map(([code, text, place, hint]) => ({ code, text, place, hint }))

describe('a fault of shape', () => {
  it.each(named)('$code in $text stands at $place, alone', ({ code, text, place, hint }) => {
    expect(said(text)).toEqual([`${code} ${place}`])
    if (hint) expect(fixOf(code, text)).toBe(hint)
  })

  it('is tested for every code', () => {
    const tested = new Set<string>(cases.map(([code]) => code))
    expect(Object.keys(shapeDiagnostics).filter((code) => !tested.has(code))).toEqual([])
  })

  it('is told per expression in a command, with each marked', () => {
    expect(said(stage('run: a ${{ x }} ${{ "}}" }} $${{ y }}'))).toEqual([
      'expression_in_command 4:12',
      'expression_in_command 4:21',
    ])
    expect(marked('expression_in_command', stage('run: cat ${{ a }} b'))).toBe('${{ a }}')
  })

  it('says what the key takes and what stands there', () => {
    expect(the('wrong_type', stage('needs: 3', 'transform: 1')).message).toBe(
      '"needs" takes a text or a list, but here stands the number 3.',
    )
    expect(the('wrong_value', stage('join: all', 'transform: 1')).message).toBe(
      '"join" takes none_failed, all_succeeded, all_done or any_succeeded, but here stands the text "all".',
    )
  })

  it('blanks braces out letter for letter, so that what is inside can be checked at its place', () => {
    const text = stage('if: ${{ inputs.a }} && ${{ b }}', 'transform: 1')
    const { parsed } = read(text)
    const condition = String(parsed?.spec.stages[0]?.if)
    expect(condition).toBe('    inputs.a    &&     b   ')
    const at = condition.indexOf('inputs.a')
    const span = parsed?.spanIn(['stages', 0, 'if'], at, at + 8)
    expect(text.slice(span?.start.offset, span?.end.offset)).toBe('inputs.a')
  })
})

describe('a value that is computed when the stage runs', () => {
  it.each([
    speak('volume: "${{ x }}", loud: "${{ y }}", tags: "${{ z }}"'),
    speak('tags: ["${{ z }}", "a ${{ b }}"], pause: "${{ p }}"'),
    speak('pause: { before: "${{ p }}" }'),
    stage('speak: { words: "a ${{ x }} b", when: x > 1 }'),
    stage('speak: { words: { file: hello.md } }'),
    stage('http: { url: "${{ u }}", method: "${{ m }}", expect: { status: ["${{ s }}"] } }'),
    stage('run: [echo, "${{ x }}"]', 'cwd: ${{ d }}', 'env: { A: "${{ a }}", B: 1, C: true }'),
    stage('transform: 1', 'timeout: ${{ t }}', 'idempotency_key: ${{ k }}', 'cache: { key: "${{ k }}", ttl: 1h }'),
    stage('transform: { a: [ "$${{ not one }}" ] }'),
    stage('run: echo $${{ x }}'),
  ])('%j is left to that moment', (text) => {
    expect(said(text)).toEqual([])
  })

  it('is still checked as far as it is text', () => {
    expect(said(speak('tags: "a ${{ b }}"'))).toEqual(['wrong_type 4:31'])
  })
})

describe('keys that start with "x-"', () => {
  it('are free at the top level and in stages, and nowhere else', () => {
    expect(said(`${top('x-a: { b: [c] }')}    x-d: 1\n`)).toEqual([])
    expect(said(stage('run: x', 'retry: { x-a: 1 }'))).toEqual(['unknown_key 5:14'])
    expect(said(speak('x-a: 1'))).toEqual(['unknown_key 4:25'])
  })
})

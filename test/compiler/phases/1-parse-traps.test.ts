import { describe, expect, it } from 'vitest'
import { yamlDiagnostics } from '../../../src/foundation/diagnostics/yaml.ts'
import { fixOf, marked, read, said, stage, the, top } from './parsing.ts'

/** A code, the text, where it is told, and the fix when there is one. */
type Trap = readonly [code: keyof typeof yamlDiagnostics, text: string, place: string, fix?: string]

const traps: readonly Trap[] = [
  ['unquoted_template', stage('transform: {{ inputs.x }}'), '4:16', 'Write: transform: ${{ inputs.x }}'],
  ['unquoted_template', stage('transform: {{ a }} and b'), '4:16', 'Write: transform: ${{ a }} and b'],
  ['unquoted_template', stage('transform:', '  - {{ a }}'), '5:9', 'Write: ${{ a }}'],
  ['unquoted_template', stage('transform: [{{ a }}]'), '4:17', 'Write: "${{ a }}"'],
  ['unquoted_template', stage('transform: { k: {{ a }} }'), '4:21', 'Write: k: "${{ a }}"'],
  ['unquoted_expression', stage('transform: ${{ a ? b : c }}'), '4:16', 'Write: transform: "${{ a ? b : c }}"'],
  ['unquoted_expression', stage('transform: ${{ {"k": v} }}'), '4:16', `Write: transform: '\${{ {"k": v} }}'`],
  ['unquoted_expression', stage("transform: ${{ 'a: b' }}"), '4:16', `Write: transform: "\${{ 'a: b' }}"`],
  ['unquoted_expression', stage('transform:', '  - ${{ a ? b : c }}', '  - 1'), '5:9', 'Write: "${{ a ? b : c }}"'],
  ['unquoted_expression', stage('transform:', '  ${{ a ? b : c }}'), '5:7', 'Write: "${{ a ? b : c }}"'],
  [
    'unquoted_expression',
    stage('transform: is ${{ a ? b : c }} now'),
    '4:16',
    'Write: transform: "is ${{ a ? b : c }} now"',
  ],
  ['unquoted_expression', stage('if: a ? b : c', 'transform: 1'), '4:9', 'Write: if: "a ? b : c"'],
  ['unquoted_expression', stage('assert: [{ that: a ? b : c }]'), '4:22', 'Write: that: "a ? b : c"'],
  ['expression_in_flow', stage('transform: [${{ a }}]'), '4:17', 'Write: "${{ a }}"'],
  ['expression_in_flow', stage('transform: { k: ${{ a }} }'), '4:21', 'Write: k: "${{ a }}"'],
  [
    'expression_in_flow',
    stage('transform: { url: http://h/${{ a }}/b, x: 1 }'),
    '4:32',
    'Write: url: "http://h/${{ a }}/b"',
  ],
  [
    'expression_in_flow',
    stage('transform: {', '  a: 1,', '  b: ${{ c["k"] }},', '  d: 2', '  }'),
    '6:10',
    `Write: b: '\${{ c["k"] }}'`,
  ],
  ['expression_in_flow', stage('assert: [{ that: x in [1, 2], message: no }]'), '4:22', 'Write: that: "x in [1, 2]"'],
  ['expression_in_flow', stage('assert: [{ that: size(a, b) > 2 }]'), '4:22', 'Write: that: "size(a, b) > 2"'],
  [
    'expression_in_flow',
    stage('assert: [{ that: [1].exists(e, e == 1) }]'),
    '4:22',
    'Write: that: "[1].exists(e, e == 1)"',
  ],
  [
    'expression_in_flow',
    stage('if: [1, 2].exists(e, e == x)', 'transform: 1'),
    '4:9',
    'Write: if: "[1, 2].exists(e, e == x)"',
  ],
  ['yaml_tag', stage('if: !x', 'transform: 1'), '4:9', 'Write: if: "!x"'],
  ['yaml_tag', stage('if: !x.y && z', 'transform: 1'), '4:9', 'Write: if: "!x.y && z"'],
  ['yaml_tag', stage('transform: !!str 12'), '4:16', 'Write: transform: "12"'],
  ['yaml_tag', stage('transform: { a: !secret T }'), '4:21', 'Write: a: "!secret T"'],
  ['yaml_tag', stage('assert: [{ that: !x }]'), '4:22', 'Write: that: "!x"'],
  ['yaml_tag', stage('transform: !map', '  a: 1'), '4:16'],
  ['comment_in_expression', stage('transform: issue #${{ n }}'), '4:22', 'Write: transform: "issue #${{ n }}"'],
  ['comment_in_expression', stage('transform: ${{ n + " # " }}'), '4:26', `Write: transform: '\${{ n + " # " }}'`],
  [
    'comment_in_expression',
    stage('transform:', '  - no #12 of ${{ n }}', '  - 1'),
    '5:12',
    'Write: "no #12 of ${{ n }}"',
  ],
  ['expression_starts_with_quote', stage("if: 'a' == x", 'transform: 1'), '4:9', `Write: if: "'a' == x"`],
  ['expression_starts_with_quote', stage('if: "a" in [x] # yes', 'transform: 1'), '4:9', `Write: if: '"a" in [x]'`],
  [
    'expression_starts_with_quote',
    stage('assert: [{ that: "a" == b, message: m }]'),
    '4:22',
    `Write: that: '"a" == b'`,
  ],
  ['quoted_command', stage('run: echo \\"a: b\\"'), '4:10', `Write: run: 'echo "a: b"'`],
  ['quoted_command', stage('run: echo "a: b"'), '4:10', `Write: run: 'echo "a: b"'`],
  [
    'quoted_command',
    stage('run: curl -H accept: text/plain', 'env: { A: b }'),
    '4:10',
    'Write: run: "curl -H accept: text/plain"',
  ],
  ['alias_for_text', top('x-cron: */5 * * * *'), '2:9', 'Write: x-cron: "*/5 * * * *"'],
  ['alias_for_text', stage('transform: { glob: *.ts }'), '4:24', 'Write: glob: "*.ts"'],
  ['alias_for_text', stage('transform:', '  - **/x'), '5:9', 'Write: "**/x"'],
  ['list_type_in_flow', top('vars:', '  v: { type: Source[], merge: append }'), '3:14', 'Write: type: "Source[]"'],
  [
    'list_type_in_flow',
    stage('output: { a: string[], b: number[]? }', 'transform: 1').replace(', b: number[]?', ''),
    '4:18',
    'Write: a: "string[]"',
  ],
  ['number_for_text', top('version: 1.10'), '2:10', 'If it is text, quote it: version: "1.10"'],
  ['number_for_text', stage('transform: { sha: 12e4567 }'), '4:23', 'If it is text, quote it: "12e4567"'],
  ['number_for_text', stage('transform: 007'), '4:16'],
  ['number_for_text', stage('transform: 12345678901234567890'), '4:16'],
  ['number_for_text', stage('transform: .nan'), '4:16'],
  ['number_for_text', stage('run: env', 'env: { V: 1.10 }'), '5:15', 'If it is text, quote it: V: "1.10"'],
  ['hyphen_in_id', 'name: p\nstages:\n  - id: fetch-data\n    transform: 1\n', '3:9', 'Write: id: fetch_data'],
  ['hyphen_in_id', 'name: p\nstages:\n  - { transform: 1, id: a-b-2 }\n', '3:25', 'Write: id: a_b_2'],
  ['duplicate_key', top('name: q'), '2:1'],
  ['duplicate_key', stage('transform: { a: 1, "a": 2 }'), '4:24'],
  ['duplicate_key', top('inputs: { topic: string, topic?: string }'), '2:26'],
  ['boolean_word', stage('retry: { jitter: yes }', 'run: "true"'), '4:22', 'Write: jitter: true'],
  ['boolean_word', stage('speak: { words: hi, loud: Off }'), '4:31', 'Write: loud: false'],
  ['tab_indentation', 'name: p\nstages:\n\t- id: a\n\t  transform: 1\n', '3:1'],
  ['tab_indentation', 'name: p\ninputs:\n  \tx: string\nstages: []\n', '3:3'],
  ['several_documents', `${top()}---\nname: q\n`, '5:1'],
  ['several_documents', `---\n${top()}---\n`, '6:1'],
  ['alias_cycle', top('x-a: &a [1, *a]'), '2:13'],
  ['alias_cycle', stage('transform: &t', '  again: { more: *t }'), '5:22'],
  [
    'too_many_aliases',
    top(
      'x-a: &a [1,1,1,1,1,1,1,1,1]',
      ...'bcdef'.split('').map((n, i) => `x-${n}: &${n} [${`*${'abcde'[i]},`.repeat(9)}]`),
      'outputs: { o: *f }',
    ),
    '8:15',
  ],
  ['unknown_alias', stage('transform: *base'), '4:16', 'If it is meant as text, quote it: "*base"'],
  ['unknown_alias', stage('transform: { a: &one 1, b: *ona }'), '4:32', 'Did you mean "*one"?'],
  ['forbidden_key', stage('transform: { __proto__: { a: 1 } }'), '4:18'],
  ['forbidden_key', top('inputs:', '  constructor: string'), '3:3'],
]

const named = traps.map(([code, text, place, fix]) => ({ code, text, place, fix }))

describe('a YAML trap', () => {
  it.each(named)('$code in $text stands at $place, alone', ({ code, text, place, fix }) => {
    expect(said(text)).toEqual([`${code} ${place}`])
    if (fix) expect(fixOf(code, text)).toBe(fix)
  })

  it('is tested at least twice for each code that is one', () => {
    const once = ['yaml_syntax', 'file_too_large', 'too_many_nodes', 'nested_too_deep', 'too_many_aliases']
    const counts = Object.keys(yamlDiagnostics).map((code) => [code, traps.filter(([each]) => each === code).length])
    expect(counts.filter(([code, count]) => !once.includes(String(code)) && Number(count) < 2)).toEqual([])
  })

  it('leaves the rest as it was meant, so that nothing else is reported about it', () => {
    const text = stage('if: !inputs.b', 'transform: ${{ inputs.b ? 1 : 2 }}', 'output: { a: string[] }')
    const { parsed, diagnostics } = read(text)
    expect(diagnostics.map(({ code }) => code)).toEqual(['yaml_tag', 'unquoted_expression', 'list_type_in_flow'])
    expect(parsed?.data.stages).toEqual([
      { id: 'a', if: '!inputs.b', transform: '${{ inputs.b ? 1 : 2 }}', output: { a: 'string[]' } },
    ])
  })

  it('keeps exact places inside of what it was in', () => {
    const text = stage('transform: { url: http://h/${{ inputs.x }}/b }')
    const span = read(text).parsed?.spanIn(['stages', 0, 'transform', 'url'], 13, 21)
    expect(text.slice(span?.start.offset, span?.end.offset)).toBe('inputs.x')
  })

  it('marks the whole value', () => {
    expect(marked('unquoted_expression', stage('transform: ${{ a ? b : c }}   # why'))).toBe('${{ a ? b : c }}')
    expect(marked('comment_in_expression', stage('transform: nr #${{ n }}'))).toBe('#${{ n }}')
  })

  it('shows where the first of two equal keys stands', () => {
    const { related } = the('duplicate_key', top('name: q'))
    expect(related?.map(({ span }) => span.start.line)).toEqual([1])
  })
})

describe('what looks like a trap and is none', () => {
  it.each([
    stage('transform: ${{ a }} # a comment'),
    stage('transform: 12 # was ${{ a }}'),
    stage('# transform: ${{ a ? b : c }}', 'transform: 1'),
    stage('transform: |', '  a: ${{ b }} # c', '  [${{ d }}] {{ e }} *f !g', '  \tx'),
    stage('transform: "[${{ a }}]: {{ b }} #${{ c }}"'),
    stage('transform: { a: "${{ b }}", c: [d, "${{ e }}"] }'),
    stage('transform: http://localhost:80/#top'),
    stage('transform: &x { a: 1 }', 'set: { v: *x }'),
    stage('run: echo "hello"'),
    stage('run: [echo, "a: b", it\'s]'),
    stage("if: x == 'a'", 'transform: 1'),
    stage('assert: [{ that: x == 1 }]'),
    stage('transform: { "a:b": c, d: [] , e: {} }'),
    stage('transform: a[] and {b} and *c and !d'),
    stage('transform: 2026-01-01'),
    stage('transform: [1, -2.5, 1e3, 0x1F, 0o17, 10, 0, -0.5]'),
  ])('%j is read in silence', (text) => {
    expect(said(text)).toEqual([])
  })

  it.each([
    stage('transform: "${{ a ? b : c }}"', 'retry: { jitter: yes }'),
    stage('transform: { a: "${{ b }}", "c d": e, f: [g, "h: i"] }', 'if: !x'),
    stage('transform: |', '  ${{ a ? b : c }} [${{ d }}]', 'if: !x'),
    stage('transform: "one', '  two: ${{ a ? b : c }}"', 'if: !x'),
    stage('transform: [a,', '  "b ${{ c }}",', '  d]', 'if: !x'),
    stage('transform: { headers: { accept: text/plain }, n: 1 } # {{ x }}', 'if: !x'),
    stage('transform: &a', '  - 1', '  - &b # c: d', '    e: 1', 'if: !x'),
    stage('transform: { if: { not: 1 }, that: [2, [3]] }', 'if: !x'),
    stage(
      'output:',
      '  type: object',
      '  if: { required: [a] }',
      '  then: {',
      '    required: [b] }',
      'transform: 1',
      'if: !x',
    ),
  ])('%j stays silent where another trap made the text suspicious', (text) => {
    expect(said(text)).toHaveLength(1)
  })
})

describe('text that is no YAML', () => {
  it.each([
    [stage('transform: "never closed'), 'yaml_syntax 4:16'],
    [stage("transform: 'never closed"), 'yaml_syntax 4:16'],
    [stage('needs: [', 'transform: 1'), 'yaml_syntax 4:12'],
    [stage('transform: { a: 1'), 'yaml_syntax 4:16'],
    [`${stage('transform: 1')}   if: true\n`, 'yaml_syntax 5:4'],
    [stage('title: Note: this', 'transform: 1'), 'yaml_syntax 4:12'],
    [stage('title: @home', 'transform: 1'), 'yaml_syntax 4:12'],
    [stage('title: & b', 'transform: 1'), 'yaml_syntax 4:12'],
    [stage('title: "a" b', 'transform: 1'), 'yaml_syntax 4:12'],
    [stage('transform: "\\q"'), 'yaml_syntax 4:17'],
    [stage('transform: "\\ud800"'), 'yaml_syntax 4:16'],
    [stage('transform', 'needs: []'), 'yaml_syntax 4:5'],
    ['%YAML 1.1\n---\nname: p\n', 'yaml_syntax 1:1'],
    [stage('transform: { [a]: b }'), 'yaml_syntax 4:18'],
  ])('%j is told %s and nothing else', (text, expected) => {
    expect(said(text)).toEqual([expected])
  })

  it('is told the text to write, ready to be copied', () => {
    expect(the('yaml_syntax', stage('title: Note: this', 'transform: 1')).hint).toBe('Write: title: "Note: this"')
  })

  it('is told with the other faults that stand before it', () => {
    expect(said(`name: p\nname: q\nstages:\n  - id: a\n    transform: [1\n`)).toEqual([
      'duplicate_key 2:1',
      'yaml_syntax 5:16',
    ])
  })
})

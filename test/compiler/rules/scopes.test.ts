/** Which names can be read where: every name of every scope, once where it is and once where it is not. */
import { describe, expect, it } from 'vitest'
import { only, places, said } from './checking.ts'

/** A pipeline with a place of every sort, each of which reads what it is given. */
const places_ = {
  'a stage': '',
  'a foreach, its list': '',
  'a foreach, its body': '',
  'a foreach, its result': '',
  'an inner foreach': '',
  'a loop, its while': '',
  'a loop, its until': '',
  'a loop, its body': '',
  'a loop, its result': '',
  'a loop, its delay': '',
  'a foreach in a loop': '',
  'a switch, its when': '',
  'a branch': '',
  'the outputs': '',
} as const
type Place = keyof typeof places_

/** Reads are made of any type by asking whether they are null. */
function yaml(place: Place, read: string): string {
  const at = (here: Place) => (here === place ? read : '1')
  const value = (here: Place) => `"\${{ ${at(here)} }}"`
  const bare = (here: Place) => `"${at(here)} != 7"`
  return `name: p
inputs: { list: { type: array, items: { type: string }, default: [] } }
vars: { v: { type: number, default: 1 } }
stages:
  - { id: first, transform: ${value('a stage')} }
  - id: each
    foreach: "\${{ ${place === 'a foreach, its list' ? read : 'inputs.list'} == null ? [] : [1] }}"
    as: word
    result: ${value('a foreach, its result')}
    stages:
      - { id: each_a, transform: ${value('a foreach, its body')} }
      - id: inner
        foreach: [2]
        as: letter
        stages: [{ id: inner_a, transform: ${value('an inner foreach')} }]
  - id: again
    loop: { until: ${bare('a loop, its until')}, max: 2, delay: "\${{ string(${at('a loop, its delay')}) }}s" }
    result: ${value('a loop, its result')}
    stages:
      - { id: again_a, transform: ${value('a loop, its body')} }
      - id: mixed
        foreach: [3]
        stages: [{ id: mixed_a, transform: ${value('a foreach in a loop')} }]
  - id: whilst
    loop: { while: ${bare('a loop, its while')}, max: 2 }
    stages: [{ id: whilst_a, transform: 1 }]
  - id: pick
    switch:
      - when: ${bare('a switch, its when')}
        stages: [{ id: pick_a, transform: 1 }]
  - id: both
    parallel:
      left: [{ id: left_a, transform: ${value('a branch')} }]
      right: [{ id: right_a, transform: 1 }]
outputs: { out: ${value('the outputs')} }
`
}

const everywhere = Object.keys(places_) as Place[]
const inEach: Place[] = ['a foreach, its body', 'a foreach, its result', 'an inner foreach']
const inAgain: Place[] = ['a loop, its until', 'a loop, its body', 'a loop, its result', 'a foreach in a loop']

/** A name, where it can be read, and what is said elsewhere. */
const table: readonly (readonly [read: string, readable: readonly Place[], otherwise: string])[] = [
  ['inputs.list', everywhere, ''],
  ['vars.v', everywhere, ''],
  ['run.id', everywhere, ''],
  ['word', inEach, 'unknown_name'],
  ['word_index', inEach, 'unknown_name'],
  ['letter', ['an inner foreach'], 'unknown_name'],
  ['letter_index', ['an inner foreach'], 'unknown_name'],
  ['item', ['a foreach in a loop'], 'wrong_scope'],
  ['item_index', ['a foreach in a loop'], 'unknown_name'],
  ['index', [...inEach, 'a foreach in a loop'], 'wrong_scope'],
  ['iteration.index', [...inAgain, 'a loop, its while'], 'wrong_scope'],
  ['iteration.previous.?again_a.?output', inAgain, 'wrong_scope'],
  ['iteration.history', [...inAgain, 'a loop, its while'], 'wrong_scope'],
  ['output', [], 'wrong_scope'],
  ['error', [], 'wrong_scope'],
  ['event', [], 'wrong_scope'],
  ['trigger', [], 'wrong_scope'],
  ['stages.each_a.output', ['a foreach, its result', 'an inner foreach'], 'stage_inside_body'],
  ['stages.inner.output', ['a foreach, its result'], 'stage_inside_body'],
  ['stages.inner_a.output', [], 'stage_inside_body'],
  ['stages.again_a.output', ['a loop, its until', 'a loop, its result', 'a foreach in a loop'], 'stage_inside_body'],
  ['stages.whilst_a.output', [], 'stage_inside_body'],
  ['stages.right_a.output', [], 'stage_inside_body'],
  ['stages.each.errors', everywhere.slice(5), 'stage_not_upstream'],
  ['stages.again.iterations', [...everywhere.slice(11), 'a loop, its while'], 'stage_not_upstream'],
  ['stages.again.exhausted', [...everywhere.slice(11), 'a loop, its while'], 'stage_not_upstream'],
  ['stages.pick.branch', ['a branch', 'the outputs'], 'stage_not_upstream'],
]

const readOf = (read: string): string => `coalesce(${read}, 1) == 1 ? 1 : 2`

describe('a name', () => {
  it.each(table)('%s can be read where it is', (read, readable) => {
    for (const place of readable) expect([place, said(yaml(place, readOf(read)))]).toEqual([place, []])
  })

  it.each(table)('%s cannot be read anywhere else', (read, readable, otherwise) => {
    for (const place of everywhere) {
      if (readable.includes(place)) continue
      const codes = said(yaml(place, readOf(read))).map((line) => line.split(' ')[0])
      const isWithin = otherwise.startsWith('stage_') // the stage itself and those around it are said in another way
      const allowed = isWithin ? ['stage_inside_body', 'stage_not_upstream'] : [otherwise, 'unknown_field']
      expect([place, codes.length > 0 && codes.every((code) => allowed.includes(code as string))]).toEqual([
        place,
        true,
      ])
    }
  })
})

describe('what is said of a name out of its place', () => {
  const list = (...lines: string[]) => `name: p\nstages:\n${lines.map((line) => `  ${line}\n`).join('')}`

  it('names the stage that holds the body', () => {
    const found = only(
      list(
        '- id: a',
        '  foreach: [1]',
        '  stages: [{ id: b, transform: 1 }]',
        '- { id: c, transform: "${{ stages.b.output }}" }',
      ),
    )
    expect(found).toMatchObject({
      code: 'stage_inside_body',
      message: '"b" stands inside "a", so it cannot be read from here.',
      hint: 'A body is seen only through the stage that holds it: read stages.a.output.',
    })
    expect([found.span.start.line, found.span.start.column]).toEqual([6, 37])
  })

  it('names the outermost stage that can be seen', () => {
    const inner = ['- id: a', '  foreach: [[1]]', '  as: row', '  stages:', '    - id: b', '      foreach: [1]']
    const found = only(
      list(...inner, '      stages: [{ id: c, transform: 1 }]', '- { id: d, if: stages.c.output == 1, transform: 1 }'),
    )
    expect(found.hint).toBe('A body is seen only through the stage that holds it: read stages.a.output.')
  })

  it('says that branches do not see each other', () => {
    const branches = '{ l: [{ id: b, transform: 1 }], r: [{ id: c, transform: "${{ stages.b.output }}" }] }'
    expect(only(list('- id: a', `  parallel: ${branches}`)).hint).toBe(
      'The lists of stages inside "a" do not see each other; read it after "a".',
    )
  })

  it('says what "while" sees instead', () => {
    const found = only(
      list('- id: a', '  loop: { while: stages.b.output < 3, max: 3 }', '  stages: [{ id: b, transform: 1 }]'),
    )
    expect(found.message).toBe('"b" has not run yet when "while" is asked.')
    expect(found.hint).toContain('coalesce(iteration.previous.?b.?output, …)')
  })

  it('says which kind has a field', () => {
    const found = only(list('- { id: a, transform: 1 }', '- { id: b, transform: "${{ stages.a.iterations }}" }'))
    expect(found).toMatchObject({
      code: 'unknown_field',
      message: 'There is no field "iterations": only a loop has it.',
    })
  })

  it('says by which name an item is read', () => {
    const found = only(
      list('- id: a', '  foreach: [1]', '  as: word', '  stages: [{ id: b, transform: "${{ item }}" }]'),
    )
    expect(found.message).toBe('"item" cannot be read here: "as" calls it "word".')
  })

  it('suggests stages of the body that iteration.previous has', () => {
    const found = only(
      list(
        '- id: a',
        '  loop: { until: "true", max: 2 }',
        '  stages:',
        '    - { id: write, transform: "${{ iteration.previous.?wirte }}" }',
      ),
    )
    expect(found).toMatchObject({ code: 'unknown_field', hint: 'Did you mean "write"?' })
  })

  it('tells a stage that reads what holds it', () => {
    const found = only(list('- id: a', '  foreach: [1]', '  stages: [{ id: b, transform: "${{ stages.a.output }}" }]'))
    expect(found).toMatchObject({
      code: 'stage_not_upstream',
      message: '"b" is a part of "a", which is not done before it.',
    })
  })

  it('adds the need to the stage of the list that the other one is in', () => {
    const found = only(
      list(
        '- { id: a, transform: 1 }',
        '- id: b',
        '  needs: []',
        '  foreach: [1]',
        '  stages: [{ id: c, transform: "${{ stages.a.output }}" }]',
      ),
    )
    expect(found).toMatchObject({
      message: '"b" does not wait for "a", so nothing inside it can read it.',
      hint: 'Add a to the needs of "b".',
    })
  })
})

describe('an item', () => {
  const each = (list: string, read: string) =>
    `name: p\ninputs: { rows: { type: array, items: { type: object, properties: { n: { type: number } }, required: [n], additionalProperties: false } } }\nstages:\n  - id: a\n    foreach: ${list}\n    stages: [{ id: b, transform: "\${{ ${read} }}" }]\n`

  it('has the type of the items of the list', () => {
    expect(said(each('${{ inputs.rows }}', 'item.n + 1'))).toEqual([])
    expect(places(each('${{ inputs.rows }}', 'item.m'))).toEqual(['unknown_field 6:44'])
    expect(places(each('${{ inputs.rows.map(r, r.n) }}', 'item.n'))).toEqual(['expression_type 6:44'])
    expect(said(each('[{ a: 1 }, { b: 2 }]', 'item.c'))).toEqual([])
  })

  it('is called once, also by a foreach further out', () => {
    const text = each('${{ inputs.rows }}', 'item.n').replace('    stages', '    as: inputs\n    stages')
    expect(places(text)).toContain('name_taken 6:9')
  })
})

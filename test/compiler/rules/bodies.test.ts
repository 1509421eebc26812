/** What holds of stages inside stages besides their scopes: needs, races, types of what they give, shapes. */
import { describe, expect, it } from 'vitest'
import { only, places, said } from './checking.ts'

const list = (...lines: string[]) => `${['name: p', ...lines].join('\n')}\n`
const vars =
  'vars: { v: { type: number }, f: { type: number, merge: first }, n: { type: number, merge: sum, default: 0 } }'
const outputs = 'outputs: { v: "${{ vars.v }}", f: "${{ vars.f }}", n: "${{ vars.n }}" }'

describe('needs of another list', () => {
  const at = (needs: string, ...more: string[]) =>
    list(
      'stages:',
      '  - { id: a, transform: 1 }',
      '  - id: b',
      '    foreach: [1]',
      '    stages:',
      `      - { id: c, needs: [${needs}], transform: 1 }`,
      ...more,
    )

  it.each([
    ['a', 'Put it into the needs of "b", in which "c" stands.'],
    ['b', '"c" is a part of "b"; take it out of the needs.'],
  ])('of what is further out: %s', (need, hint) => {
    expect(only(at(need))).toMatchObject({
      code: 'need_elsewhere',
      message: `"${need}" stands in another list of stages.`,
      hint,
      span: { start: { line: 7, column: 26 } },
    })
  })

  it('of what is further in', () => {
    const found = only(at('', '  - { id: d, needs: [c], transform: 1 }'))
    expect(found.hint).toBe('It stands inside "b"; need that stage.')
  })

  it('suggest stages of the own list only', () => {
    const found = only(at('aa', '      - { id: aaa, transform: 1 }'))
    expect(found).toMatchObject({ code: 'unknown_stage', hint: 'Did you mean "aaa"?' })
  })
})

describe('a variable that is set inside a foreach', () => {
  const each = (name: string) => [
    '  - id: a',
    '    foreach: [1]',
    '    stages:',
    '      - id: b',
    '        loop: { until: "true", max: 1 }',
    `        stages: [{ id: c, transform: 1, set: { ${name}: 1 } }]`,
  ]

  it('does not keep the last value, however deep it is set', () => {
    const found = only(list(vars, 'stages:', ...each('v'), outputs))
    expect(found).toMatchObject({
      code: 'set_in_foreach',
      message: '"c" sets "v" (merge: last) once per item of "a", so no value would be the last.',
      hint: 'Choose a merge that takes all values, or set it on "a".',
      span: { start: { line: 9, column: 48 } },
    })
  })

  it('takes the values of all items, or the first', () => {
    expect(said(list(vars, 'stages:', ...each('n'), outputs))).toEqual([])
    expect(said(list(vars, 'stages:', ...each('f'), outputs))).toEqual([])
  })

  it('may be set by the foreach itself, from its output', () => {
    const set = '    set: { v: "${{ size(output) }}" }'
    expect(said(list(vars, 'stages:', ...each('n'), set, outputs))).toEqual([])
  })

  it('keeps the last value in a loop', () => {
    const again = [
      '  - id: a',
      '    loop: { until: "true", max: 1 }',
      '    stages: [{ id: b, transform: 1, set: { v: 1 } }]',
    ]
    expect(said(list(vars, 'stages:', ...again, outputs))).toEqual([])
  })
})

describe('stages that set one variable side by side', () => {
  const loop = (id: string, name: string, more = '') => [
    `  - id: ${id}`,
    ...(more ? [`    ${more}`] : []),
    '    loop: { until: "true", max: 1 }',
    `    stages: [{ id: ${id}_in, transform: 1, set: { ${name}: 1 } }]`,
  ]

  it('are branches of a parallel', () => {
    const branches = (name: string) => [
      '  - id: a',
      '    parallel:',
      `      l: [{ id: b, transform: 1, set: { ${name}: 1 } }]`,
      `      r: [{ id: c, transform: 1, set: { ${name}: 1 } }]`,
    ]
    const found = only(list(vars, 'stages:', ...branches('v'), outputs))
    expect(found).toMatchObject({
      code: 'write_race',
      message: '"b" and "c" can run side by side, and both set "v" (merge: last).',
      hint: 'Choose a merge that takes both values, or set it on the stage that holds the branches.',
      span: { start: { line: 7, column: 41 } },
    })
    expect(found.related?.[0]?.span.start).toMatchObject({ line: 6, column: 41 })
    expect(said(list(vars, 'stages:', ...branches('n'), outputs))).toEqual([])
  })

  it('are not the cases of a switch', () => {
    const cases = [
      '  - id: a',
      '    switch:',
      '      - when: run.id == "x"',
      '        stages: [{ id: b, transform: 1, set: { v: 1 } }]',
    ]
    expect(
      said(list(vars, 'stages:', ...cases, '      - else: [{ id: c, transform: 1, set: { v: 1 } }]', outputs)),
    ).toEqual([])
  })

  it('stand in bodies beside each other, or beside a body', () => {
    const found = only(list(vars, 'stages:', ...loop('a', 'v', 'needs: []'), ...loop('b', 'v', 'needs: []'), outputs))
    expect(found).toMatchObject({
      message: '"a_in" and "b_in" can run side by side, and both set "v" (merge: last).',
      hint: 'Add a to the needs of "b", or choose a merge that takes both values.',
    })
    const beside = ['  - { id: b, needs: [], transform: 1, set: { v: 1 } }']
    expect(places(list(vars, 'stages:', ...loop('a', 'v', 'needs: []'), ...beside, outputs))).toEqual([
      'write_race 8:46',
    ])
  })

  it('are not a stage and what it holds, nor stages in order', () => {
    expect(said(list(vars, 'stages:', ...loop('a', 'v', 'set: { v: 2 }'), ...loop('b', 'v'), outputs))).toEqual([])
  })

  it('are told to a reader inside a body', () => {
    const reader = [
      '  - id: b',
      '    needs: []',
      '    foreach: [1]',
      '    stages: [{ id: c, transform: "${{ vars.v }}" }]',
    ]
    const found = only(list(vars, 'stages:', ...loop('a', 'v', 'needs: []'), ...reader, outputs))
    expect(found).toMatchObject({
      code: 'racing_read',
      severity: 'warning',
      message: '"c" reads "v", but does not wait for "a_in", which sets it, so it never sees that value.',
      hint: 'Add a to the needs of "b".',
    })
  })

  it('are told to a reader in the branch beside', () => {
    const branches = [
      '  - id: a',
      '    parallel:',
      '      l: [{ id: b, transform: 1, set: { v: 1 } }]',
      '      r: [{ id: c, transform: "${{ vars.v }}" }]',
    ]
    expect(only(list(vars, 'stages:', ...branches, outputs))).toMatchObject({
      code: 'racing_read',
      hint: 'Branches never see each other; read it in a stage after them.',
    })
  })
})

describe('what a stage with stages inside gives', () => {
  const row = '{ type: object, properties: { n: { type: number } }, required: [n], additionalProperties: false }'
  const leaf = (id: string) => `{ id: ${id}, transform: { n: 1 }, output: ${row} }`
  const kinds = {
    foreach: ['    foreach: [1]', `    stages: [${leaf('b')}]`],
    result: ['    foreach: [1]', '    result: { n: "${{ index }}" }', '    stages: [{ id: b, transform: 1 }]'],
    loop: ['    loop: { until: "true", max: 1 }', `    stages: [${leaf('b')}]`],
    switch: ['    switch:', `      - { when: "true", stages: [${leaf('b')}] }`, `      - else: [${leaf('c')}]`],
    parallel: ['    parallel:', `      l: [${leaf('b')}]`, '      r: [{ id: c, transform: 1, output: string }]'],
    declared: ['    foreach: [1]', `    output: ${row}`, '    stages: [{ id: b, transform: 1 }]'],
  }
  const read = (kind: keyof typeof kinds, field: string) =>
    said(list('stages:', '  - id: a', ...kinds[kind], `outputs: { x: "\${{ stages.a.output${field} }}" }`))

  it.each([
    ['foreach', '[0].n', '[0].m'],
    ['result', '[0].n', '[0].m'],
    ['loop', '.n', '.m'],
    ['switch', '.n', '.m'],
    ['parallel', '.l.n', '.l.m'],
    ['parallel', '.r', '.left'],
    ['declared', '[0].n', '[0].m'],
  ] as const)('is typed: %s%s', (kind, right, wrong) => {
    expect(read(kind, right)).toEqual([])
    expect(read(kind, wrong)).toEqual([expect.stringMatching(/^unknown_field /)])
  })

  it('is what its own "set" sees as output', () => {
    const set = (value: string) =>
      list(vars, 'stages:', '  - id: a', ...kinds.loop, `    set: { v: "\${{ ${value} }}" }`, outputs)
    expect(said(set('output.n'))).toEqual([])
    expect(places(set('output.m'))).toEqual(['unknown_field 7:27'])
  })

  it('is a list of what "output" says, also for a value that it goes on with', () => {
    const onError = (value: string) =>
      list('stages:', '  - id: a', ...kinds.declared, `    on_error: { continue: ${value} }`)
    expect(said(onError('[{ n: 1 }]'))).toEqual([])
    expect(places(onError('{ n: 1 }'))).toEqual(['value_mismatch 7:27'])
  })

  it.each([
    [
      'its last stage may be skipped',
      [
        '    loop: { until: "true", max: 1 }',
        `    stages: [{ id: b, if: run.id == "x", transform: { n: 1 }, output: ${row} }]`,
      ],
    ],
    ['there may be no iteration', ['    loop: { while: "true", max: 1 }', `    stages: [${leaf('b')}]`]],
  ])('may be missing: %s', (_, lines) => {
    const text = (read: string) => list('stages:', '  - id: a', ...lines, `  - { id: z, transform: "\${{ ${read} }}" }`)
    expect(only(text('stages.a.output.n'))).toMatchObject({ code: 'maybe_absent_output' })
    expect(only(text('stages.a.output.n')).message).toContain('can end without one')
    expect(said(text('coalesce(stages.a.output.?n, 0)'))).toEqual([])
  })

  it('may be missing where no case of a switch is taken', () => {
    const text = list(
      'stages:',
      '  - id: a',
      ...kinds.switch.slice(0, 2),
      '  - { id: z, transform: "${{ stages.a.output.n }}" }',
    )
    expect(only(text).message).toContain('can be skipped')
  })

  it('is there for what stands under the same condition, also further in', () => {
    const inputs = 'inputs: { p: boolean }'
    const first = `  - { id: a, if: inputs.p, transform: { n: 1 }, output: ${row} }`
    const inner = '[{ id: c, transform: "${{ stages.a.output.n }}" }]'
    const under = ['  - id: b', '    if: inputs.p', '    foreach: [1]', `    stages: ${inner}`]
    const cases = ['  - id: b', '    switch:', `      - { when: inputs.p, stages: ${inner} }`]
    const bare = ['  - id: b', '    foreach: [1]', `    stages: ${inner}`]
    expect(said(list(inputs, 'stages:', first, ...under))).toEqual([])
    expect(said(list(inputs, 'stages:', first, ...cases))).toEqual([])
    expect(places(list(inputs, 'stages:', first, ...bare))).toEqual(['maybe_absent_output 7:39'])
  })
})

describe('the shape of stages inside stages', () => {
  it.each([
    [
      'foreach',
      '{ id: b, foreach: [1], retry: { attempts: 2 }, stages: [{ id: c, transform: 1 }] }',
      'not_on_body 3:28',
    ],
    [
      'an idle time',
      '{ id: b, foreach: [1], timeout: { total: 1m, idle: 1s }, stages: [{ id: c, transform: 1 }] }',
      'not_on_body 3:50',
    ],
    ['a misspelt kind', '{ id: b, forech: [1], as: x, stages: [{ id: c, transform: 1 }] }', 'unknown_key 3:14'],
    ['a misspelt key', '{ id: b, foreach: [1], stages: [{ id: c, transfrm: 1 }] }', 'unknown_key 3:46'],
    ['env', '{ id: b, foreach: [1], env: { A: 1 }, stages: [{ id: c, transform: 1 }] }', 'unknown_key 3:28'],
    [
      'a computed name',
      '{ id: b, foreach: [1], as: "${{ run.id }}", stages: [{ id: c, transform: 1 }] }',
      'template_not_allowed 3:32',
    ],
    ['a computed file', '{ id: b, pipeline: "${{ run.id }}" }', 'template_not_allowed 3:24'],
    [
      'a computed bound',
      '{ id: b, loop: { until: "true", max: "${{ 2 }}" }, stages: [{ id: c, transform: 1 }] }',
      'template_not_allowed 3:42',
    ],
    [
      'a bound of none',
      '{ id: b, foreach: [1], concurrency: 0, stages: [{ id: c, transform: 1 }] }',
      'wrong_value 3:41',
    ],
    [
      'a bad duration',
      '{ id: b, loop: { until: "true", max: 2, delay: 5 }, stages: [{ id: c, transform: 1 }] }',
      'bad_duration 3:52',
    ],
    [
      'an unknown option',
      '{ id: b, loop: { until: "true", max: 2, dely: 5s }, stages: [{ id: c, transform: 1 }] }',
      'unknown_key 3:45',
    ],
    ['an id in a branch', '{ id: b, parallel: { l: [{ id: A, transform: 1 }] } }', 'bad_id 3:36'],
    ['the name of a branch', '{ id: b, parallel: { "l 1": [{ id: c, transform: 1 }] } }', 'bad_name 3:26'],
  ])('%s', (_, stage, place) => {
    expect(places(list('stages:', `  - ${stage}`))).toEqual([place])
  })
})

describe('what a stage inside another names', () => {
  const inside = (stage: string, ...top: string[]) =>
    list(...top, 'stages:', '  - id: a', '    foreach: [1]', '    stages:', `      - ${stage}`)

  it.each([
    ['a model', '{ id: b, llm: { model: cheep, prompt: x } }', 'unknown_model', 'cheep'],
    ['a model by default', '{ id: b, llm: { prompt: x } }', 'unknown_model', 'llm'],
    ['a function', '{ id: b, uses: core/lg }', 'unknown_registered_function', 'core/lg'],
    ['an argument', '{ id: b, uses: test/send, with: { to: 5 } }', 'value_mismatch', '{ to: 5 }'],
    ['a prompt file', '{ id: b, llm: { model: openai:x, prompt: { file: no.md } } }', 'file_unreadable', 'no.md'],
    ['a secret', '{ id: b, transform: "${{ secrets.KEY }}" }', 'secret_not_allowed', 'secrets.'],
    ['a variable of the environment', '{ id: b, transform: "${{ env.HOME }}" }', 'undeclared_env', 'HOME'],
    ['a variable', '{ id: b, transform: 1, set: { v: 1 } }', 'unknown_variable', 'v'],
    ['a type', '{ id: b, transform: 1, output: Sorce }', 'unknown_type', 'Sorce'],
    ['a duration', '{ id: b, transform: 1, timeout: "${{ index }}" }', 'expression_type', 'index'],
  ])('is looked up: %s', (_, stage, code, marked) => {
    const text = inside(stage, 'secrets: [KEY]', 'models: { cheap: openai:x }', 'types: { Source: { n: number } }')
    const { span, ...found } = only(text)
    expect([found.code, text.slice(span.start.offset, span.end.offset)]).toEqual([code, marked])
  })
})

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allStages } from '../../../src/foundation/plan.ts'
import { compile, compileFile } from '../../../src/index.ts'

const plan = (...stages: string[]) =>
  compile(['name: p', 'inputs: { list: "string[]", n: number }', 'stages:', ...stages, ''].join('\n')).plan

const body = (...stages: string[]) => plan(...stages).stages[0]?.body
const expression = (source: string) => ({ kind: 'expression', source })

describe('the plan of a stage with stages inside', () => {
  it('has a foreach with its list, names and bounds', () => {
    const made = plan(
      '  - id: each',
      '    foreach: ${{inputs.list}}',
      '    as: word',
      '    concurrency: 3',
      '    on_item_error: continue',
      '    result: { w: "${{ word }}" }',
      '    timeout: 5m',
      '    stages:',
      '      - { id: a, transform: 1 }',
      '      - { id: b, needs: [a], transform: "${{ index }}" }',
    )
    const [stage] = made.stages
    expect(stage).toMatchObject({
      kind: 'foreach',
      config: { kind: 'literal', value: null },
      timeout: { total: { value: 300_000 } },
      body: {
        kind: 'foreach',
        list: expression('inputs.list'),
        as: 'word',
        concurrency: 3,
        onItemError: 'continue',
        result: { kind: 'map', entries: [['w', expression('word')]] },
      },
    })
    expect(allStages(made.stages).map(({ id, needs }) => [id, needs])).toEqual([
      ['each', 'all_above'],
      ['a', 'all_above'],
      ['b', [{ stage: 'a' }]],
    ])
    expect(made.recursionLimit).toBe(12)
  })

  it('has defaults filled in', () => {
    const stages = '    stages: [{ id: a, transform: 1 }]'
    const each = body('  - id: each', '    foreach: [1, "${{ inputs.n }}"]', stages)
    expect(each).toMatchObject({ as: 'item', onItemError: 'fail', list: { kind: 'list' } })
    expect(each).not.toHaveProperty('concurrency')
    expect(each).not.toHaveProperty('result')
    const loop = body('  - id: again', '    loop: { until: "stages.a.output  ==  1", max: 4 }', stages)
    expect(loop).toMatchObject({ kind: 'loop', until: 'stages.a.output == 1', max: 4, onExhausted: 'fail', keep: 1 })
    expect(loop).not.toHaveProperty('while')
    expect(loop).not.toHaveProperty('delay')
  })

  it('has a loop with everything that it may say', () => {
    const options = '{ while: "true", max: 4, on_exhausted: continue, delay: 90s, keep: 0 }'
    expect(body('  - id: again', `    loop: ${options}`, '    stages: [{ id: a, transform: 1 }]')).toMatchObject({
      while: 'true',
      onExhausted: 'continue',
      delay: { kind: 'literal', value: 90_000 },
      keep: 0,
    })
    const computed = '{ while: "true", max: 4, delay: "${{ inputs.n }}s" }'
    expect(body('  - id: again', `    loop: ${computed}`, '    stages: [{ id: a, transform: 1 }]')).toMatchObject({
      delay: { kind: 'text' },
    })
  })

  it('has the cases of a switch in order, the else last and without a condition', () => {
    const made = body(
      '  - id: pick',
      '    switch:',
      '      - { when: inputs.n > 2, stages: [{ id: a, transform: 1 }] }',
      '      - { stages: [{ id: b, transform: 1 }], when: inputs.n > 1 }',
      '      - else: [{ id: c, transform: 1 }, { id: d, transform: 1 }]',
    )
    expect(made).toMatchObject({
      kind: 'switch',
      cases: [
        { when: 'inputs.n > 2', stages: [{ id: 'a' }] },
        { when: 'inputs.n > 1', stages: [{ id: 'b' }] },
        { stages: [{ id: 'c' }, { id: 'd' }] },
      ],
    })
    expect(made?.kind === 'switch' && made.cases[2]).not.toHaveProperty('when')
  })

  it('has the branches of a parallel as they are written', () => {
    const branches = ['      z: [{ id: a, transform: 1 }]', '      b: [{ id: c, transform: 1 }]']
    const made = body('  - id: both', '    parallel:', ...branches)
    expect(made).toMatchObject({ kind: 'parallel', failFast: true, branches: [{ name: 'z' }, { name: 'b' }] })
    expect(body('  - id: both', '    fail_fast: false', '    parallel:', ...branches)).toMatchObject({
      failFast: false,
    })
  })

  it('takes over no retry and no timeout', () => {
    const made = compile(`
name: p
defaults: { timeout: 1m, retry: { attempts: 2 } }
stages:
  - id: each
    foreach: [1]
    stages: [{ id: a, transform: 1 }]
`).plan
    const [each, inner] = allStages(made.stages)
    expect(each).not.toHaveProperty('retry')
    expect(each).not.toHaveProperty('timeout')
    expect(inner).toMatchObject({ retry: { attempts: 2 }, timeout: { total: { value: 60_000 } } })
  })

  it('nests as deep as it is written, and is frozen', () => {
    const made = plan(
      '  - id: a',
      '    foreach: ${{ inputs.list }}',
      '    stages:',
      '      - id: b',
      '        loop: { until: "stages.c.output.l == [1]", max: 2 }',
      '        stages:',
      '          - id: c',
      '            parallel:',
      '              l:',
      '                - id: d',
      '                  switch:',
      '                    - when: "item == \'x\' && iteration.index == 0"',
      '                      stages:',
      '                        - id: e',
      '                          foreach: ["${{ item_index }}"]',
      '                          as: deepest',
      '                          stages: [{ id: f, transform: "${{ deepest + index + item_index }}" }]',
    )
    expect(allStages(made.stages).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(JSON.parse(JSON.stringify(made))).toEqual(made)
    expect(() => ((allStages(made.stages)[5] as { id: string }).id = 'g')).toThrow(TypeError)
  })
})

describe('the hash of a plan', () => {
  const branches = (...names: string[]) =>
    plan('  - id: both', '    parallel:', ...names.map((name) => `      ${name}: [{ id: s_${name}, transform: 1 }]`))
      .hash

  it('does not change with the order of branches', () => {
    expect(branches('a', 'b')).toBe(branches('b', 'a'))
    expect(branches('a', 'b')).not.toBe(branches('a', 'c'))
  })

  it('changes with the order of cases, and with everything inside a body', () => {
    const cases = ['      - { when: inputs.n > 1, stages: [{ id: a, transform: 1 }] }']
    const other = '      - { when: inputs.n > 2, stages: [{ id: b, transform: 1 }] }'
    const hash = (...lines: string[]) => plan('  - id: pick', '    switch:', ...lines).hash
    expect(hash(...cases, other)).not.toBe(hash(other, ...cases))
    expect(hash(...cases)).not.toBe(hash(...cases.map((line) => line.replace('transform: 1', 'transform: 2'))))
    expect(hash(...cases)).toBe(hash(...cases.map((line) => line.replace('inputs.n > 1', 'inputs.n>1'))))
  })
})

describe('a pipeline in a plan', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stagegraph-children-'))
    mkdirSync(join(folder, 'lib/deep'), { recursive: true })
    const write = (path: string, ...lines: string[]) => writeFileSync(join(folder, path), `${lines.join('\n')}\n`)
    write('shared.ts', 'export const shared = () => 1')
    write('lib/own.ts', 'export const own = () => 1')
    write('lib/say.md', 'Say ${{ inputs.name }}.')
    write(
      'lib/greet.yaml',
      'name: greet',
      'version: "2"',
      'inputs: { name: string, times: { type: integer, default: 1 } }',
      'vars: { said: { type: "string[]", merge: append, default: [] } }',
      'env: [{ LOCALE: en }]',
      'models: { default: openai:gpt-5-mini }',
      'stages:',
      '  - { id: own, uses: ./own.ts#own, output: number }',
      '  - { id: shared, uses: ../shared.ts#shared }',
      '  - { id: say, llm: { prompt: { file: say.md } }, set: { said: ["${{ output }}"] } }',
      '  - { id: deeper, pipeline: ./deep/leaf.yaml }',
      'outputs: { said: "${{ vars.said }}", own: "${{ stages.own.output }}", leaf: "${{ stages.deeper.output.leaf }}", locale: "${{ env.LOCALE }}", n: "${{ inputs.times }}" }',
    )
    write('lib/deep/leaf.yaml', 'name: leaf', 'stages: [{ id: leaf, uses: ../own.ts#own }]', 'outputs: { leaf: 1 }')
    write(
      'p.yaml',
      'name: p',
      'env: [LOCALE]',
      'models: { cheap: openai:gpt-5-mini }',
      'stages:',
      '  - { id: own, transform: Ada }',
      '  - id: greet',
      '    pipeline: ./lib/greet.yaml',
      '    with: { name: "${{ stages.own.output }}" }',
      '  - { id: again, uses: ./shared.ts#shared }',
      '  - { id: greet_again, pipeline: lib/greet.yaml, with: { name: Grace } }',
      'outputs: { said: "${{ stages.greet.output.said[0] }}" }',
    )
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is compiled into it, with paths from the outermost folder', () => {
    const { plan: made, diagnostics } = compileFile(join(folder, 'p.yaml'))
    expect(diagnostics).toEqual([])
    const greet = made.stages[1]?.body
    expect(greet).toMatchObject({
      kind: 'pipeline',
      with: { kind: 'map', entries: [['name', expression('stages.own.output')]] },
      child: {
        name: 'greet',
        version: '2',
        directory: 'lib',
        inputs: { name: { required: true }, times: { required: false, default: 1 } },
        vars: { said: { merge: 'append' } },
        env: [{ name: 'LOCALE', default: 'en' }],
        models: { default: 'openai:gpt-5-mini' },
        secrets: [],
        outputs: { said: expression('vars.said') },
        stages: [
          { id: 'own' },
          { id: 'shared' },
          { id: 'say' },
          { id: 'deeper', body: { child: { directory: 'lib/deep' } } },
        ],
      },
    })
    expect(JSON.stringify(greet)).toContain('Say ')
    expect(Object.keys(made.files).sort()).toEqual(['./lib/own.ts', './shared.ts'])
    expect(made.stages[3]?.body).toMatchObject({ with: { kind: 'literal' }, child: { name: 'greet' } })
  })

  it('has the folder "." where it stands beside', () => {
    writeFileSync(
      join(folder, 'lib/beside.yaml'),
      'name: beside\nstages: [{ id: a, pipeline: ./deep/leaf.yaml }, { id: b, pipeline: other.yaml }]\n',
    )
    writeFileSync(join(folder, 'lib/other.yaml'), 'name: other\nstages: [{ id: a, transform: 1 }]\n')
    const [a, b] = compileFile(join(folder, 'lib/beside.yaml')).plan.stages
    expect(a?.body).toMatchObject({ child: { directory: 'deep' } })
    expect(b?.body).toMatchObject({ child: { directory: '.' } })
  })

  it('changes the hash of the plan when it changes', () => {
    const hash = () => compileFile(join(folder, 'p.yaml')).plan.hash
    const before = hash()
    expect(hash()).toBe(before)
    const leaf = join(folder, 'lib/deep/leaf.yaml')
    writeFileSync(leaf, 'name: leaf\nstages: [{ id: leaf, uses: ../own.ts#own }]\noutputs: { leaf: 2 }\n')
    expect(hash()).not.toBe(before)
  })
})

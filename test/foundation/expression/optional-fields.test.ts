import { describe, expect, it } from 'vitest'
import { createEvaluator } from '../../../src/foundation/expression/evaluate.ts'
import { createPlanTypes } from '../../../src/foundation/expression/plan-types.ts'
import type { TypeScope } from '../../../src/foundation/expression/types.ts'
import { allStages, type Plan, type StagePlan } from '../../../src/foundation/plan.ts'
import { compile } from '../../../src/index.ts'
import { closed, integer, listOf, text } from './support.ts'

const stage: StagePlan = {
  id: 'find',
  kind: 'transform',
  needs: [],
  join: 'none_failed',
  onError: { do: 'fail' },
  output: closed({ rows: listOf(closed({ id: text, 'note?': text })), 'next?': closed({ page: integer }) }),
  set: {},
  limits: { outputBytes: 1_000 },
  config: { kind: 'literal', value: null },
}

const plan: Plan = {
  format: 1,
  hash: '',
  origin: { file: null, directory: '/' },
  name: 'p',
  inputs: { who: { schema: closed({ name: text, 'title?': text }), required: true } },
  vars: {},
  models: {},
  env: [],
  secrets: [],
  limits: { concurrency: 8 },
  stages: [stage, { ...stage, id: 'loose', output: { type: 'object' } }],
  outputs: {},
  files: {},
  recursionLimit: 25,
}

const names = {
  inputs: { who: { name: 'Ada' } },
  stages: { find: { output: { rows: [{ id: 'a' }, { id: 'b', note: 'n' }] } }, loose: { output: {} } },
  output: { rows: [] },
}

describe('a declared optional field that is missing', () => {
  const types = createPlanTypes(plan)
  const { expression } = createEvaluator()
  const value = (source: string) => expression(source, { names, nowMs: 0, types: types(stage) })

  it('is null, however deep it stands', () => {
    expect(value('inputs.who.title')).toBe(null)
    expect(value('stages.find.output.next')).toBe(null)
    expect(value('stages.find.output.rows.map(r, r.note)')).toEqual([null, 'n'])
    expect(value('output.next == null')).toBe(true)
    expect(value('coalesce(inputs.who.title, "Dr")')).toBe('Dr')
    expect(value('inputs.who["title"]')).toBe(null)
  })

  it('is told from one that is required, or not declared at all', () => {
    expect(() => value('inputs.who.nick')).toThrow('There is no field "nick".')
    expect(() => value('stages.loose.output.x')).toThrow('There is no field "x".')
    expect(() => value('stages.find.output.next.page')).toThrow('Null has no field "page"')
    expect(() => expression('inputs.who.title', { names, nowMs: 0 })).toThrow('There is no field "title".')
  })

  it('has one scope of types per place', () => {
    expect(types(stage)).toBe(types(stage))
    expect(types()).toBe(types())
    expect(types().names).not.toHaveProperty('output')
  })
})

describe('a declared optional field in stages inside stages', () => {
  const { plan: nested } = compile(`
name: p
inputs: { rows: { type: array, items: { id: string, "note?": string } } }
stages:
  - id: each
    foreach: \${{ inputs.rows }}
    as: row
    result: { r: "\${{ row }}" }
    stages:
      - id: copy
        transform: { id: "\${{ row.id }}" }
        output: { id: string, "note?": string }
      - id: again
        loop: { until: "true", max: 2 }
        stages: [{ id: step, transform: { n: 1 }, output: { n: number, "m?": number } }]
  - id: both
    parallel:
      left: [{ id: last, transform: { n: 1 }, output: { n: number, "m?": number } }]
outputs: { x: "\${{ stages.each.output }}", y: "\${{ stages.both.output }}" }
`)
  const types = createPlanTypes(nested)
  const { expression } = createEvaluator()
  const all = allStages(nested.stages)
  const of = (id: string) => all.find((stage) => stage.id === id) as StagePlan
  const row = { id: 'a' }
  const step = { n: 1 }
  const read = (source: string, place: TypeScope) => {
    const known = {
      row,
      iteration: { index: 1, previous: { step: { output: step, status: 'succeeded', error: null } }, history: [] },
      stages: {
        copy: { output: row },
        step: { output: step },
        each: { output: [{ r: row }] },
        both: { output: { left: step } },
      },
    }
    return expression(source, { names: known, nowMs: 0, types: place })
  }

  it.each([
    ['the item', 'row.note', types(of('copy'))],
    ['the item, further in', 'row.note', types(of('step'))],
    ['a stage of the body', 'stages.copy.output.note', types(of('again'))],
    ['the iteration before', 'iteration.previous.step.output.m', types(of('step'))],
    ['the iteration before, at its end', 'iteration.previous.step.output.m', types(of('again'), 'inside')],
    ['the item, in the result', 'row.note', types(of('each'), 'inside')],
    ['the values of a foreach', 'stages.each.output[0].r.note', types()],
    ['the values of branches', 'stages.both.output.left.m', types()],
  ])('is null: of %s', (_, source, place) => {
    expect(read(source, place)).toBe(null)
  })

  it('is not known where the name is not', () => {
    expect(() => read('row.note', types())).toThrow('There is no field "note".')
    expect(() => read('iteration.previous.step.output.m', types(of('again')))).toThrow('There is no field "m".')
  })

  it('has one scope of types per place', () => {
    expect(types(of('step'))).toBe(types(of('step')))
    expect(types(of('again'), 'inside')).not.toBe(types(of('again')))
  })
})

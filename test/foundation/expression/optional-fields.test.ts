import { describe, expect, it } from 'vitest'
import { createEvaluator } from '../../../src/foundation/expression/evaluate.ts'
import { createPlanTypes } from '../../../src/foundation/expression/plan-types.ts'
import type { Plan, StagePlan } from '../../../src/foundation/plan.ts'
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

/** What expressions see, and that no more is built than they read. */
import { describe, expect, it } from 'vitest'
import { createLists } from '../../src/execution/lists.ts'
import { createReads } from '../../src/execution/reads.ts'
import { createScopes } from '../../src/execution/scope.ts'
import { createVariables } from '../../src/execution/variables.ts'
import type { Outcome } from '../../src/foundation/outcome.ts'
import type { RunView } from '../../src/foundation/stage-runner.ts'
import { planOf, runnerOf, stage } from '../support-stages.ts'

const plan = planOf(
  [stage('a', { set: { x: 1 } }), stage('b', { needs: [] }), stage('c', { needs: ['a'] }), stage('d')],
  {
    inputs: { given: { schema: true, required: false }, absent: { schema: true, required: false } },
    vars: { x: { schema: true, merge: 'last', default: 0 }, y: { schema: true, merge: 'last' } },
    env: [{ name: 'LOCALE', default: 'en' }],
    version: '1.2',
  },
)
const list = createLists().of(plan.stages)
const scopes = createScopes(plan, list, createVariables({ vars: plan.vars, directory: '/' }, list))

const ended = (at: number, fields: Partial<Outcome> = {}): Outcome => ({
  status: 'succeeded',
  output: at,
  error: null,
  reason: null,
  tolerated: false,
  set: {},
  attempts: 1,
  started_at: '2026-01-01T00:00:00.000Z',
  ended_at: `2026-01-01T00:00:0${at}.000Z`,
  ...fields,
})
const view: RunView = {
  ...runnerOf(plan).runner.start({ given: 5 }, 't'),
  outcomes: { a: ended(1, { set: { x: 7 } }), b: ended(2), c: ended(3) },
  patches: [],
}
const namesFor = (source: string, reader?: number) => scopes.of(view, reader)([source]).names

describe('a scope', () => {
  it('has the inputs, absent ones as null, the environment and the run', () => {
    expect(namesFor('1')).toEqual({
      inputs: { given: 5, absent: null },
      vars: {},
      stages: {},
      env: { LOCALE: 'en' },
      run: {
        id: 't',
        thread_id: 't',
        pipeline: 'test',
        version: '1.2',
        started_at: '2026-01-01T00:00:00.000Z',
        last: null,
      },
    })
  })

  it('holds the stages and variables that are read, and no others', () => {
    const { stages, vars } = namesFor('stages.a.output + stages.c.?error + vars.x', 3)
    expect(Object.keys(stages as object)).toEqual(['a', 'c'])
    expect(stages).toMatchObject({
      a: { output: 1, status: 'succeeded', reason: null, error: null, attempts: 1, tolerated: false },
    })
    expect(vars).toEqual({ x: 7 })
  })

  it('holds all that is upstream when a map is used whole or by a key that is worked out', () => {
    for (const source of ['json(stages)', 'stages["a"].output', 'stages[inputs.given]', 'stages']) {
      expect(Object.keys(namesFor(source, 2).stages as object)).toEqual(['a'])
      expect(Object.keys(namesFor(source).stages as object)).toEqual(['a', 'b', 'c'])
    }
    expect(namesFor('json(vars)', 1).vars).toEqual({ x: 0, y: null })
  })

  it('has now() as the latest end among the needs, or the start of the run', () => {
    const nowOf = (reader?: number) => new Date(scopes.of(view, reader)(['now()']).nowMs).getUTCSeconds()
    expect([0, 1, 2, 3].map(nowOf)).toEqual([0, 0, 1, 3])
    expect(nowOf()).toBe(3)
  })

  it('knows secrets, output and error only where they are given', () => {
    const scope = scopes.of(view)(['1'], { secrets: { TOKEN: 't' }, output: null })
    expect(scope.names).toMatchObject({ secrets: { TOKEN: 't' }, output: null })
    expect(namesFor('1')).not.toHaveProperty('output')
  })

  it('is frozen', () => {
    for (const value of Object.values(namesFor('json([stages, vars])'))) expect(Object.isFrozen(value)).toBe(true)
  })
})

describe('reads', () => {
  it('are found too widely rather than too narrowly', () => {
    const readsOf = createReads()
    expect(readsOf(['stages.a.output', 'vars . b + stages\n.c'])).toEqual({
      stages: new Set(['a', 'c']),
      vars: new Set(['b']),
    })
    expect(readsOf(['"stages.z"'])).toEqual({ stages: new Set(['z']), vars: new Set() })
    expect(readsOf(['stages.?a'])).toEqual({ stages: new Set(['a']), vars: new Set() })
    expect(readsOf(['stages.a', 'x.map(stages, stages)']).stages).toBe('all')
    expect(readsOf(['substages.a']).stages).toEqual(new Set())
  })
})

/** How a run ends, and with which outputs. */
import { describe, expect, it } from 'vitest'
import type { createControl } from '../../src/execution/control.ts'
import type { Failure } from '../../src/foundation/errors.ts'
import type { Outcome } from '../../src/foundation/outcome.ts'
import { type PlanSketch, planOf, runnerOf, stage } from '../support-stages.ts'

const failure = (id: string, fields: Partial<Failure> = {}): Failure => ({
  stage: id,
  category: 'internal',
  code: 'internal',
  message: `${id} broke`,
  attempts: 1,
  ...fields,
})

const outcome = (fields: Partial<Outcome> = {}): Outcome => ({
  status: 'succeeded',
  output: null,
  error: null,
  reason: null,
  tolerated: false,
  set: {},
  attempts: 1,
  started_at: '2026-01-01T00:00:00.000Z',
  ended_at: '2026-01-01T00:00:05.000Z',
  ...fields,
})

function settle(
  outcomes: Record<string, Outcome>,
  sketch: PlanSketch = {},
  stop: (control: ReturnType<typeof createControl>) => void = () => {},
) {
  const plan = planOf([stage('a'), stage('b', { set: { x: null } }), stage('c')], sketch)
  const { runner, control } = runnerOf(plan)
  const started = runner.start({}, 't')
  stop(control)
  return runner.settle({ ...started, outcomes, patches: [] })
}

const done = { a: outcome({ output: 1 }), b: outcome({ set: { x: 2 } }), c: outcome() }

describe('a run', () => {
  it('succeeds with its outputs', async () => {
    const vars = { x: { schema: true, merge: 'last' } } as const
    const outputs = { sum: '${{ stages.a.output + vars.x }}', at: '${{ now() }}', literal: [1] }
    expect(await settle(done, { vars, outputs })).toMatchObject({
      run: { id: 't', status: 'succeeded', error: null, tolerated: [], ended_at: '2026-01-01T00:00:00.000Z' },
      outputs: { sum: 3, at: '2026-01-01T00:00:05.000Z', literal: [1] },
    })
  })

  it('fails with the first failure in plan order, whichever came first in time', async () => {
    const outcomes = {
      c: outcome({ status: 'failed', error: failure('c') }),
      b: outcome({ status: 'failed', error: failure('b') }),
      a: outcome({ status: 'failed', error: failure('a'), tolerated: true }),
    }
    expect(await settle(outcomes, { outputs: { x: 1 } })).toMatchObject({
      run: { status: 'failed', error: { stage: 'b' }, tolerated: ['a'] },
      outputs: null,
    })
  })

  it('succeeds with tolerated failures, and lists them', async () => {
    const tolerated = outcome({ status: 'failed', error: failure('b'), tolerated: true })
    expect(await settle({ ...done, b: tolerated })).toMatchObject({ run: { status: 'succeeded', tolerated: ['b'] } })
  })

  it('fails when its outputs cannot be made', async () => {
    const { run, outputs } = await settle(done, { outputs: { x: '${{ 1 / 0 }}' } })
    expect(run).toMatchObject({ status: 'failed', error: { category: 'validation', code: 'expression_failed' } })
    expect(run.error?.message).toMatch(/^The outputs could not be made\./)
    expect(outputs).toBeNull()
  })

  it('is incomplete when a stage has no outcome, never a success', async () => {
    const { a, c } = done
    expect(await settle({ a, c })).toMatchObject({
      run: { status: 'incomplete', error: { code: 'incomplete', details: { missing: ['b'] } } },
      outputs: null,
    })
  })

  const cut = {
    ...done,
    b: outcome({ status: 'cancelled', error: failure('b', { category: 'cancelled', code: 'cancelled' }) }),
    c: outcome({ status: 'skipped', reason: 'cancelled' }),
  }

  it('is cancelled when that cut a stage off, also when it is settled by another process', async () => {
    const here = await settle(cut, {}, (control) => control.cancel())
    expect(here.run).toMatchObject({
      status: 'cancelled',
      error: { category: 'cancelled', message: 'The run was cancelled.' },
    })
    expect(here.run.error).not.toHaveProperty('stage')
    expect((await settle(cut)).run).toMatchObject({ status: 'cancelled' })
    expect((await settle({ ...done, c: cut.c })).run).toMatchObject({ status: 'cancelled' })
  })

  it('fails when its time limit cut a stage off', async () => {
    const { run } = await settle(cut, {}, (control) => control.exceed(1_000))
    expect(run).toMatchObject({ status: 'failed', error: { category: 'limit', code: 'run_timeout' } })
  })

  it('ends as it would have when everything was done before it was cancelled', async () => {
    expect((await settle(done, {}, (control) => control.cancel())).run.status).toBe('succeeded')
  })

  it('is stopped when a stage was skipped as rejected or timed out', async () => {
    const c = outcome({ status: 'skipped', reason: 'rejected' })
    expect((await settle({ ...done, c })).run).toMatchObject({ status: 'stopped', error: null })
  })
})

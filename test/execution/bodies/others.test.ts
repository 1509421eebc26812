/** `loop`, `switch`, `parallel`, `pipeline`, and what all stages with stages inside have in common. */
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { PipelineState } from '../../../src/compiler/lower/pipeline-state.ts'
import { StageError } from '../../../src/foundation/errors.ts'
import { compileTemplate } from '../../../src/foundation/expression/template.ts'
import type { BodyPlan, ChildPlan, ParallelPlan, Plan, StagePlan } from '../../../src/foundation/plan.ts'
import { foreach, holding, loop } from '../../support-bodies.ts'
import { type Deeds, lowerFlow, planOf, type StageSketch, stage } from '../../support-stages.ts'

const vars: Plan['vars'] = { log: { schema: true, merge: 'append', default: ['start'] } }

async function run(stages: readonly StagePlan[], deeds: Deeds = {}) {
  const made = lowerFlow(planOf(stages, { vars }), deeds, { onFailure: 'return' })
  const running = made.graph.invoke({ inputs: {} }) as Promise<PipelineState>
  let ended = false
  void running.finally(() => {
    ended = true
  })
  for (let turn = 0; turn < 2_000 && !ended; turn++) {
    await tick()
    if (turn % 10 === 9) await made.clock.advance(100)
  }
  const state = await running
  return { ...made, state, it: state.stages.it }
}

const holder = (body: BodyPlan, sketch: StageSketch = {}) => holding('it', body, sketch)
const fails = stage('fails', { kind: 'fail', value: { category: 'network' } })

describe('loop', () => {
  const count = stage('count', { value: '${{ iteration.index }}', set: { log: ['${{ output }}'] } })

  it('ends when `until` holds, and gives the value of its last iteration', async () => {
    const { it: outcome, state } = await run([holder(loop([count], { until: 'stages.count.output >= 2' }))])
    expect(outcome).toMatchObject({ status: 'succeeded', output: 2, body: { iterations: 3, exhausted: false } })
    expect(state['vars.log']).toEqual(['start', 0, 1, 2])
  })

  it('asks `while` before each iteration, the first one too', async () => {
    const { it: none } = await run([holder(loop([count], { while: 'false' }))])
    expect(none).toMatchObject({ status: 'succeeded', output: null, body: { iterations: 0, exhausted: false } })
    const { it: some } = await run([holder(loop([count], { while: 'size(vars.log) < 3', max: 2 }))])
    expect(some).toMatchObject({ status: 'succeeded', output: 1, body: { iterations: 2, exhausted: false } })
  })

  it.each(['until', 'while'] as const)('fails, or goes on, when `max` is reached (%s)', async (key) => {
    const condition = key === 'until' ? 'false' : 'true'
    const { it: failed, state } = await run([holder(loop([count], { [key]: condition, max: 2 }))])
    expect(failed).toMatchObject({
      status: 'failed',
      error: { category: 'limit', code: 'loop_exhausted' },
      body: { iterations: 2, exhausted: true },
    })
    expect(state['vars.log']).toEqual(['start']) // what failed sets nothing
    const { state: after } = await run([
      holder(loop([count], { [key]: condition, max: 2, onExhausted: 'continue' })),
      stage('after', { value: '${{ [stages.it.exhausted, stages.it.iterations, stages.it.output] }}' }),
    ])
    expect(after.stages.after?.output).toEqual([true, 2, 1])
  })

  it('lets an iteration read those before it, as many as are kept', async () => {
    const read = stage('read', {
      value:
        '${{ {"previous": iteration.previous, "past": iteration.history.map(each, each.read.output.index), "index": iteration.index} }}',
    })
    const { it: outcome } = await run([holder(loop([read], { until: 'iteration.index == 3', keep: 2 }))])
    expect(outcome?.output).toMatchObject({
      previous: { read: { status: 'succeeded', error: null, output: { index: 2 } } },
      past: [1, 2],
      index: 3,
    })
  })

  it('lets an iteration see what those before it set', async () => {
    const see = stage('see', { value: '${{ size(vars.log) }}', set: { log: ['x'] } })
    const { it: outcome } = await run([holder(loop([see], { until: 'iteration.index == 2' }))])
    expect(outcome?.output).toBe(3)
  })

  it('waits between iterations', async () => {
    const {
      it: outcome,
      events,
      clock,
    } = await run([holder(loop([count], { until: 'iteration.index == 2', delay: '2s' }))])
    expect(outcome?.status).toBe('succeeded')
    expect(Date.parse(outcome?.ended_at ?? '') - Date.parse(outcome?.started_at ?? '')).toBeGreaterThanOrEqual(4_000)
    expect(clock.now()).toBeGreaterThan(0)
    expect(events.filter(({ type }) => type === 'stage.succeeded')).toHaveLength(4)
  })

  it('fails with what failed inside, whatever iteration that is in', async () => {
    const breaks = stage('breaks', { kind: 'fail', if: 'iteration.index == 1', value: { category: 'network' } })
    const { it: outcome } = await run([holder(loop([count, breaks], { until: 'false' }))])
    expect(outcome).toMatchObject({ status: 'failed', error: { stage: 'it#1.breaks', category: 'network' } })
    expect(outcome?.body).toEqual({ iterations: 2, exhausted: false })
  })
})

describe('switch', () => {
  const cases = (first: string, ...more: readonly StagePlan[]): BodyPlan => ({
    kind: 'switch',
    cases: [
      { when: first, stages: [stage('first', { value: 'first' })] },
      { when: 'inputs == {}', stages: [stage('second', { value: 'second' })] },
      ...(more.length > 0 ? [{ stages: more }] : []),
    ],
  })

  it('runs the first case that holds, and says which', async () => {
    expect((await run([holder(cases('true'))])).it).toMatchObject({ output: 'first', body: { branch: 0 } })
    const { state } = await run([holder(cases('false')), stage('after', { value: '${{ stages.it.branch }}' })])
    expect(state.stages).toMatchObject({ it: { output: 'second' }, after: { output: 1 } })
  })

  it('runs `else`, or is skipped, when none does', async () => {
    const none: BodyPlan = { kind: 'switch', cases: [{ when: 'false', stages: [stage('never')] }] }
    const { it: skipped, events } = await run([holder(none)])
    expect(skipped).toMatchObject({ status: 'skipped', reason: 'condition', output: null })
    expect(events.map(({ type }) => type)).toEqual(['stage.skipped'])
    const otherwise: BodyPlan = {
      kind: 'switch',
      cases: [{ when: 'false', stages: [stage('never')] }, { stages: [stage('other', { value: 1 })] }],
    }
    expect((await run([holder(otherwise)])).it).toMatchObject({ output: 1, body: { branch: 1 } })
  })

  it('fails when a condition cannot be evaluated', async () => {
    expect((await run([holder(cases('inputs.none.x'))])).it).toMatchObject({
      status: 'failed',
      error: { code: 'expression_failed' },
    })
  })
})

describe('parallel', () => {
  const branches = (left: readonly StagePlan[], right: readonly StagePlan[], failFast = true): ParallelPlan => ({
    kind: 'parallel',
    failFast,
    branches: [
      { name: 'left', stages: left },
      { name: 'right', stages: right },
    ],
  })
  const slow = stage('slow', { kind: 'do', value: 'slow' })

  it('runs its branches side by side and gives a map of their values', async () => {
    let met = 0
    const meet = async () => {
      met++
      while (met < 2) await tick()
      return 'met'
    }
    const { it: outcome, state } = await run(
      [
        holder(
          branches(
            [stage('a', { kind: 'do', value: 'meet', set: { log: ['a'] } })],
            [stage('b', { kind: 'do', value: 'meet', set: { log: ['b'] } }), stage('c')],
          ),
        ),
      ],
      { meet },
    )
    expect(outcome?.output).toEqual({ left: 'met', right: null })
    expect(state['vars.log']).toEqual(['start', 'a', 'b'])
  })

  it('stops the others at the first failure, and waits until they have stopped', async () => {
    const told: string[] = []
    const deed = ({ signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', async () => {
          told.push('stopping')
          await tick()
          told.push('stopped')
          reject(signal.reason)
        })
      })
    const late = stage('late', { kind: 'do', value: 'slow' })
    const { it: outcome, events } = await run([holder(branches([slow, late], [fails]))], { slow: deed })
    expect(outcome).toMatchObject({ status: 'failed', error: { stage: 'it.fails' } })
    expect(told).toEqual(['stopping', 'stopped'])
    expect(events).toContainEqual(expect.objectContaining({ type: 'stage.cancelled', stage: 'it.slow' }))
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'stage.skipped', stage: 'it.late', reason: 'cancelled' }),
    )
  })

  it('lets the others come to their end without `fail_fast`', async () => {
    const { it: outcome, events } = await run([holder(branches([slow], [fails], false))], {
      slow: async () => {
        for (let turn = 0; turn < 20; turn++) await tick()
        return 'done'
      },
    })
    expect(outcome).toMatchObject({ status: 'failed', error: { stage: 'it.fails' } })
    expect(events).toContainEqual(expect.objectContaining({ type: 'stage.succeeded', stage: 'it.slow' }))
  })
})

describe('pipeline', () => {
  const child: ChildPlan = {
    name: 'child',
    inputs: { n: { schema: { type: 'integer' }, required: true }, more: { schema: true, required: false, default: 5 } },
    vars: { log: { schema: true, merge: 'append', default: ['own'] } },
    models: {},
    env: [],
    secrets: [],
    directory: '.',
    stages: [stage('inner', { value: '${{ inputs.n + inputs.more }}', set: { log: ['inner'] } })],
    outputs: {
      sum: compileTemplate('${{ stages.inner.output }}'),
      log: compileTemplate('${{ vars.log }}'),
      run: compileTemplate('${{ run.pipeline }}'),
    },
  }
  const called = (given: Parameters<typeof compileTemplate>[0], more: Partial<ChildPlan> = {}): BodyPlan => ({
    kind: 'pipeline',
    with: compileTemplate(given),
    child: { ...child, ...more },
  })

  it('has inputs, variables and outputs of its own', async () => {
    const {
      it: outcome,
      state,
      events,
    } = await run([stage('before', { value: 2 }), holder(called({ n: '${{ stages.before.output }}' }))])
    expect(outcome?.output).toEqual({ sum: 7, log: ['own', 'inner'], run: 'test' })
    expect(state['vars.log']).toEqual(['start'])
    expect(events.map((event) => 'stage' in event && event.stage)).toContain('it.inner')
  })

  it('sees nothing of what is around it', async () => {
    const stages = [stage('inner', { value: '${{ stages.before.output }}' })]
    const { it: outcome } = await run([stage('before'), holder(called({ n: 1 }, { stages, outputs: {} }))])
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'expression_failed', stage: 'it.inner' } })
  })

  it.each([[{}], [{ n: 'x' }], [{ n: 1, other: 2 }]])(
    'refuses the inputs %j before anything of it runs',
    async (given) => {
      const { it: outcome, events } = await run([holder(called(given))])
      expect(outcome).toMatchObject({ status: 'failed', error: { category: 'validation', code: 'bad_inputs' } })
      expect(events.filter((event) => 'stage' in event && event.stage === 'it.inner')).toEqual([])
    },
  )
})

describe('a stage with stages inside', () => {
  it('is skipped with the reason that leaves its body', async () => {
    const inner = [stage('maybe', { if: 'false' }), stage('needs_it', { needs: ['maybe'] })]
    const { it: outcome } = await run([holder(foreachOnce(inner))])
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'item_skipped' } }) // in a foreach it is a failure
    const { it: parallel, state } = await run([
      holder({ kind: 'parallel', failFast: true, branches: [{ name: 'one', stages: inner }] }),
      stage('after', { join: 'all_done' }),
    ])
    expect(parallel).toMatchObject({ status: 'skipped', reason: 'need', output: null })
    expect(state.stages.after).toMatchObject({ status: 'skipped', reason: 'need' })
  })

  it('may tolerate what fails inside', async () => {
    const { it: outcome, state } = await run([
      holder(loop([fails], { until: 'true' }), {
        onError: { continue: '${{ error.stage }}' },
        set: { log: ['${{ output }}'] },
      }),
    ])
    expect(outcome).toMatchObject({ status: 'failed', tolerated: true, output: 'it#0.fails' })
    expect(state['vars.log']).toEqual(['start', 'it#0.fails'])
    expect(state.run).toMatchObject({ status: 'succeeded', tolerated: ['it'] })
  })

  it('is checked against its `output`, and sets variables after the stages inside', async () => {
    const inside = stage('inside', { value: 1, set: { log: ['inside'] } })
    const { it: outcome, state } = await run([
      holder(loop([inside], { until: 'true' }), { output: { type: 'integer' }, set: { log: ['${{ output }}'] } }),
    ])
    expect(outcome?.status).toBe('succeeded')
    expect(state['vars.log']).toEqual(['start', 'inside', 1])
    const { it: wrong } = await run([holder(loop([inside], { until: 'true' }), { output: { type: 'string' } })])
    expect(wrong).toMatchObject({ status: 'failed', error: { category: 'validation' } })
  })

  it('has a time limit for all of its stages together', async () => {
    const forever = ({ signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const { it: outcome, events } = await run(
      [
        holder(foreach([1], [stage('slow', { kind: 'do', value: 'forever' }), stage('next')]), {
          timeout: { total: { kind: 'literal', value: 300 } },
        }),
      ],
      { forever },
    )
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { category: 'timeout', stage: 'it', details: { limit_ms: 300 } },
    })
    expect(events).toContainEqual(expect.objectContaining({ type: 'stage.cancelled', stage: 'it[0].slow' }))
  })

  it('retries what is inside on its own', async () => {
    let tries = 0
    const retry = {
      attempts: 3,
      delayMs: 10,
      backoff: 'constant',
      maxDelayMs: 10,
      jitter: false,
      on: ['network'],
    } as const
    const { it: outcome } = await run(
      [holder(loop([stage('work', { kind: 'do', value: 'work', retry })], { until: 'true' }))],
      {
        work: () => {
          if (++tries < 3) throw new StageError('again', { category: 'network' })
          return tries
        },
      },
    )
    expect(outcome).toMatchObject({ status: 'succeeded', output: 3 })
  })
})

const foreachOnce = (stages: readonly StagePlan[]): BodyPlan => foreach([1], stages)

/** What becomes of failures: handlers, rollback, pauses. */
import { Command, MemorySaver } from '@langchain/langgraph'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { PipelineState } from '../../src/compiler/lower/pipeline-state.ts'
import { StageError } from '../../src/foundation/errors.ts'
import { compileTemplate } from '../../src/foundation/expression/template.ts'
import type { HandlerPlan, Plan, RollbackPlan, StagePlan } from '../../src/foundation/plan.ts'
import { defineStage } from '../../src/foundation/stage-kind.ts'
import { foreach, holding, loop } from '../support-bodies.ts'
import { kindsOf, lower, lowerFlow, planOf, type StageSketch, stage, thread } from '../support-stages.ts'

const told: string[] = []
const broken = new Set<string>()
beforeEach(() => {
  told.length = 0
  broken.clear()
})

/** Has the effect that its text is told. */
const tell = defineStage({
  name: 'tell',
  docs: { summary: '', output: '', example: '' },
  schema: z.string(),
  run(text) {
    told.push(text)
    if (broken.has(text)) throw new StageError(`no ${text}`, { category: 'network' })
    return text
  },
})
const kinds = new Map([...kindsOf(), ['tell', tell as never]])

const undo = (id: string, sketch: StageSketch = {}, alsoOnFailure = false): RollbackPlan => ({
  stage: stage(id, { kind: 'tell', needs: [], join: 'all_done', value: 'undo ${{ output }}', ...sketch }),
  alsoOnFailure,
})
/** Can be taken back. */
const does = (id: string, sketch: StageSketch = {}) =>
  stage(id, { kind: 'tell', value: id, rollback: undo(id), ...sketch })
const fails = (id = 'fails', sketch: StageSketch = {}) =>
  stage(id, { kind: 'fail', value: { category: 'network', message: 'down' }, ...sketch })
const handler = (then: HandlerPlan['then'], stages: readonly StagePlan[] = [], when?: string): HandlerPlan => ({
  then,
  stages,
  ...(when !== undefined && { when }),
})

describe.each([
  ['stages', lower],
  ['flow', lowerFlow],
] as const)('after a failure, by the lowering %s', (_, lowering) => {
  function graphOf(stages: readonly StagePlan[], more: Partial<Plan> = { onError: { do: 'rollback' } }) {
    const options = { checkpointer: new MemorySaver(), onFailure: 'return' } as const
    return lowering({ ...planOf(stages), ...more }, {}, options, { kinds })
  }
  async function run(stages: readonly StagePlan[], more?: Partial<Plan>) {
    const made = graphOf(stages, more)
    return { ...made, state: (await made.graph.invoke({ inputs: {} }, thread('t'))) as PipelineState }
  }

  it('takes back what was done, the last first, and tells the error as it was', async () => {
    const { state, events } = await run([does('a'), does('b'), stage('pure'), fails()])
    expect(told).toEqual(['a', 'b', 'undo b', 'undo a'])
    expect(state.run).toMatchObject({ status: 'rolled_back', error: { stage: 'fails', message: 'down' } })
    expect(events.filter(({ type }) => type === 'stage.succeeded').length).toBeGreaterThan(0)
  })

  it('takes nothing back unless it is said', async () => {
    const { state } = await run([does('a'), fails()], {})
    expect(told).toEqual(['a'])
    expect(state.run.status).toBe('failed')
  })

  it('takes back what items, iterations, branches and pipelines inside did, each with what it saw', async () => {
    const seen = (id: string, text: string) =>
      stage(id, { kind: 'tell', value: text, rollback: undo(id, { value: `undo ${text}` }) })
    const child = {
      ...{ name: 'child', vars: {}, models: {}, env: [], secrets: [], directory: '.', outputs: {} },
      inputs: { n: { schema: true, required: true } },
      stages: [seen('inner', 'child ${{ inputs.n }}')],
    } as const
    const { state } = await run([
      stage('first', { value: 7 }),
      holding(
        'all',
        foreach(['x', 'y'], [seen('item_did', '${{ item }}${{ index }}${{ stages.first.output }}')], {
          concurrency: 1,
        }),
      ),
      holding(
        'again',
        loop([seen('turn', 'turn ${{ iteration.index }} ${{ iteration.previous == null }}')], {
          until: 'iteration.index == 1',
        }),
      ),
      holding('both', {
        kind: 'parallel',
        failFast: true,
        branches: [{ name: 'one', stages: [seen('one', 'branch')] }],
      }),
      holding('sub', { kind: 'pipeline', with: compileTemplate({ n: '${{ stages.first.output }}' }), child }),
      fails(),
    ])
    expect(state.run.status).toBe('rolled_back')
    const did = ['x07', 'y17', 'turn 0 true', 'turn 1 false', 'branch', 'child 7']
    expect(told).toEqual([...did, ...did.toReversed().map((text) => `undo ${text}`)])
  })

  it('takes back the items that were done of a foreach that failed, and what failed where that is wanted', async () => {
    const item = stage('part', {
      kind: 'tell',
      value: '${{ item }}',
      rollback: undo('part', { value: 'undo ${{ item }} ${{ output == null }}' }, true),
    })
    broken.add('b')
    await run([holding('all', foreach(['a', 'b', 'c'], [item], { concurrency: 1 }))])
    expect(told).toEqual(['a', 'b', 'undo b true', 'undo a false'])
  })

  it('goes on when a step fails, and says what could not be taken back', async () => {
    broken.add('undo b')
    const { state } = await run([does('a'), does('b'), fails()])
    expect(told).toEqual(['a', 'b', 'undo b', 'undo a'])
    expect(state.run).toMatchObject({
      status: 'rollback_failed',
      error: { stage: 'fails' },
      not_undone: [{ stage: 'rollback.b', message: 'no undo b' }],
    })
  })

  it('takes a step again as its plan says', async () => {
    const retry = {
      attempts: 2,
      delayMs: 0,
      backoff: 'constant',
      maxDelayMs: 0,
      jitter: false,
      on: ['network'],
    } as const
    broken.add('undo a')
    const { state } = await run([stage('a', { kind: 'tell', value: 'a', rollback: undo('a', { retry }) }), fails()])
    expect(told).toEqual(['a', 'undo a', 'undo a'])
    expect(state.run.status).toBe('rollback_failed')
  })

  it('is rolled back where a stage says so, whatever the pipeline says, and nothing outside tolerates it', async () => {
    const rolling = { ...fails(), onError: { do: 'rollback' } } as const
    const { state } = await run(
      [does('a'), { ...holding('it', foreach([1], [rolling])), onError: { do: 'continue' } }],
      {},
    )
    expect(told).toEqual(['a', 'undo a'])
    expect(state.run).toMatchObject({ status: 'rolled_back', error: { stage: 'it[0].fails' } })
  })

  it('then runs `finally`, which reads how it went', async () => {
    const last = stage('report', { kind: 'tell', join: 'all_done', value: '${{ run.status }} ${{ run.error.stage }}' })
    await run([does('a'), fails()], { onError: { do: 'rollback' }, finally: [last] })
    expect(told).toEqual(['a', 'undo a', 'rolled_back fails'])
  })

  it('runs the stages of the first handler that matches', async () => {
    const heard = (id: string, text: string) => stage(id, { kind: 'tell', value: text })
    const handlers = [
      handler({ do: 'fail' }, [heard('never', 'never')], "error.category == 'timeout'"),
      handler({ do: 'fail' }, [heard('never_either', 'never')], 'error.nothing.x'),
      handler(
        { do: 'continue', value: compileTemplate('${{ error.message }}') },
        [heard('told', '${{ error.stage }}: ${{ error.message }}')],
        "error.category == 'network'",
      ),
      handler({ do: 'fail' }, [heard('too_late', 'never')]),
    ]
    const { state } = await run(
      [{ ...fails(), onError: { do: 'handle', handlers } }, stage('after', { value: '${{ stages.fails.output }}' })],
      {},
    )
    expect(told).toEqual(['fails: down'])
    expect(state.stages.fails).toMatchObject({ status: 'failed', tolerated: true, output: 'down' })
    expect(state.stages.after?.output).toBe('down')
    expect(state.run.status).toBe('succeeded')
  })

  it('fails with what failed, whatever becomes of its handler', async () => {
    const handlers = [handler({ do: 'fail' }, [fails('handling')])]
    const { state } = await run([{ ...fails(), onError: { do: 'handle', handlers } }], {})
    expect(state.run).toMatchObject({ status: 'failed', error: { stage: 'fails', message: 'down' } })
  })

  it('fails where no handler matches', async () => {
    const handlers = [handler({ do: 'continue' }, [], "error.category == 'timeout'")]
    const { state } = await run([{ ...fails(), onError: { do: 'handle', handlers } }], {})
    expect(state.stages.fails).toMatchObject({ status: 'failed', tolerated: false })
  })

  it("runs the pipeline's own handlers, and rolls back where they say so", async () => {
    const notify = stage('notify', { kind: 'tell', value: 'failed: ${{ error.stage }} ${{ run.status }}' })
    const onError = {
      do: 'handle',
      handlers: [handler({ do: 'rollback' }, [notify], "error.category == 'network'")],
    } as const
    const { state } = await run([does('a'), fails()], { onError })
    expect(told).toEqual(['a', 'failed: fails failed', 'undo a'])
    expect(state.run.status).toBe('rolled_back')
  })

  it('asks a person with `pause`, who may have it tried again, failed, or taken as done', async () => {
    const paused = { ...stage('a', { kind: 'tell', value: 'a', set: {} }), onError: { do: 'pause' } } as const
    broken.add('a')
    const { graph } = graphOf([paused, stage('after', { value: '${{ stages.a.output }}' })], {})
    const answer = (decision: object) => async (state: PipelineState) => {
      const [interrupt] = (state as { __interrupt__?: { id: string; value: object }[] }).__interrupt__ ?? []
      expect(interrupt?.value).toMatchObject({ reason: 'error', stage: 'a', error: { message: 'no a' } })
      return (await graph.invoke(
        new Command({ resume: { [interrupt?.id ?? '']: decision } }) as never,
        thread('t'),
      )) as PipelineState
    }
    const asked = (await graph.invoke({ inputs: {} }, thread('t'))) as PipelineState
    const again = await answer({ decision: 'retry' })(asked)
    const state = await answer({ decision: 'done', output: 'by hand' })(again)
    expect(told).toEqual(['a', 'a'])
    expect(state.stages).toMatchObject({ a: { status: 'succeeded', output: 'by hand' }, after: { output: 'by hand' } })
  })
})

/** `finally`: what runs when all stages have ended. */
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { PipelineState } from '../../src/compiler/lower/pipeline-state.ts'
import { compileTemplate } from '../../src/foundation/expression/template.ts'
import type { StagePlan } from '../../src/foundation/plan.ts'
import { holding } from '../support-bodies.ts'
import { type Deeds, lower, lowerFlow, planOf, type StageSketch, stage } from '../support-stages.ts'

const last = (id: string, sketch: StageSketch = {}) => stage(id, { join: 'all_done', ...sketch })
const fails = stage('fails', { kind: 'fail', value: { category: 'network' } })

describe.each([
  ['stages', lower],
  ['flow', lowerFlow],
] as const)('finally, by the lowering %s', (_, lowering) => {
  async function run(stages: readonly StagePlan[], ends: readonly StagePlan[], deeds: Deeds = {}) {
    const plan = { ...planOf(stages, { outputs: { all: 'well' } }), finally: ends }
    const made = lowering(plan, deeds, { onFailure: 'return' })
    const running = made.graph.invoke({ inputs: {} }) as Promise<PipelineState>
    const endOf = (id: string) =>
      made.events.find((event) => 'stage' in event && event.stage === `finally.${id}` && event.type !== 'stage.started')
    return { ...made, running, endOf }
  }

  it('runs in the order of its list, and sees every outcome and how the run ends', async () => {
    const ends = [
      last('report', { value: '${{ [run.status, run.error, stages.a.output] }}' }),
      last('then', { value: '${{ stages.report.output[0] }}' }),
    ]
    const { running, endOf } = await run([stage('a', { value: 1 })], ends)
    const state = await running
    expect(state.run.status).toBe('succeeded')
    expect(Object.keys(state.stages)).toEqual(['a'])
    expect(endOf('report')).toMatchObject({ output: ['succeeded', null, 1] })
    expect(endOf('then')).toMatchObject({ output: 'succeeded' })
  })

  it('runs when the run failed, whose error stays what it was', async () => {
    const ends = [
      last('report', { value: '${{ run.error.stage }}' }),
      last('bad', { kind: 'fail', value: { category: 'internal' } }),
    ]
    const { running, endOf } = await run([fails], ends)
    const state = await running
    expect(state.run).toMatchObject({ status: 'failed', error: { stage: 'fails' } })
    expect(endOf('report')).toMatchObject({ output: 'fails' })
    expect(endOf('bad')).toMatchObject({ type: 'stage.failed' })
  })

  it('turns a success into a failure when it fails, and its other stages run all the same', async () => {
    const ends = [last('bad', { kind: 'fail', value: { category: 'internal' } }), last('other', { value: 2 })]
    const { running, endOf } = await run([stage('a')], ends)
    const state = await running
    expect(state.run).toMatchObject({ status: 'failed', error: { stage: 'finally.bad' } })
    expect(state.outputs).toBeNull()
    expect(endOf('other')).toMatchObject({ output: 2 })
  })

  it('runs when the run was cancelled', async () => {
    const forever = ({ signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const ends = [last('clean', { kind: 'do', value: 'clean' })]
    const { running, control, endOf } = await run([stage('slow', { kind: 'do', value: 'forever' })], ends, {
      forever,
      clean: async ({ signal }) => {
        await tick()
        return signal.aborted ? 'stopped' : 'cleaned'
      },
    })
    await tick()
    control.cancel()
    expect((await running).run.status).toBe('cancelled')
    expect(endOf('clean')).toMatchObject({ output: 'cleaned' })
  })

  it('runs at the end of a pipeline inside, before the stages that need it', async () => {
    const order: string[] = []
    const note = ({ stage: path }: { stage: string }) => void order.push(path)
    const child = {
      ...{ name: 'child', inputs: {}, vars: {}, models: {}, env: [], secrets: [], directory: '.', outputs: {} },
      stages: [stage('inner', { kind: 'do', value: 'note' })],
      finally: [last('clean', { kind: 'do', value: 'note' })],
    }
    const { running } = await run(
      [
        holding('it', { kind: 'pipeline', with: compileTemplate({}), child }),
        stage('after', { kind: 'do', value: 'note' }),
      ],
      [last('end', { kind: 'do', value: 'note' })],
      { note },
    )
    expect((await running).run.status).toBe('succeeded')
    expect(order).toEqual(['it.inner', 'it.finally.clean', 'after', 'finally.end'])
  })
})

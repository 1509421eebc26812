/** `foreach`: values, order, bounds, failures of items. */
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { PipelineState } from '../../../src/compiler/lower/pipeline-state.ts'
import { StageError } from '../../../src/foundation/errors.ts'
import type { Plan, StagePlan } from '../../../src/foundation/plan.ts'
import { foreach, holding } from '../../support-bodies.ts'
import { type Deeds, lowerFlow, planOf, type StageSketch, stage } from '../../support-stages.ts'

const vars: Plan['vars'] = { log: { schema: true, merge: 'append', default: ['start'] } }

async function run(stages: readonly StagePlan[], deeds: Deeds = {}) {
  const made = lowerFlow(planOf(stages, { vars, limits: { concurrency: 100 } }), deeds, { onFailure: 'return' })
  const state = (await made.graph.invoke({ inputs: {} })) as PipelineState
  return { ...made, state, all: state.stages.all, of: (path: string) => made.events.filter(of(path)) }
}

const of = (path: string) => (event: object) => 'stage' in event && event.stage === path

const square = stage('square', { value: '${{ item * item }}' })
const doing = (sketch: StageSketch = {}) => stage('work', { kind: 'do', value: 'work', ...sketch })

describe('foreach', () => {
  it('gives a value per item, in the order of the list', async () => {
    const { all } = await run([holding('all', foreach([3, 1, 2], [square]))])
    expect(all).toMatchObject({ status: 'succeeded', output: [9, 1, 4], attempts: 1, body: { errors: [] } })
  })

  it('gives an empty list for an empty list', async () => {
    const { all, of } = await run([holding('all', foreach([], [square]))])
    expect(all).toMatchObject({ status: 'succeeded', output: [] })
    expect(of('all').map(({ type }) => type)).toEqual(['stage.started', 'stage.succeeded'])
  })

  it.each([[null], [{}], [7], ['text']])('fails when it is given %j', async (list) => {
    const { all } = await run([holding('all', foreach(list, [square]))])
    expect(all).toMatchObject({ status: 'failed', error: { category: 'validation', code: 'not_a_list', stage: 'all' } })
  })

  it('keeps the order however long items take', async () => {
    const work = async ({ stage: path }: { stage: string }) => {
      for (let turns = 5 - Number(/\[(\d)\]/.exec(path)?.[1]); turns > 0; turns--) await tick()
      return path
    }
    const { all, state } = await run(
      [holding('all', foreach([0, 1, 2, 3], [doing({ set: { log: ['${{ output }}'] } })]))],
      {
        work,
      },
    )
    const paths = [0, 1, 2, 3].map((index) => `all[${index}].work`)
    expect(all?.output).toEqual(paths)
    expect(state['vars.log']).toEqual(['start', ...paths])
  })

  it('never runs more items than it may', async () => {
    let running = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++running)
      await tick()
      running--
    }
    await run([holding('all', foreach(Array(50).fill(0), [doing()], { concurrency: 3 }))], { work })
    expect(most).toBe(3)
  })

  it('lets stages inside read the item, its index, and those of the foreachs around it', async () => {
    const inner = holding(
      'inner',
      foreach(
        '${{ item.parts }}',
        [stage('one', { value: '${{ [item.name, index, part, item_index, part_index] }}' })],
        { as: 'part' },
      ),
    )
    const { all } = await run([
      holding(
        'all',
        foreach(
          [
            { name: 'a', parts: [5] },
            { name: 'b', parts: [6, 7] },
          ],
          [inner],
        ),
      ),
    ])
    expect(all?.output).toEqual([
      [['a', 0, 5, 0, 0]],
      [
        ['b', 0, 6, 1, 0],
        ['b', 1, 7, 1, 1],
      ],
    ])
  })

  it('gives `result` where that is said, in the scope of the body', async () => {
    const { all } = await run([
      stage('before', { value: 10 }),
      holding(
        'all',
        foreach([1, 2], [square], { result: '${{ stages.square.output + index + stages.before.output }}' }),
      ),
    ])
    expect(all?.output).toEqual([11, 15])
  })

  it('hides what is inside from the outside, and one item from another', async () => {
    const sees = stage('sees', { value: '${{ vars.log }}', set: { log: ['${{ item }}'] } })
    const { state } = await run([
      holding('all', foreach(['a', 'b'], [sees])),
      stage('after', { value: '${{ vars.log }}' }),
    ])
    expect(state.stages.all?.output).toEqual([['start'], ['start']])
    expect(state.stages.after?.output).toEqual(['start', 'a', 'b'])
    expect(Object.keys(state.stages)).toEqual(['all', 'after'])
  })

  it('gives stages of each item a path and an idempotency key of their own', async () => {
    const keys = new Map<string, string[]>()
    const work = ({
      stage: path,
      idempotencyKey,
      attempt,
    }: {
      stage: string
      idempotencyKey: string
      attempt: number
    }) => {
      keys.set(path, [...(keys.get(path) ?? []), idempotencyKey])
      if (attempt === 1) throw new StageError('again', { category: 'network' })
    }
    const retry = {
      attempts: 2,
      delayMs: 0,
      backoff: 'constant',
      maxDelayMs: 0,
      jitter: false,
      on: ['network'],
    } as const
    await run(
      [holding('all', foreach([1, 2], [doing({ retry, idempotencyKey: { kind: 'literal', value: 'own' } })]))],
      { work },
    )
    expect(Object.fromEntries(keys)).toEqual({
      'all[0].work': ['own:all[0].work', 'own:all[0].work'],
      'all[1].work': ['own:all[1].work', 'own:all[1].work'],
    })
  })
})

describe('an item that fails', () => {
  const failing = (...indexes: number[]): Deeds => ({
    work: async ({ stage: path }) => {
      await tick()
      if (indexes.includes(Number(/\[(\d+)\]/.exec(path)?.[1])))
        throw new StageError(`no ${path}`, { category: 'network' })
      return path
    },
  })

  it('fails the foreach: no other item starts, those that run come to their end', async () => {
    const { all, events } = await run(
      [holding('all', foreach([0, 1, 2, 3, 4, 5], [doing()], { concurrency: 2 }))],
      failing(1),
    )
    expect(all).toMatchObject({ status: 'failed', output: null, error: { stage: 'all[1].work', category: 'network' } })
    const started = events.flatMap((event) => (event.type === 'stage.started' ? [event.stage] : []))
    expect(started).toEqual(['all', 'all[0].work', 'all[1].work', 'all[2].work'])
    const ended = events.flatMap((event) => (event.type === 'stage.succeeded' ? [event.stage] : []))
    expect(ended).toEqual(['all[0].work', 'all[2].work'])
  })

  it('is data with `on_item_error: continue`', async () => {
    const { all, state } = await run(
      [
        holding(
          'all',
          foreach(['a', 'b', 'c'], [doing({ set: { log: ['${{ item }}'] } })], { onItemError: 'continue' }),
        ),
        stage('after', { value: '${{ stages.all.errors }}' }),
      ],
      failing(1),
    )
    expect(all).toMatchObject({ status: 'succeeded', output: ['all[0].work', null, 'all[2].work'] })
    expect(state.stages.after?.output).toMatchObject([
      { index: 1, item: 'b', stage: 'work', error: { category: 'network', message: 'no all[1].work' } },
    ])
    expect(state['vars.log']).toEqual(['start', 'a', 'c'])
  })

  it('fails the foreach all the same when it is every one of them', async () => {
    const { all } = await run([holding('all', foreach([1, 2], [doing()], { onItemError: 'continue' }))], failing(0, 1))
    expect(all).toMatchObject({
      status: 'failed',
      error: { category: 'network', code: 'all_items_failed', details: { failed: 2 } },
    })
    expect(all?.body?.errors).toHaveLength(2)
  })

  it('counts as failed where a stage of it is skipped because of another, not where its own `if` says so', async () => {
    const items = foreach(
      [1, 2],
      [
        stage('maybe', { if: 'item == 1' }),
        stage('needs_it', { needs: ['maybe'], join: 'all_succeeded', value: 'done' }),
      ],
      { onItemError: 'continue' },
    )
    const { all } = await run([holding('all', items)])
    expect(all?.output).toEqual(['done', null])
    expect(all?.body?.errors).toMatchObject([
      { index: 1, error: { code: 'item_skipped', details: { reason: 'need' } } },
    ])
    const { all: own } = await run([holding('all', foreach([1], [stage('maybe', { if: 'false' })]))])
    expect(own).toMatchObject({ status: 'succeeded', output: [null] })
  })

  it('is one whose value is not what `output` says', async () => {
    const { all } = await run([
      holding('all', foreach([1, 'x'], [stage('it', { value: '${{ item }}' })], { onItemError: 'continue' }), {
        output: { type: 'number' },
      }),
    ])
    expect(all?.output).toEqual([1, null])
    expect(all?.body?.errors).toMatchObject([{ index: 1, item: 'x', error: { category: 'validation' } }])
  })

  it('is not one where the stage inside tolerates it', async () => {
    const { all, state } = await run(
      [holding('all', foreach([1, 2], [doing({ onError: { continue: 'instead' } })]))],
      failing(1),
    )
    expect(all?.output).toEqual(['all[0].work', 'instead'])
    expect(state.run.status).toBe('succeeded')
  })
})

/**
 * A node fails at the moment at which the one beside it is done. LangGraph then stops that one half way and stores what it
 * wrote so far, without the edges that lead on from it (LangGraph.js 1.7.3).
 */
import { expect, it } from 'vitest'
import { compile, createEngine, createMemoryStore, defineFunction, type RunStore } from '../../src/index.ts'

const yaml = `
name: half
stages:
  - { id: a, needs: [], uses: test/late }
  - { id: b, needs: [], uses: test/effect }
  - { id: c, needs: [b], uses: test/effect }
  - { id: d, needs: [a, c], uses: test/effect }
`

it('runs what comes after a stage whose neighbour could not be recorded', async () => {
  const store = createMemoryStore()
  const ended = Promise.withResolvers<void>()
  const storing = Promise.withResolvers<void>()
  const effects: string[] = []
  const effect = async (_input: unknown, { stage }: { stage: string }) => {
    effects.push(stage)
    return stage
  }
  const functions = {
    'test/effect': defineFunction({ run: effect }),
    'test/late': defineFunction({
      run: (...call: Parameters<typeof effect>) => storing.promise.then(() => effect(...call).finally(ended.resolve)),
    }),
  }
  const pipeline = compile(yaml, { functions })
  const failing = failingAfter(store, storing.resolve, ended.promise)
  const first = createEngine({ store: failing, functions, lowering: 'stages' })
  expect((await first.execute(pipeline, {}, { threadId: 't' })).status).toBe('paused')

  const second = createEngine({ store, functions, lowering: 'stages' })
  expect((await (await second.resume('t')).result).status).toBe('succeeded')
  expect(effects.filter((stage) => stage !== 'a')).toEqual(['b', 'c', 'd'])
})

/** The end of `b` is stored once `a` has ended, too; the end of `a` is not. */
function failingAfter(store: RunStore, storing: () => void, ended: Promise<void>): RunStore {
  return {
    ...store,
    async append(lease, first, events, patch) {
      const ends = events.flatMap((event) => (event.type === 'stage.succeeded' ? [event.stage] : []))
      if (ends.includes('a')) throw new Error('The disk is full.')
      if (ends.includes('b')) {
        storing()
        await ended
        await new Promise(setImmediate)
      }
      await store.append(lease, first, events, patch)
    },
  }
}

/**
 * LangGraph at work on a store: what it runs, it must find again from the store alone, with a new graph object.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Annotation, Command, interrupt, Overwrite, Send, StateGraph } from '@langchain/langgraph'
import { DeltaChannel } from '@langchain/langgraph/channels'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunStore } from '../../src/execution/store.ts'
import { collect } from './support.ts'

export interface SaverUnderTest {
  readonly name: string
  open(folder: string): RunStore
}

const config = { configurable: { thread_id: 't' }, durability: 'sync' as const }

export function langgraphConformance({ name, open }: SaverUnderTest): void {
  describe(name, () => {
    let folder: string
    let store: RunStore
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'stagegraph-langgraph-'))
      store = open(folder)
    })
    afterEach(async () => {
      await store.close()
      rmSync(folder, { recursive: true })
    })

    it('keeps Sends that wait behind an interrupt, and the order of what they write', async () => {
      const graph = () => fanOut(store.saver)
      const paused = await graph().invoke({}, config)
      expect(paused).toMatchObject({ __interrupt__: [{ value: { question: 'item 5?' } }] })
      const state = await graph().getState(config)
      expect(state.tasks).toHaveLength(12)
      expect(state.tasks.flatMap(({ interrupts }) => interrupts)).toMatchObject([{ value: { question: 'item 5?' } }])
      const ended = await graph().invoke(new Command({ resume: 'yes' }), config)
      const items = Array.from({ length: 12 }, (_, i) => (i === 5 ? 'item 5 yes' : `item ${i}`))
      expect(ended.log).toEqual(items)
      expect((await graph().getState(config)).values.log).toEqual(items)
    })

    it('resumes after a failure without running again what had finished', async () => {
      const ran: string[] = []
      let broken = true
      const graph = () =>
        new StateGraph(Log)
          .addNode('a', () => done('a'))
          .addNode('b', async () => {
            await Promise.resolve()
            if (broken) throw new Error('no luck')
            return done('b')
          })
          .addEdge('__start__', 'a')
          .addEdge('__start__', 'b')
          .compile({ checkpointer: store.saver })
      const done = (node: string) => {
        ran.push(node)
        return { log: [node] }
      }
      await expect(graph().invoke({}, config)).rejects.toThrow('no luck')
      const failed = await graph().getState(config)
      expect(failed.tasks.find((task) => task.name === 'b')?.error).toMatchObject({ name: 'Error', message: 'no luck' })
      broken = false
      expect((await graph().invoke(null, config)).log).toEqual(['a', 'b'])
      expect(ran).toEqual(['a', 'b'])
    })

    it('forks: an edit of an old checkpoint and what follows from it', async () => {
      const graph = () => chain(store.saver)
      await graph().invoke({}, config)
      const history = await collect(graph().getStateHistory(config))
      expect(history.map(({ next }) => next[0])).toEqual([undefined, 'c', 'b', 'a', '__start__'])
      const afterA = history[2]
      const fork = await graph().updateState(afterA?.config ?? {}, { log: ['edited'] })
      expect((await graph().invoke(null, { ...config, ...fork })).log).toEqual(['a', 'edited', 'b', 'c'])
      expect((await graph().getState(history[0]?.config ?? {})).values.log).toEqual(['a', 'b', 'c'])
      expect((await graph().getState(afterA?.config ?? {})).values.log).toEqual(['a'])
    })

    it('copies a checkpoint', async () => {
      const graph = () => chain(store.saver)
      await graph().invoke({}, config)
      const afterB = (await collect(graph().getStateHistory(config)))[1]
      const copy = await graph().updateState(afterB?.config ?? {}, null, '__copy__')
      expect((await graph().getState(copy)).values.log).toEqual(['a', 'b'])
      expect((await graph().invoke(null, { ...config, ...copy })).log).toEqual(['a', 'b', 'c'])
    })

    it('takes an Overwrite across an interrupt', async () => {
      const graph = () =>
        new StateGraph(Log)
          .addNode('a', () => ({ log: new Overwrite(['only this']) }))
          .addNode('b', () => ({ log: [interrupt('well?')] }))
          .addEdge('__start__', 'a')
          .addEdge('__start__', 'b')
          .compile({ checkpointer: store.saver })
      await graph().invoke({ log: ['old'] }, config)
      expect((await graph().invoke(new Command({ resume: 'fine' }), config)).log).toContain('only this')
    })

    it('rebuilds a DeltaChannel from its writes and snapshots', async () => {
      const graph = () => deltaLoop(store.saver)
      const ended = await graph().invoke({ n: 0 }, config)
      expect(ended.items).toEqual(Array.from({ length: 20 }, (_, i) => i))
      expect((await graph().getState(config)).values.items).toEqual(ended.items)
      const middle = (await collect(graph().getStateHistory(config))).find(({ values }) => values.n === 7)
      expect(middle?.values.items).toEqual([0, 1, 2, 3, 4, 5, 6])
    })

    it('stores what a reducer has changed in place', async () => {
      const graph = () =>
        new StateGraph(InPlace)
          .addNode('a', () => ({ log: ['a'] }))
          .addNode('b', () => ({ log: ['b'] }))
          .addNode('c', () => ({ log: ['c'] }))
          .addEdge('__start__', 'a')
          .addEdge('a', 'b')
          .addEdge('b', 'c')
          .compile({ checkpointer: store.saver })
      await graph().invoke({ log: ['x'.repeat(1000)] }, config)
      const history = await collect(graph().getStateHistory(config))
      expect(history.map(({ values }) => values.log?.slice(1))).toEqual([['a', 'b', 'c'], ['a', 'b'], ['a'], [], []])
    })

    it('lets nobody change in place what it gave out', async () => {
      const graph = () =>
        new StateGraph(Log)
          .addNode('a', (state) => {
            state.log.push('never stored')
            return {}
          })
          .addEdge('__start__', 'a')
          .compile({ checkpointer: store.saver, interruptBefore: ['a'] })
      await graph().invoke({ log: ['old'] }, config)
      await expect(graph().invoke(null, config)).rejects.toThrow(TypeError)
      expect((await graph().getState(config)).values.log).toEqual(['old'])
    })

    it.each(['sync', 'async', 'exit'] as const)(
      'ends with the same state under durability "%s"',
      async (durability) => {
        const ended = await chain(store.saver).invoke({}, { ...config, durability })
        expect(ended.log).toEqual(['a', 'b', 'c'])
        expect((await chain(store.saver).getState(config)).values.log).toEqual(['a', 'b', 'c'])
      },
    )
  })
}

const Log = Annotation.Root({
  log: Annotation<string[]>({ reducer: (old, added) => [...old, ...added], default: () => [] }),
})

const InPlace = Annotation.Root({
  log: Annotation<string[]>({
    reducer(old, added) {
      old.push(...added)
      return old
    },
    default: () => [],
  }),
})

const chain = (checkpointer: BaseCheckpointSaver) =>
  new StateGraph(Log)
    .addNode('a', () => ({ log: ['a'] }))
    .addNode('b', () => ({ log: ['b'] }))
    .addNode('c', () => ({ log: ['c'] }))
    .addEdge('__start__', 'a')
    .addEdge('a', 'b')
    .addEdge('b', 'c')
    .compile({ checkpointer })

const fanOut = (checkpointer: BaseCheckpointSaver) =>
  new StateGraph(Log)
    .addNode('item', ({ n }: { n?: number }) => ({
      log: [n === 5 ? `item 5 ${interrupt({ question: 'item 5?' })}` : `item ${n}`],
    }))
    .addConditionalEdges('__start__', () => Array.from({ length: 12 }, (_, n) => new Send('item', { n })), ['item'])
    .compile({ checkpointer })

const Delta = Annotation.Root({
  n: Annotation<number>,
  items: Annotation<number[]>,
})

function deltaLoop(checkpointer: BaseCheckpointSaver) {
  const reducer = (old: number[], writes: number[][]) => [...old, ...writes.flat()]
  const items = () => new DeltaChannel(reducer, { snapshotFrequency: 6, initialValueFactory: () => [] })
  const schema = Annotation.Root({ ...Delta.spec, items: items as never })
  return new StateGraph(schema)
    .addNode('step', ({ n }: { n: number }) => ({ n: n + 1, items: [n] }) as never)
    .addEdge('__start__', 'step')
    .addConditionalEdges('step', ({ n }: { n: number }) => (n < 20 ? 'step' : '__end__'))
    .compile({ checkpointer }) as unknown as ReturnType<typeof deltaShape>
}

/** Only for its type: LangGraph has none for a channel class inside `Annotation.Root`. */
const deltaShape = (checkpointer: BaseCheckpointSaver) =>
  new StateGraph(Delta)
    .addNode('step', () => ({}))
    .addEdge('__start__', 'step')
    .compile({ checkpointer })

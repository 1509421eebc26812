/**
 * What every store must do. Run on each of them by `test/execution/stores/*.test.ts`.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunnableConfig } from '@langchain/core/runnables'
import { emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunStore } from '../../src/execution/store.ts'
import { createManualClock, type ManualClock } from '../../src/foundation/clock.ts'
import { StoreError } from '../../src/foundation/errors.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import { poison } from './poison.ts'
import { leaseConformance } from './store-leases.ts'
import { logConformance } from './store-logs.ts'
import { runConformance } from './store-runs.ts'
import { waitConformance } from './store-waits.ts'
import { begin, claimOf, collect, leave, runRecord, started, thread } from './support.ts'

export interface StoreUnderTest {
  readonly name: string
  /** Two stores opened on one folder see the same data, if the store outlives its process. */
  readonly persistent: boolean
  open(folder: string, clock: ManualClock): RunStore
}

const at = '2026-01-01T00:00:00.000Z'

const plan = (hash: string, name = 'tea'): Plan => ({
  format: 1,
  hash,
  origin: { file: null, directory: '/' },
  name,
  inputs: {},
  vars: {},
  models: {},
  env: [],
  secrets: [],
  limits: { concurrency: 4 },
  stages: [],
  outputs: {},
  files: {},
  recursionLimit: 10,
})

export function storeConformance({ name, persistent, open }: StoreUnderTest): void {
  describe(name, () => {
    let folder: string
    let clock: ManualClock
    let store: RunStore
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'stagegraph-store-'))
      clock = createManualClock()
      store = open(folder, clock)
    })
    afterEach(async () => {
      await store.close()
      rmSync(folder, { recursive: true })
    })

    const opened = () => ({ store, clock, another: () => open(folder, clock) })
    runConformance(opened)
    leaseConformance(opened)
    logConformance(opened, persistent)
    waitConformance(opened, persistent)

    describe('plans and cache', () => {
      it('keeps a plan under its hash, frozen', async () => {
        await store.savePlan(plan('h1'))
        await store.savePlan(plan('h2', 'coffee'))
        const loaded = await store.loadPlan('h1')
        expect(loaded).toEqual(plan('h1'))
        expect(Object.isFrozen(loaded) && Object.isFrozen(loaded?.origin)).toBe(true)
        expect((await store.loadPlan('h2'))?.name).toBe('coffee')
        expect(await store.loadPlan('h3')).toBeUndefined()
      })

      it('forgets cached values when their time has come', async () => {
        await store.putCached('k', { a: [1] }, 1000)
        await store.putCached('null', null, 5000)
        expect(await store.getCached('k', 999)).toEqual({ value: { a: [1] } })
        expect(await store.getCached('k', 1000)).toBeUndefined()
        expect(await store.getCached('null', 4999)).toEqual({ value: null })
        expect(await store.getCached('other', 0)).toBeUndefined()
        await store.putCached('null', 'again', 9000)
        expect(await store.getCached('null', 6000)).toEqual({ value: 'again' })
      })
    })

    describe('values', () => {
      it.each(Object.entries(poison))('gives back %s as the same plain data, wherever it stands', async (_, value) => {
        const same = (found: unknown) => assert.deepStrictEqual(found, value)
        const lease = await begin(store, 'r1', { inputs: { value } })
        same((await store.getRun('r1'))?.inputs.value)
        const end = { type: 'stage.succeeded', stage: 'a', output: value, attempts: 1, duration_ms: 1, at } as const
        await store.append(lease, 1, [end])
        const [event] = await store.readEvents('r1')
        same(event?.type === 'stage.succeeded' && event.output)
        await store.putCached('k', value, 10)
        same((await store.getCached('k', 0))?.value)

        const channel_values = { c: value, list: [value] }
        const channel_versions = { c: 1, list: 1 }
        const checkpoint = { ...emptyCheckpoint(), channel_values, channel_versions }
        const metadata = { source: 'loop', step: 0, parents: {}, extra: value } as const
        const config = await store.saver.put(thread('r1'), checkpoint, metadata, channel_versions)
        await store.saver.putWrites(config, [['c', value]], 'task')
        const tuple = await store.saver.getTuple(thread('r1'))
        same(tuple?.checkpoint.channel_values.c)
        same((tuple?.checkpoint.channel_values.list as unknown[])[0])
        same((tuple?.metadata as unknown as typeof metadata).extra)
        same(tuple?.pendingWrites?.[0]?.[2])
        expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
      })

      it.each([
        ['a BigInt', 1n, 'a BigInt'],
        ['a function', () => 1, 'a function'],
        ['a symbol', Symbol('x'), 'a symbol'],
        ['NaN', Number.NaN, 'NaN'],
        ['Infinity', Number.POSITIVE_INFINITY, 'Infinity'],
        ['a Date', new Date(0), 'a Date instance'],
        ['a Map', new Map(), 'a Map instance'],
        ['bytes', new Uint8Array(1), 'a Uint8Array instance'],
        ['an Error', new Error('x'), 'a Error instance'],
      ])('refuses %s, naming the place, and keeps nothing of it', async (_, value, found) => {
        const channel_values = { fine: 1, vars: { list: [0, { at: value }] } }
        const versions = { fine: 1, vars: 1 }
        const checkpoint = { ...emptyCheckpoint(), channel_values, channel_versions: versions }
        const metadata = { source: 'loop', step: 0, parents: {} } as const
        const message = `not JSON at $.vars.list[1].at: ${found}`
        await expect(store.saver.put(thread('r1'), checkpoint, metadata, versions)).rejects.toThrow(message)
        expect(await store.saver.getTuple(thread('r1'))).toBeUndefined()

        const config = await store.saver.put(thread('r1'), emptyCheckpoint(), metadata, {})
        const writes = [
          ['fine', 1],
          ['vars', { list: [0, { at: value }] }],
        ] satisfies [string, unknown][]
        await expect(store.saver.putWrites(config, writes, 'task')).rejects.toThrow(message)
        expect((await store.saver.getTuple(thread('r1')))?.pendingWrites).toEqual([])
        await expect(store.putCached('k', { at: value } as never, 1)).rejects.toThrow(`$.value.at: ${found}`)
      })

      it('hands out copies or what is frozen, so that nobody can change what is stored', async () => {
        const inputs = { list: [1] }
        await leave(store, 'r1', { inputs })
        const value = { list: [1] }
        const versions = { c: 1 }
        const checkpoint = { ...emptyCheckpoint(), channel_values: { c: value }, channel_versions: versions }
        const metadata = { source: 'loop', step: 0, parents: {} } as const
        const config = await store.saver.put(thread('r1'), checkpoint, metadata, versions)
        await store.saver.putWrites(config, [['c', value]], 'task')
        await store.putCached('k', value, 10)
        const change = (held: unknown) => (held as { list: number[] }).list.push(2)
        for (const mine of [inputs, value]) change(mine)

        for (let reading = 0; reading < 2; reading++) {
          const run = await store.getRun('r1')
          const tuple = await store.saver.getTuple(thread('r1'))
          const cached = await store.getCached('k', 0)
          for (const held of [run?.inputs, cached?.value]) {
            expect(held).toEqual({ list: [1] })
            change(held)
          }
          for (const held of [tuple?.checkpoint.channel_values.c, tuple?.pendingWrites?.[0]?.[2]]) {
            expect(held).toEqual({ list: [1] })
            expect(() => change(held)).toThrow(TypeError)
          }
          if (tuple) tuple.checkpoint.channel_values.c = 'LangGraph changes this itself'
          if (tuple) tuple.checkpoint.channel_versions.c = 7
        }
      })
    })

    describe('checkpoints', () => {
      const put = async (
        config: RunnableConfig,
        values: Record<string, unknown>,
        versions: Versions,
        fresh: Versions,
      ) => {
        const checkpoint = { ...emptyCheckpoint(), id: uuid6(1), channel_values: values, channel_versions: versions }
        return await store.saver.put(config, checkpoint, { source: 'loop', step: 0, parents: {} }, fresh)
      }
      const valuesOf = async (config: RunnableConfig) => (await store.saver.getTuple(config))?.checkpoint.channel_values

      it('keeps the branches of a thread apart even when they use the same versions', async () => {
        const root = await put(thread('t'), { log: 'root', other: 1 }, { log: 1, other: 1 }, { log: 1, other: 1 })
        const left = await put(root, { log: 'left', other: 1 }, { log: 2, other: 1 }, { log: 2 })
        const right = await put(root, { log: 'right', other: 1 }, { log: 2, other: 1 }, { log: 2 })
        const leftChild = await put(left, { log: 'left', other: 2 }, { log: 2, other: 3 }, { other: 3 })
        const rightChild = await put(right, { log: 'right', other: 3 }, { log: 2, other: 3 }, { other: 3 })
        expect(await valuesOf(root)).toEqual({ log: 'root', other: 1 })
        expect(await valuesOf(left)).toEqual({ log: 'left', other: 1 })
        expect(await valuesOf(leftChild)).toEqual({ log: 'left', other: 2 })
        expect(await valuesOf(rightChild)).toEqual({ log: 'right', other: 3 })
      })

      it('gives a copy of a checkpoint what that holds, not what its parent does', async () => {
        const root = await put(thread('t'), { log: 'root' }, { log: 1 }, { log: 1 })
        await put(root, { log: 'child' }, { log: 2 }, { log: 2 })
        const copy = await put(root, { log: 'child' }, { log: 2 }, {})
        const unheardOf = await put(root, { log: 'from elsewhere' }, { log: 2 }, {})
        const copyOfRoot = await put(thread('t'), { log: 'root' }, { log: 1 }, {})
        const all = await Promise.all([copy, unheardOf, copyOfRoot, root].map(valuesOf))
        expect(all.map((values) => values?.log)).toEqual(['child', 'from elsewhere', 'root', 'root'])
      })

      it('drops a channel that has become empty', async () => {
        const first = await put(thread('t'), { a: 1, b: 2 }, { a: 1, b: 1 }, { a: 1, b: 1 })
        const second = await put(first, { b: 2 }, { a: 2, b: 1 }, { a: 2 })
        expect(await valuesOf(second)).toEqual({ b: 2 })
      })

      it('goes by the order of storing, not by the clock in the ids', async () => {
        const ids = ['2', '3', '1'].map((digit) => `${digit}f000000-0000-6000-8000-000000000000`)
        let config: RunnableConfig = thread('t')
        for (const id of ids) {
          const checkpoint = { ...emptyCheckpoint(), id }
          config = await store.saver.put(config, checkpoint, { source: 'loop', step: 0, parents: {} }, {})
        }
        expect((await store.saver.getTuple(thread('t')))?.checkpoint.id).toBe(ids[2])
        const listed = (await collect(store.saver.list(thread('t')))).map((tuple) => tuple.checkpoint.id)
        expect(listed).toEqual(ids.toReversed())
        const before = { configurable: { thread_id: 't', checkpoint_ns: '', checkpoint_id: ids[1] } }
        const earlier = (await collect(store.saver.list(thread('t'), { before }))).map((tuple) => tuple.checkpoint.id)
        expect(earlier).toEqual([ids[0]])
      })

      it('lists long histories page by page, with filter and limit', async () => {
        for (let step = 0; step < 150; step++) {
          const source = step % 2 === 0 ? 'loop' : 'update'
          await store.saver.put(
            thread('t'),
            { ...emptyCheckpoint(), id: uuid6(step) },
            { source, step, parents: {} },
            {},
          )
        }
        const steps = async (options?: Parameters<typeof store.saver.list>[1]) =>
          (await collect(store.saver.list(thread('t'), options))).map(({ metadata }) => metadata?.step)
        expect(await steps()).toEqual(Array.from({ length: 150 }, (_, i) => 149 - i))
        expect((await steps({ filter: { source: 'update' } })).length).toBe(75)
        expect(await steps({ filter: { source: 'update' }, limit: 2 })).toEqual([149, 147])
        expect(await steps({ filter: { step: 3 } })).toEqual([3])
        expect(await steps({ filter: { parents: {} }, limit: 1 })).toEqual([149])
        expect(await steps({ filter: { "x' OR 1=1 --": 1 } })).toEqual([])
        expect(await steps({ limit: 0 })).toEqual([])
      })

      it('orders writes by task path, task and position, in code point order', async () => {
        const config = await put(thread('t'), {}, {}, {})
        const tasks = [
          ['~a', '1'],
          ['', 'b'],
          ['', 'a'],
          ['\u{10000}', '1'],
          ['\uffff', '1'],
          ['~a', '0'],
        ] as const
        const two = (label: string): [string, unknown][] => [
          ['c', `${label} 0`],
          ['c', `${label} 1`],
        ]
        for (const [path, task] of tasks) await store.saver.putWrites(config, two(`${path}/${task}`), task + path, path)
        const order = ['/a', '/b', '~a/0', '~a/1', '\uffff/1', '\u{10000}/1'].flatMap((label) => [
          `${label} 0`,
          `${label} 1`,
        ])
        expect((await store.saver.getTuple(config))?.pendingWrites?.map(([, , value]) => value)).toEqual(order)
      })

      it('keeps the first of ordinary writes and the last of special ones', async () => {
        const config = await put(thread('t'), {}, {}, {})
        const write = (channel: string, value: unknown) => store.saver.putWrites(config, [[channel, value]], 'task')
        await write('c', 'first')
        await write('c', 'second')
        await write('__error__', { message: 'first' })
        await write('__error__', { message: 'second' })
        const writes = (await store.saver.getTuple(config))?.pendingWrites
        expect(writes).toEqual([
          ['task', '__error__', { message: 'second' }],
          ['task', 'c', 'first'],
        ])
      })

      it('keeps undefined, alone and inside', async () => {
        const values = { alone: undefined, inside: { a: [undefined, 1], b: undefined } }
        const versions = { alone: 1, inside: 1 }
        const config = await put(thread('t'), values, versions, versions)
        await store.saver.putWrites(config, [['c', undefined]], 'task')
        const tuple = await store.saver.getTuple(config)
        assert.deepStrictEqual(tuple?.checkpoint.channel_values, values)
        assert.deepStrictEqual(tuple?.pendingWrites, [['task', 'c', undefined]])
      })

      it('takes names that other checkpointers trip over', async () => {
        const values = JSON.parse('{"__proto__":1,"constructor":2,"a\'b":3}')
        const versions = JSON.parse('{"__proto__":1,"constructor":1,"a\'b":1}')
        for (const id of ['__proto__', 'constructor', `'; --`]) {
          const config = await put(thread(id), values, versions, versions)
          assert.deepStrictEqual(await valuesOf(config), values)
        }
        await expect(put(thread('\ud800'), {}, {}, {})).rejects.toThrow('well-formed')
      })
    })

    describe('deleting', () => {
      it('removes everything of a run and nothing of another', async () => {
        for (const id of ['r1', 'r2']) {
          await store.append(await begin(store, id), 1, [started('a')])
          const checkpoint = { ...emptyCheckpoint(), channel_values: { c: id }, channel_versions: { c: 1 } }
          const metadata = { source: 'loop', step: 0, parents: {} } as const
          const config = await store.saver.put(thread(id), checkpoint, metadata, { c: 1 })
          await store.saver.putWrites(config, [['c', id]], 'task')
        }
        expect(await store.deleteRun('r1')).toBe(true)
        expect(await store.deleteRun('r1')).toBe(false)
        expect(await store.getRun('r1')).toBeUndefined()
        expect(await store.readEvents('r1')).toEqual([])
        expect(await store.saver.getTuple(thread('r1'))).toBeUndefined()

        expect((await store.listRuns()).map(({ id }) => id)).toEqual(['r2'])
        expect(await store.readEvents('r2')).toHaveLength(1)
        const other = await store.saver.getTuple(thread('r2'))
        expect(other?.checkpoint.channel_values).toEqual({ c: 'r2' })
        expect(other?.pendingWrites).toEqual([['task', 'c', 'r2']])

        await store.append(await begin(store, 'r1'), 1, [started('b')])
        expect((await store.readEvents('r1')).map(({ seq }) => seq)).toEqual([1])
      })

      it('removes a thread that has no run', async () => {
        await store.saver.put(thread('t'), emptyCheckpoint(), { source: 'loop', step: 0, parents: {} }, {})
        expect(await store.deleteRun('t')).toBe(true)
        expect(await store.saver.getTuple(thread('t'))).toBeUndefined()
      })
    })

    describe('closing', () => {
      it('refuses everything afterwards, in one voice', async () => {
        const lease = await begin(store, 'r1')
        await store.close()
        await store.close()
        const calls = [
          () => store.getRun('r1'),
          () => store.createRun(runRecord('r2'), claimOf('e')),
          () => store.append(lease, 1, [started('a')]),
          () => store.append(lease, 1, [], { progress: 1 }),
          () => store.claim('t', claimOf('e'), () => true),
          () => store.renew(lease, 2000),
          () => store.release(lease),
          () => store.leases(),
          () => store.saverOf(lease).deleteThread('r1'),
          () => store.getCached('k', 0),
          () => store.describe(),
          () => store.saver.getTuple(thread('r1')),
          () => store.saver.deleteThread('r1'),
          () => collect(store.saver.list(thread('r1'))),
        ]
        for (const call of calls) {
          const error = await call().then(
            () => 'nothing was thrown',
            (thrown: unknown) => thrown,
          )
          expect(error).toBeInstanceOf(StoreError)
          expect(error).toMatchObject({ code: 'store_closed' })
        }
      })
    })

    if (persistent) {
      describe('opened again', () => {
        it('sees everything, and goes on counting', async () => {
          const lease = await begin(store, 'r1', { inputs: { a: 1 } })
          await store.append(lease, 1, [started('a'), started('b')], { status: 'running' })
          await store.claim('t', claimOf('f'), () => true)
          await store.savePlan(plan('h'))
          await store.putCached('k', [1], 10)
          const checkpoint = { ...emptyCheckpoint(), channel_values: { c: { d: 1 } }, channel_versions: { c: 1 } }
          const metadata = { source: 'loop', step: 0, parents: {} } as const
          const config = await store.saver.put(thread('r1'), checkpoint, metadata, { c: 1 })
          await store.saver.putWrites(config, [['c', 2]], 'task')
          const everything = async () => ({
            run: await store.getRun('r1'),
            runs: await store.listRuns(),
            leases: await store.leases(),
            events: await store.readEvents('r1'),
            plan: await store.loadPlan('h'),
            cached: await store.getCached('k', 0),
            tuple: await store.saver.getTuple(thread('r1')),
          })
          const before = await everything()
          await store.close()
          store = open(folder, clock)
          expect(await everything()).toEqual(before)
          await store.append(lease, 3, [started('c')])
          expect((await store.readEvents('r1', 2)).map(({ seq }) => seq)).toEqual([3])
        })

      })
    }
  })
}

type Versions = Record<string, number>

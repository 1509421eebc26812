/**
 * Outcomes that the log of a run holds stand in its checkpoints as places in the log; nothing else does, and whatever is
 * read is what was written.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Checkpoint, emptyCheckpoint } from '@langchain/langgraph-checkpoint'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { closeStage } from '../../../src/execution/stage-events.ts'
import type { Lease, NewEvent, RunStore } from '../../../src/execution/store.ts'
import { createMemoryStore } from '../../../src/execution/stores/memory.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { deepFreeze, type Json } from '../../../src/foundation/json.ts'
import type { Outcome } from '../../../src/foundation/outcome.ts'
import { poison } from '../../conformance/poison.ts'
import { begin, claimOf, collect, started, thread } from '../../conformance/support.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-places-'))
  path = join(folder, 'runs.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const metadata = { source: 'loop', step: 0, parents: {} } as const
const big = (n: number) => `${n} ${'x'.repeat(5000)}`

const outcome = (more: Partial<Outcome> = {}): Outcome =>
  deepFreeze({
    status: 'succeeded',
    output: null,
    error: null,
    reason: null,
    tolerated: false,
    set: {},
    attempts: 1,
    started_at: '2026-01-01T00:00:00.000Z',
    ended_at: '2026-01-01T00:00:01.250Z',
    ...more,
  })

const eventsOf = (stage: string, ended: Outcome): NewEvent[] =>
  closeStage(stage, ended).map((event) => ({ ...event, at: ended.ended_at, progress: 1 }))

/** A run whose log is filled as the engine fills it. */
class Filled {
  readonly store: RunStore
  readonly lease: Lease
  next = 1
  version = 0
  at: { configurable?: object } = thread('r1')

  constructor(store: RunStore, lease: Lease) {
    this.store = store
    this.lease = lease
    this.at = thread(lease.thread)
  }

  async say(events: readonly NewEvent[]): Promise<void> {
    await this.store.append(this.lease, this.next, events)
    this.next += events.length
  }

  async log(stages: Readonly<Record<string, Outcome>>): Promise<void> {
    for (const [stage, ended] of Object.entries(stages)) await this.say([...eventsOf(stage, ended), started('next')])
  }

  async put(values: Record<string, unknown>, fresh = Object.keys(values)): Promise<void> {
    this.version += 1
    const versions = Object.fromEntries(Object.keys(values).map((channel) => [channel, this.version]))
    const checkpoint: Checkpoint = {
      ...emptyCheckpoint(),
      id: String(this.version).padStart(5, '0'),
      channel_values: values,
      channel_versions: versions,
    }
    const newer = Object.fromEntries(fresh.map((channel) => [channel, this.version]))
    this.at = await this.store.saverOf(this.lease).put(this.at, checkpoint, metadata, newer)
  }

  async stages(from?: RunStore): Promise<Record<string, Outcome>> {
    return (await this.read(from))?.stages as Record<string, Outcome>
  }

  async read(from: RunStore = this.store): Promise<Record<string, unknown> | undefined> {
    return (await from.saver.getTuple(thread(this.lease.thread)))?.checkpoint.channel_values
  }
}

const filled = async (store: RunStore, id = 'r1') => new Filled(store, await begin(store, id))

const thousands = (count: number, from = 0) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`s${from + n}`, outcome({ output: big(from + n) })]))

/** Characters in the table, which is where values are kept. */
function charactersOf(table: 'value' | 'checkpoint_write'): number {
  const db = new DatabaseSync(path)
  const row = db.prepare(`SELECT ifnull(sum(length(cell)), 0) AS n FROM ${table}`).get()
  db.close()
  return Number(row?.n)
}

describe('outcomes that are in the log', () => {
  it('are kept once, and read back by anyone', async () => {
    const store = openSqliteStore(path)
    const run = await filled(store)
    const stages = thousands(40)
    await run.log(stages)
    await run.put({ stages: { s0: stages.s0 }, other: 1 })
    await store.saverOf(run.lease).putWrites(run.at, [['stages', stages]], 'task')
    await run.put({ stages, other: 1 })
    expect(charactersOf('value')).toBeLessThan(2500)
    expect(charactersOf('checkpoint_write')).toBeLessThan(2500)
    const another = openSqliteStore(path)
    for (const each of [store, another]) {
      const tuples = await collect(each.saver.list(thread('r1')))
      assert.deepStrictEqual(tuples[0]?.checkpoint.channel_values, { stages, other: 1 })
      assert.deepStrictEqual(tuples[1]?.checkpoint.channel_values, { stages: { s0: stages.s0 }, other: 1 })
      assert.deepStrictEqual(tuples[1]?.pendingWrites, [['task', 'stages', stages]])
      expect(Object.isFrozen((await run.stages(each)).s3)).toBe(true)
    }
    await another.close()
    await store.close()
  })

  it('cost a few characters each when there is a checkpoint for every one', async () => {
    const store = openSqliteStore(path)
    const run = await filled(store)
    const stages: Record<string, Outcome> = {}
    for (const [stage, ended] of Object.entries(thousands(200))) {
      stages[stage] = ended
      await run.log({ [stage]: ended })
      await run.put({ stages: { ...stages } })
    }
    expect(charactersOf('value')).toBeLessThan(200 * 600) // with LangGraph's heads
    await store.close()
    const again = openSqliteStore(path)
    const tuples = await collect(again.saver.list(thread('r1')))
    for (const [index, { checkpoint }] of tuples.entries()) {
      const there = Object.fromEntries(Object.entries(stages).slice(0, 200 - index))
      expect(checkpoint.channel_values).toEqual({ stages: there })
    }
    await again.close()
  })

  it('are found again by an engine that takes the run up and reads the log, and by those who read the thread', async () => {
    const store = openSqliteStore(path)
    const run = await filled(store)
    const stages = thousands(20)
    await run.log(stages)
    await store.close()

    const later = openSqliteStore(path)
    const taken = await later.claim('r1', claimOf('f'), () => true)
    if ('heldBy' in taken) throw new Error('It was not taken.')
    const events = await later.readEvents('r1')
    const read = Object.fromEntries(
      events.flatMap((event) =>
        event.type === 'stage.succeeded' ? [[event.stage, outcome({ output: event.output })]] : [],
      ),
    )
    const resumed = new Filled(later, taken.lease)
    await resumed.put({ stages: read })
    expect(charactersOf('value')).toBeLessThan(1500)
    await later.release(taken.lease)
    const loaded = (await resumed.read())?.stages as object
    const edited = { ...loaded, s5: outcome({ output: 'edited' }) }
    await later.saver.put(resumed.at, { ...emptyCheckpoint(), channel_values: { stages: edited } }, metadata, {
      stages: 9,
    })
    expect(charactersOf('value')).toBeLessThan(2500)
    expect((await resumed.read())?.stages).toEqual({ ...stages, s5: outcome({ output: 'edited' }) })
    await later.close()
  })

  it('keep their place when the stage is run again, pruned, and backed up', async () => {
    const store = openSqliteStore(path)
    const run = await filled(store)
    const first = outcome({ output: big(1), set: { a: [1], b: 'two' } })
    const second = outcome({ output: big(2), set: { a: [2] }, attempts: 2 })
    await run.log({ s: first })
    await run.put({ stages: { s: first } })
    await run.log({ s: second })
    await run.put({ stages: { s: second } })
    const tuples = await collect(store.saver.list(thread('r1')))
    expect(tuples.map(({ checkpoint }) => checkpoint.channel_values.stages)).toEqual([{ s: second }, { s: first }])
    await store.prune('r1', 1)
    const copy = join(folder, 'copy.db')
    await store.backup(copy)
    const restored = openSqliteStore(copy)
    for (const each of [store, restored]) expect((await run.read(each))?.stages).toEqual({ s: second })
    await restored.close()
    await store.saverOf(run.lease).deleteThread('r1')
    expect(await run.read()).toBeUndefined()
    expect(await store.readEvents('r1')).toHaveLength(7)
    await store.close()
  })

  it('of a run that was deleted are no places in the log of the next one of that name', async () => {
    const store = openSqliteStore(path)
    const run = await filled(store)
    const stages = thousands(3)
    await run.log(stages)
    await run.put({ stages })
    await store.deleteRun('r1')
    const next = await filled(store)
    await next.log({ other: outcome({ output: 'other' }), another: outcome(), third: outcome(), fourth: outcome() })
    await next.put({ stages })
    expect((await next.read())?.stages).toEqual(stages)
    await store.close()
  })

  it('are places in the log of each thread that has them', async () => {
    const store = openSqliteStore(path)
    const stages = thousands(10)
    const runs = [await filled(store, 'r1'), await filled(store, 'fork')]
    await runs[1]?.say([started('first')]) // so places differ
    for (const run of runs) await run.log(stages)
    for (const run of runs) await run.put({ stages })
    expect(charactersOf('value')).toBeLessThan(2000)
    await store.deleteRun('r1')
    expect((await runs[1]?.read())?.stages).toEqual(stages)
    await store.close()
  })

  it('are missed when the log has lost them', async () => {
    const store = openSqliteStore(path)
    const run = await filled(store)
    const stages = thousands(10)
    await run.log(stages)
    await run.put({ stages })
    await store.close()
    const db = new DatabaseSync(path)
    db.exec('DELETE FROM log WHERE n & 4294967295 = 10')
    db.close()
    const damaged = openSqliteStore(path)
    await expect(run.read(damaged)).rejects.toMatchObject({ code: 'store_corrupt' })
    await damaged.close()
  })
})

const savers: readonly (readonly [string, () => RunStore])[] = [
  ['memory', () => createMemoryStore()],
  ['SQLite', () => openSqliteStore(path)],
]

describe.each(savers)('whatever is written is read: %s', (_, open) => {
  const failure = deepFreeze({ category: 'internal', code: 'internal', message: 'no' } as const)
  const others: readonly Partial<Outcome>[] = [
    { output: 'other' },
    { attempts: 2 },
    { ended_at: '2026-01-01T00:00:01.251Z' },
    { started_at: '2026-01-01T00:00:00.001Z' },
    { set: { a: 1 } },
    { set: { a: 1, b: [2], c: 3 } },
    { set: { b: [2], a: 1 } },
    { cached: true },
    { error: failure },
    { reason: 'need' },
    { tolerated: true },
    { status: 'failed' },
    { extra: 1 } as never,
  ]

  it('outcomes of every status', async () => {
    const store = open()
    const run = await filled(store)
    const stages = {
      plain: outcome({ output: { a: [1, { b: null }] }, set: { a: 1, b: [2] } }),
      cached: outcome({ cached: true, attempts: 0, output: big(1) }),
      failed: outcome({ status: 'failed', error: failure }),
      tolerated: outcome({ status: 'failed', error: failure, tolerated: true, output: 'instead', set: { a: 1 } }),
      skipped: outcome({ status: 'skipped', reason: 'need', attempts: 0, started_at: '2026-01-01T00:00:01.250Z' }),
      cancelled: outcome({ status: 'cancelled', error: failure }),
      ...Object.fromEntries(Object.entries(poison).map(([name, value]) => [name, outcome({ output: value as Json })])),
    }
    await run.log(stages)
    await run.put({ stages })
    assert.deepStrictEqual((await run.read())?.stages, stages)
    await store.close()
  })

  it.each(others)('an outcome that is not what the log says: %j', async (more) => {
    const store = open()
    const run = await filled(store)
    const base: Partial<Outcome> = { output: { a: 1 }, set: { a: 1, b: [2] } }
    const logged = outcome(base)
    await run.log({ a: logged, b: logged })
    const edited = { ...logged, ...more }
    await run.put({ stages: { a: edited, b: logged } })
    assert.deepStrictEqual((await run.read())?.stages, { a: edited, b: logged })
    const { a } = await run.stages()
    expect(Object.keys(a?.set ?? {})).toEqual(Object.keys(edited.set))
    await store.close()
  })

  it('an outcome that was changed after it was logged', async () => {
    const store = open()
    const run = await filled(store)
    const output = { list: [1] }
    const mutable: Outcome = { ...outcome(), output }
    const shallow: Outcome = Object.freeze({ ...outcome(), output: Object.freeze({ list: output.list }) })
    await run.log({ mutable, shallow })
    output.list.push(2)
    await run.put({ stages: { mutable, shallow } })
    const changed = { ...outcome(), output: { list: [1, 2] } }
    expect((await run.read())?.stages).toEqual({ mutable: changed, shallow: changed })
    await store.close()
  })

  it('an outcome behind which the log says more, later', async () => {
    const store = open()
    const run = await filled(store)
    const first = outcome({ output: big(1) })
    await run.say(eventsOf('a', first))
    await run.put({ stages: { a: first } })
    await run.say([{ type: 'variable.changed', stage: 'a', variable: 'v', value: 1, at: first.ended_at }])
    await run.put({ stages: { a: first } })
    expect((await run.read())?.stages).toEqual({ a: first })
    const second = outcome({ output: big(1), set: { v: 1 } })
    await run.put({ stages: { a: second } })
    expect((await run.read())?.stages).toEqual({ a: second })
    await store.close()
  })

  it('data that looks like places', async () => {
    const store = open()
    const run = await filled(store)
    const logged = outcome({ output: 'here' })
    await run.log({ a: logged })
    const looks = { n: 1, pair: [1, 0], list: [logged], form: { a: 1 }, $lg: ['object', {}], nothing: undefined }
    for (const stages of [
      looks,
      { ...looks, a: logged },
      [1, [1, 0]],
      1,
      'a',
      null,
      { a: 1 },
      { a: [1] },
      { a: [1, 1] },
    ]) {
      await run.put({ stages })
      assert.deepStrictEqual((await run.read())?.stages, stages)
      await store.saver.putWrites(run.at, [['stages', stages]], `task ${JSON.stringify(stages)}`)
      const writes = (await store.saver.getTuple(run.at))?.pendingWrites
      assert.deepStrictEqual(writes?.at(-1)?.[2], stages)
    }
    await store.saver.put(
      thread('raw'),
      { ...emptyCheckpoint(), channel_values: { stages: { a: logged } } },
      metadata,
      {
        stages: 1,
      },
    )
    const raw = await store.saver.getTuple(thread('raw'))
    assert.deepStrictEqual(raw?.checkpoint.channel_values, { stages: { a: logged } })
    await store.close()
  })

  it('what was appended by someone who lost the thread meanwhile', async () => {
    const store = open()
    const run = await filled(store)
    const logged = outcome({ output: big(1) })
    await run.log({ a: logged })
    const taken = await store.claim('r1', claimOf('f'), () => true)
    if ('heldBy' in taken) throw new Error('It was not taken.')
    await expect(run.say(eventsOf('b', outcome({ output: big(2) })))).rejects.toMatchObject({ code: 'fenced' })
    await store.append(taken.lease, run.next, [started('x'), started('y')])
    const next = new Filled(store, taken.lease)
    const stages = { a: logged, b: outcome({ output: big(2) }) }
    await next.put({ stages })
    expect((await next.read())?.stages).toEqual(stages)
    await store.close()
  })
})

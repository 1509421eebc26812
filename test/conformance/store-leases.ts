/**
 * What every store must do about who holds a thread.
 */
import { emptyCheckpoint } from '@langchain/langgraph-checkpoint'
import { describe, expect, it } from 'vitest'
import type { HeldLease, Lease, RunStore } from '../../src/execution/store.ts'
import type { Opened } from './store-runs.ts'
import { begin, claimOf, collect, leave, owner, runRecord, started, thread } from './support.ts'

const refuse = () => false
const metadata = { source: 'loop', step: 0, parents: {} } as const

async function taken(store: RunStore, id: string, engine: string, mayTake: (held: HeldLease) => boolean = refuse) {
  const result = await store.claim(id, claimOf(engine), mayTake)
  if ('heldBy' in result) throw new Error(`It is held by ${result.heldBy.owner.engine}.`)
  return result.lease
}

export function leaseConformance(opened: () => Opened): void {
  describe('claims', () => {
    it('give a thread to one owner until it is released', async () => {
      const { store } = opened()
      await leave(store, 'r1')
      const first = await taken(store, 'r1', 'a')
      expect(first).toEqual({ thread: 'r1', owner: owner('a'), epoch: first.epoch })
      expect(await store.claim('r1', claimOf('b'), refuse)).toEqual({ heldBy: { ...first, expiresAtMs: 1000 } })
      expect((await store.getRun('r1'))?.owner).toEqual(owner('a'))
      await store.release(first)
      expect((await store.getRun('r1'))?.owner).toBeNull()
      expect(await store.claim('r1', claimOf('b'), refuse)).toEqual({
        lease: { thread: 'r1', owner: owner('b'), epoch: expect.any(Number) },
      })
    })

    it('are of any thread, whether or not a run is there', async () => {
      const { store } = opened()
      const lease = await taken(store, 'raw', 'a')
      expect(await store.getRun('raw')).toBeUndefined()
      expect(await store.claim('raw', claimOf('b'), refuse)).toMatchObject({ heldBy: { owner: owner('a') } })
      await expect(store.append(lease, 1, [started('x')])).rejects.toMatchObject({ code: 'thread_unknown' })
      await store.release(lease)
      expect(await store.leases()).toEqual([])
    })

    it('tell owners apart by every field', async () => {
      const { store } = opened()
      await taken(store, 't', 'a')
      const others = [{ host: 'there' }, { pid: 2 }, { started: '11' }, { boot: 'c' }].map((more) => claimOf('a', more))
      for (const other of others)
        expect(await store.claim('t', other, refuse)).toMatchObject({ heldBy: { owner: owner('a') } })
    })

    it('give it to the same owner again, whose older lease is worth nothing then', async () => {
      const { store } = opened()
      const older = await begin(store, 'r1')
      const asked: HeldLease[] = []
      const newer = await taken(store, 'r1', 'e', (held) => asked.push(held) > 0)
      expect(asked).toEqual([])
      expect(newer.epoch).toBeGreaterThan(older.epoch)
      await expect(store.append(older, 1, [started('a')])).rejects.toMatchObject({ code: 'fenced' })
      await store.append(newer, 1, [started('a')])
    })

    it('take it from whoever may lose it, and ask about no other', async () => {
      const { store } = opened()
      const asked: HeldLease[] = []
      const ask = (held: HeldLease) => asked.push(held) > 0
      const first = await taken(store, 't', 'a', ask)
      expect(asked).toEqual([])
      const result = await store.claim('t', claimOf('b'), ask)
      expect(asked).toEqual([{ ...first, expiresAtMs: 1000 }])
      expect(result).toEqual({
        lease: { thread: 't', owner: owner('b'), epoch: expect.any(Number) },
        lost: { ...first, expiresAtMs: 1000 },
      })
      expect(await store.leases()).toMatchObject([{ thread: 't', owner: owner('b') }])
    })

    it('can go by the time that is left', async () => {
      const { store } = opened()
      const lease = await taken(store, 't', 'a')
      const at = (nowMs: number) => store.claim('t', claimOf('b'), ({ expiresAtMs }) => expiresAtMs <= nowMs)
      expect(await at(999)).toMatchObject({ heldBy: { expiresAtMs: 1000 } })
      await store.renew(lease, 5000)
      expect(await at(1000)).toMatchObject({ heldBy: { expiresAtMs: 5000 } })
      expect(await at(5000)).toMatchObject({ lease: { owner: owner('b') } })
      await expect(store.renew(lease, 9000)).rejects.toMatchObject({ code: 'fenced' })
      expect(await store.leases()).toMatchObject([{ owner: owner('b'), expiresAtMs: 1000 }])
    })

    it('leave the thread alone when the question throws', async () => {
      const { store } = opened()
      const lease = await taken(store, 't', 'a')
      const failing = () => {
        throw new Error('cannot tell')
      }
      await expect(store.claim('t', claimOf('b'), failing)).rejects.toThrow('cannot tell')
      expect(await store.leases()).toEqual([{ ...lease, expiresAtMs: 1000 }])
    })

    it('let one of many win', async () => {
      const { store } = opened()
      const claims = Array.from({ length: 20 }, (_, i) => store.claim('t', claimOf(`e${i}`), refuse))
      expect((await Promise.all(claims)).filter((result) => 'lease' in result)).toHaveLength(1)
    })

    it('count up and never down, whoever comes and goes', async () => {
      const { store } = opened()
      const epochs: number[] = []
      const note = (lease: Lease) => {
        epochs.push(lease.epoch)
        return lease
      }
      await store.release(note(await begin(store, 'r1')))
      await store.release(note(await taken(store, 'r1', 'a')))
      note(await taken(store, 'r1', 'a'))
      note(await taken(store, 'r1', 'b', () => true))
      await store.deleteRun('r1')
      note(await begin(store, 'r1'))
      await store.deleteRun('r1')
      note(await taken(store, 'r1', 'a'))
      await store.deleteRun('r1')
      note(await begin(store, 'r2'))
      expect(epochs).toEqual(epochs.toSorted((a, b) => a - b))
      expect(new Set(epochs).size).toBe(epochs.length)
    })
  })

  describe('a lease', () => {
    it('is not given up by someone who lost it', async () => {
      const { store } = opened()
      const lost = await begin(store, 'r1')
      const lease = await taken(store, 'r1', 'b', () => true)
      await store.release(lost)
      expect((await store.getRun('r1'))?.owner).toEqual(owner('b'))
      await store.release(lease)
      await store.release(lease)
      expect((await store.getRun('r1'))?.owner).toBeNull()
    })

    it('that was given up can be renewed no more', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      await store.release(lease)
      await expect(store.renew(lease, 5000)).rejects.toMatchObject({ code: 'fenced' })
      expect(await store.leases()).toEqual([])
    })

    it('is gone with its run, and a new run of the same name is not held by it', async () => {
      const { store } = opened()
      const old = await begin(store, 'r1')
      await store.deleteRun('r1')
      expect(await store.leases()).toEqual([])
      await expect(store.append(old, 1, [started('a')])).rejects.toMatchObject({ code: 'fenced' })
      await begin(store, 'other')
      await begin(store, 'r1')
      for (const write of [
        () => store.append(old, 1, [started('a')]),
        () => store.append(old, 1, [started('a')], { progress: 1 }),
        () => store.renew(old, 5000),
        () => store.saverOf(old).put(thread('r1'), emptyCheckpoint(), metadata, {}),
      ])
        await expect(write()).rejects.toMatchObject({ code: 'fenced' })
      expect(await store.readEvents('r1')).toEqual([])
      expect(await store.readEvents('other')).toEqual([])
    })
  })

  describe('the saver of a lease', () => {
    const listAt = (n: number) => Array.from({ length: n }, (_, i) => `${i} ${'x'.repeat(300)}`)
    const put = (saver: RunStore['saver'], n: number, parent = thread('r1')) => {
      const checkpoint = { ...emptyCheckpoint(), id: `${n}`, channel_values: { list: listAt(n) } }
      return saver.put(parent, { ...checkpoint, channel_versions: { list: n } }, metadata, { list: n })
    }
    const valuesOf = async (store: RunStore) => (await store.saver.getTuple(thread('r1')))?.checkpoint.channel_values

    it('writes for whoever holds it, and what the plain one wrote is the same history', async () => {
      const { store } = opened()
      const saver = store.saverOf(await begin(store, 'r1'))
      const first = await put(saver, 1)
      const second = await put(store.saver, 2, first as never)
      const third = await put(saver, 3, second as never)
      await saver.putWrites(third, [['list', 'more']], 'task')
      expect(await valuesOf(store)).toEqual({ list: listAt(3) })
      expect((await collect(saver.list(thread('r1')))).map(({ checkpoint }) => checkpoint.id)).toEqual(['3', '2', '1'])
      expect((await saver.getTuple(thread('r1')))?.pendingWrites).toEqual([['task', 'list', 'more']])
      await saver.deleteThread('r1')
      expect(await valuesOf(store)).toBeUndefined()
    })

    it('writes nothing once someone else has it, or nobody', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      const lost = store.saverOf(lease)
      const first = await put(lost, 1)
      const newer = await taken(store, 'r1', 'b', () => true)
      const refused = async () => {
        await expect(put(lost, 9, first as never)).rejects.toMatchObject({ name: 'ThreadError', code: 'fenced' })
        await expect(lost.putWrites(first, [['list', 1]], 'task')).rejects.toMatchObject({ code: 'fenced' })
        await expect(lost.deleteThread('r1')).rejects.toMatchObject({ code: 'fenced' })
        expect((await collect(lost.list(thread('r1')))).map(({ checkpoint }) => checkpoint.id)).toEqual(['1'])
        expect((await lost.getTuple(thread('r1')))?.pendingWrites).toEqual([])
      }
      await refused()
      await store.release(newer)
      await refused()
      await put(store.saverOf(await taken(store, 'r1', 'c')), 2, first as never)
      expect(await valuesOf(store)).toEqual({ list: listAt(2) })
    })

    it('writes to no other thread', async () => {
      const { store } = opened()
      const saver = store.saverOf(await begin(store, 'r1'))
      await expect(saver.put(thread('r2'), emptyCheckpoint(), metadata, {})).rejects.toMatchObject({ code: 'fenced' })
      expect(await store.saver.getTuple(thread('r2'))).toBeUndefined()
    })

    it('is nothing to a run that was never created', async () => {
      const { store } = opened()
      const { thread: id, ...rest } = await begin(store, 'r1')
      const saver = store.saverOf({ ...rest, thread: 'nobody' })
      await expect(saver.put(thread('nobody'), emptyCheckpoint(), metadata, {})).rejects.toMatchObject({
        code: 'fenced',
      })
      expect(await store.createRun(runRecord(id), claimOf('b'))).toBeUndefined()
    })
  })
}

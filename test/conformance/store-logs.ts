/**
 * What every store must do with the logs of runs.
 */
import { describe, expect, it } from 'vitest'
import type { NewEvent, RunStore } from '../../src/execution/store.ts'
import type { Opened } from './store-runs.ts'
import { begin, claimOf, owner, started } from './support.ts'

const stages = (first: number, count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => started(`s${first + index}`))

/** Appends batches of these sizes. */
async function fill(store: RunStore, id: string, sizes: readonly number[]): Promise<void> {
  const lease = await begin(store, id)
  let first = 1
  for (const size of sizes) {
    await store.append(lease, first, stages(first, size))
    first += size
  }
}

export function logConformance(opened: () => Opened, persistent: boolean): void {
  describe('the log', () => {
    it('gives back the events with their places', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      await store.append(lease, 1, [{ ...started('a'), progress: 50 }])
      await store.append(lease, 2, [started('b'), { ...started('c'), eta_ms: null }])
      const place = (seq: number) => ({ v: 1, run: 'r1', seq })
      expect(await store.readEvents('r1')).toEqual([
        { ...started('a'), progress: 50, ...place(1) },
        { ...started('b'), ...place(2) },
        { ...started('c'), eta_ms: null, ...place(3) },
      ])
    })

    it('is one per run, however appends interleave', async () => {
      const { store } = opened()
      const leases = [await begin(store, 'r1'), await begin(store, 'r2')]
      const ends = [0, 0]
      for (let i = 0; i < 40; i++) {
        const [at, count] = [i % 3 === 0 ? 1 : 0, (i % 4) + 1]
        await store.append(leases[at] as never, (ends[at] as number) + 1, stages(i * 10, count))
        ends[at] = (ends[at] as number) + count
      }
      for (const [index, run] of ['r1', 'r2'].entries()) {
        const stored = await store.readEvents(run)
        expect(stored.map(({ seq }) => seq)).toEqual(Array.from({ length: ends[index] as number }, (_, n) => n + 1))
        expect(stored.every((event) => event.run === run)).toBe(true)
      }
    })

    it('refuses what does not follow its end, and writes nothing of it', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      for (const first of [0, 2]) {
        await expect(store.append(lease, first, [started('a')])).rejects.toMatchObject({ code: 'fenced' })
        await expect(store.append(lease, first, [started('a')], { progress: 9 })).rejects.toMatchObject({
          code: 'fenced',
        })
      }
      await store.append(lease, 1, stages(1, 3))
      for (const first of [1, 2, 3, 5]) {
        const error = await store.append(lease, first, [started('x')]).catch((thrown: unknown) => thrown)
        expect(error).toMatchObject({ name: 'ThreadError', code: 'fenced', message: expect.stringContaining('ends at 3') })
        await expect(store.append(lease, first, [], { progress: 9 })).rejects.toMatchObject({ code: 'fenced' })
      }
      expect((await store.readEvents('r1')).map(({ seq }) => seq)).toEqual([1, 2, 3])
      expect((await store.getRun('r1'))?.progress).toBe(0)
      await store.append(lease, 4, [started('b')])
    })

    it('refuses whoever does not hold the thread any more, and writes nothing', async () => {
      const { store } = opened()
      const lost = await begin(store, 'r1')
      await store.append(lost, 1, [started('a')])
      const refused = async () => {
        await expect(store.append(lost, 2, [started('x')])).rejects.toMatchObject({
          code: 'fenced',
          message: expect.stringContaining('not held any more'),
        })
        await expect(store.append(lost, 2, [started('x')], { progress: 9 })).rejects.toMatchObject({ code: 'fenced' })
        await expect(store.append(lost, 2, [], { progress: 9 })).rejects.toMatchObject({ code: 'fenced' })
      }
      const taken = await store.claim('r1', claimOf('b'), () => true)
      if ('heldBy' in taken) throw new Error('It was not taken.')
      await refused()
      await store.append(taken.lease, 2, [started('b')])
      await refused()
      await store.release(taken.lease)
      await refused()
      await expect(store.append(taken.lease, 3, [started('x')])).rejects.toMatchObject({ code: 'fenced' })
      expect(await store.readEvents('r1')).toMatchObject([{ stage: 'a' }, { stage: 'b' }])
      expect((await store.getRun('r1'))?.progress).toBe(0)
    })

    it('changes the run in the same transaction, and dates the change', async () => {
      const { store, clock } = opened()
      const lease = await begin(store, 'r1')
      await clock.advance(1500)
      await store.append(lease, 1, [started('a')])
      expect((await store.getRun('r1'))?.updated_at).toBe('2026-01-01T00:00:00.000Z')
      const patch = { status: 'running', progress: 12.5, active_ms: 0.25, stretches: 2 } as const
      await store.append(lease, 2, [started('b')], patch)
      const changed = { ...patch, owner: owner('e'), updated_at: '2026-01-01T00:00:01.500Z', ended_at: null }
      expect(await store.getRun('r1')).toMatchObject(changed)
      await store.append(lease, 3, [started('c')], { ended_at: '2026-01-01T00:00:02.000Z' })
      expect(await store.getRun('r1')).toMatchObject({ ...changed, ended_at: '2026-01-01T00:00:02.000Z' })
      expect(await store.readEvents('r1')).toHaveLength(3)
    })

    it('changes what the run runs by in the same transaction, or not at all', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      const runsBy = { plan: 'other', version: '2', file: '/other.yaml', inputs: { more: [1, 'ü'] } }
      const before = await store.getRun('r1')
      await expect(store.append(lease, 2, [started('a')], { runsBy })).rejects.toMatchObject({ code: 'fenced' })
      expect(await store.getRun('r1')).toEqual(before)
      await store.append(lease, 1, [started('a')], { status: 'running', runsBy })
      const now = await store.getRun('r1')
      expect(now).toEqual({ ...before, ...runsBy, status: 'running', updated_at: now?.updated_at })
      expect(await store.listRuns({ pipeline: before?.pipeline ?? '' })).toEqual([now])
    })

    it('may be left as it is while the run changes', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      await store.append(lease, 1, [], { progress: 7 })
      await store.append(lease, 1, stages(1, 2))
      await store.append(lease, 3, [], { progress: 8 })
      await store.append(lease, 3, [])
      expect((await store.getRun('r1'))?.progress).toBe(8)
      expect(await store.readEvents('r1')).toHaveLength(2)
    })

    it('is read from any place on, and no more than asked for, whatever stands in one batch', async () => {
      const { store } = opened()
      const sizes = [1, 4, 2, 1, 7, 3]
      await fill(store, 'r0', [3])
      await fill(store, 'r1', sizes)
      await fill(store, 'r2', [2])
      const total = sizes.reduce((sum, size) => sum + size)
      const all = await store.readEvents('r1')
      expect(all.map((event) => 'stage' in event && event.stage)).toEqual(stages(1, total).map((event) => 'stage' in event && event.stage))
      expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: total }, (_, n) => n + 1))
      for (let after = 0; after <= total + 2; after++) {
        expect(await store.readEvents('r1', after)).toEqual(all.slice(after))
        for (const limit of [0, 1, 2, 5, 100])
          expect(await store.readEvents('r1', after, limit)).toEqual(all.slice(after, after + limit))
      }
    })

    it('of a run that is not there is empty', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      expect(await store.readEvents('r1')).toEqual([])
      expect(await store.readEvents('r1', 5)).toEqual([])
      expect(await store.readEvents('nobody')).toEqual([])
      const nobody = { ...lease, thread: 'nobody' }
      await expect(store.append(nobody, 1, [started('a')])).rejects.toMatchObject({ code: 'fenced' })
    })

    it('takes batches of any size', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      const long = { type: 'stage.output', stage: 'a', stream: 'stdout', at: '' } as const
      await store.append(lease, 1, stages(1, 5000))
      await store.append(lease, 5001, [{ ...long, text: 'x'.repeat(3_000_000) }])
      await store.append(lease, 5002, [{ ...long, text: '\u{1f375}\0"\\' }])
      const events = await store.readEvents('r1')
      expect(events).toHaveLength(5002)
      expect(events.at(-2)).toMatchObject({ seq: 5001, text: 'x'.repeat(3_000_000) })
      expect(events.at(-1)).toMatchObject({ seq: 5002, text: '\u{1f375}\0"\\' })
      expect(await store.readEvents('r1', 4999, 1)).toMatchObject([{ seq: 5000, stage: 's5000' }])
    })

    it('holds what was said, not what became of it', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      const event = { ...started('a'), type: 'stage.logged', level: 'info', message: 'm', fields: { a: 1 } } as const
      await store.append(lease, 1, [event])
      ;(event.fields as { a: number }).a = 2
      const [first] = await store.readEvents('r1')
      expect(first).toMatchObject({ fields: { a: 1 } })
      Object.assign((first as { fields?: object }).fields ?? {}, { a: 3 })
      expect(await store.readEvents('r1')).toMatchObject([{ fields: { a: 1 } }])
    })

    if (!persistent) return
    it('is one for two connections, of which each sees at once what the other did', async () => {
      const { store, another } = opened()
      const second = another()
      const lease = await begin(store, 'r1')
      await second.append(lease, 1, [started('a')])
      await expect(store.append(lease, 1, [started('x')])).rejects.toMatchObject({ code: 'fenced' })
      await store.append(lease, 2, [started('b')])
      expect(await second.readEvents('r1')).toHaveLength(2)
      const taken = await second.claim('r1', claimOf('b'), () => true)
      if ('heldBy' in taken) throw new Error('It was not taken.')
      await expect(store.append(lease, 3, [started('x')])).rejects.toMatchObject({ code: 'fenced' })
      await expect(store.saverOf(lease).deleteThread('r1')).rejects.toMatchObject({ code: 'fenced' })
      await store.append(taken.lease, 3, [started('c')])
      await second.deleteRun('r1')
      await begin(second, 'other') // may get the number that the deleted run had
      await begin(second, 'r1')
      await expect(store.append(taken.lease, 4, [started('x')])).rejects.toMatchObject({ code: 'fenced' })
      await expect(store.append(taken.lease, 1, [started('x')])).rejects.toMatchObject({ code: 'fenced' })
      expect(await store.readEvents('other')).toEqual([])
      await second.close()
    })
  })
}

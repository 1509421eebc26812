/**
 * What every store must do with runs.
 */
import { describe, expect, it } from 'vitest'
import type { RunStore } from '../../src/execution/store.ts'
import type { ManualClock } from '../../src/foundation/clock.ts'
import { begin, claimOf, leave, owner, runRecord, started } from './support.ts'

export interface Opened {
  readonly store: RunStore
  readonly clock: ManualClock
  /** Another connection to the same data, if the store outlives its process. */
  another(): RunStore
}

const at = '2026-01-01T00:00:00.000Z'

export function runConformance(opened: () => Opened): void {
  describe('runs', () => {
    it('gives back what was created, and refuses an id that is taken', async () => {
      const { store } = opened()
      const run = runRecord('r1', { version: '1', file: '/a.yaml', inputs: { topic: 'tea' } })
      const lease = await store.createRun(run, claimOf('e'))
      expect(lease).toEqual({ thread: 'r1', owner: owner('e'), epoch: expect.any(Number) })
      expect(await store.createRun(runRecord('r1', { pipeline: 'other' }), claimOf('f'))).toBeUndefined()
      expect(await store.createRun(runRecord('r1', { pipeline: 'other' }), claimOf('e'))).toBeUndefined()
      expect(await store.getRun('r1')).toEqual({ ...run, owner: owner('e') })
      expect(await store.leases()).toEqual([{ ...lease, expiresAtMs: 1000 }])
      expect(await store.getRun('r2')).toBeUndefined()
    })

    it('lets one of many create it', async () => {
      const { store } = opened()
      const made = Array.from({ length: 20 }, (_, i) => store.createRun(runRecord('r1'), claimOf(`e${i}`)))
      const leases = (await Promise.all(made)).filter((lease) => lease !== undefined)
      expect(leases).toHaveLength(1)
      expect((await store.getRun('r1'))?.owner).toEqual(leases[0]?.owner)
    })

    it('does not take a thread from someone to create a run on it', async () => {
      const { store } = opened()
      await store.claim('r1', claimOf('f'), () => false)
      const error = await store.createRun(runRecord('r1'), claimOf('e')).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'thread_busy' })
      expect(await store.getRun('r1')).toBeUndefined()
      expect(await store.createRun(runRecord('r1'), claimOf('f'))).toMatchObject({ thread: 'r1' })
    })

    it('remembers that someone wants it cancelled, whoever holds it', async () => {
      const { store, clock } = opened()
      const lease = await begin(store, 'r1')
      await clock.advance(1500)
      await store.requestCancel('r1')
      expect(await store.getRun('r1')).toEqual({ ...runRecord('r1', { cancel_requested: true }), owner: owner('e') })
      await store.append(lease, 1, [started('a')], { progress: 3 })
      await store.requestCancel('r1')
      expect(await store.getRun('r1')).toMatchObject({ progress: 3, cancel_requested: true })
      await expect(store.requestCancel('nobody')).rejects.toMatchObject({ code: 'thread_unknown' })
    })

    it('lists the newest first, filtered and cut off', async () => {
      const { store } = opened()
      const moments = ['2026-01-03', '2026-01-01', '2026-01-02', '2026-01-02']
      for (const [index, day] of moments.entries()) {
        const pipeline = index === 3 ? 'coffee' : 'tea'
        const status = index === 0 ? 'failed' : 'queued'
        await leave(store, `r${index}`, { created_at: `${day}T00:00:00.000Z`, pipeline, status })
      }
      const ids = async (filter?: Parameters<RunStore['listRuns']>[0]) =>
        (await store.listRuns(filter)).map(({ id }) => id)
      expect(await ids()).toEqual(['r0', 'r3', 'r2', 'r1'])
      expect(await ids({ pipeline: 'tea' })).toEqual(['r0', 'r2', 'r1'])
      expect(await ids({ status: ['failed', 'running'] })).toEqual(['r0'])
      expect(await ids({ status: ['failed', 'queued'], limit: 3 })).toEqual(['r0', 'r3', 'r2'])
      expect(await ids({ status: ['queued', 'queued'], pipeline: 'tea' })).toEqual(['r2', 'r1'])
      expect(await ids({ status: [] })).toEqual([])
      expect(await ids({ since: '2026-01-02T00:00:00.000Z' })).toEqual(['r0', 'r3', 'r2'])
      expect(await ids({ status: ['queued'], pipeline: 'tea', since: '2026-01-02T00:00:00.000Z' })).toEqual(['r2'])
      expect(await ids({ limit: 2 })).toEqual(['r0', 'r3'])
      expect(await ids({ limit: 0 })).toEqual([])
    })

    it('lists with each run who holds it', async () => {
      const { store } = opened()
      await leave(store, 'r1')
      await begin(store, 'r2')
      expect((await store.listRuns()).map((run) => run.owner)).toEqual([owner('e'), null])
    })

    it('lists fifty unless asked for more', async () => {
      const { store } = opened()
      for (let i = 0; i < 60; i++) await leave(store, `r${i}`)
      expect(await store.listRuns()).toHaveLength(50)
      expect(await store.listRuns({ limit: 100 })).toHaveLength(60)
    })

    it('keeps quotes in names as text', async () => {
      const { store } = opened()
      const id = `r'; DROP TABLE run; --`
      const lease = await begin(store, id, { pipeline: `"'`, created_at: at })
      await store.append(lease, 1, [started('a')])
      expect((await store.listRuns({ pipeline: `"'` })).map((run) => run.id)).toEqual([id])
      expect(await store.readEvents(id)).toMatchObject([{ run: id, seq: 1 }])
    })
  })
}

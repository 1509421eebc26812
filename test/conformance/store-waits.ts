/**
 * What every store must do with waits that are open, and with events.
 */
import { describe, expect, it } from 'vitest'
import type { NewEvent, RunStore, Signal } from '../../src/execution/store.ts'
import type { Opened } from './store-runs.ts'
import { begin, claimOf } from './support.ts'

const at = '2026-01-01T00:00:00.000Z'
const ms = Date.parse(at)
const iso = (after: number): string => new Date(ms + after).toISOString()

const asked = (wait: string, more: object = {}): NewEvent => ({
  type: 'wait.started',
  stage: `s.${wait}`,
  wait,
  value: { message: wait },
  at,
  ...more,
})
const fired = (wait: string, more: object = {}): NewEvent => ({
  type: 'wait.fired',
  stage: `s.${wait}`,
  wait,
  answer: 1,
  at,
  ...more,
})
const signal = (id: string, more: Partial<Signal> = {}): Signal => ({ id, event: 'bell', data: { id }, at, ...more })

const ids = async (store: RunStore, filter?: Parameters<RunStore['listWaits']>[0]) =>
  (await store.listWaits(filter)).map(({ id }) => id)

export function waitConformance(opened: () => Opened, persistent: boolean): void {
  describe('waits', () => {
    it('have a row from the event that opens them to the one that closes them', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      const other = await begin(store, 'r2')
      await store.append(lease, 1, [asked('a', { response_schema: { type: 'string' }, kind: 'ask' }), asked('b')])
      await store.append(other, 1, [asked('c')], { status: 'waiting' })
      expect(await store.listWaits({ thread: 'r1', id: 'a' })).toEqual([
        {
          thread: 'r1',
          id: 'a',
          stage: 's.a',
          kind: 'ask',
          value: { message: 'a' },
          response_schema: { type: 'string' },
          asked_at: at,
        },
      ])
      expect(await ids(store)).toEqual(['a', 'b', 'c'])
      expect(await ids(store, { thread: 'r1' })).toEqual(['a', 'b'])
      expect(await ids(store, { thread: 'r2', id: 'a' })).toEqual([])
      await store.append(lease, 3, [fired('a')])
      await store.append(lease, 4, [{ type: 'wait.timed_out', stage: 's.b', wait: 'b', at }])
      expect(await ids(store)).toEqual(['c'])
      await store.append(other, 2, [{ type: 'wait.cancelled', stage: 's.c', wait: 'c', at }])
      expect(await ids(store)).toEqual([])
    })

    it('are as the log says, also when nothing could be added to that', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      await store.append(lease, 1, [asked('a')])
      await expect(store.append(lease, 1, [fired('a')])).rejects.toMatchObject({ code: 'fenced' })
      await expect(store.append(lease, 7, [asked('b')], { progress: 1 })).rejects.toMatchObject({ code: 'fenced' })
      expect(await ids(store)).toEqual(['a'])
      await store.claim('r1', claimOf('f'), () => true)
      await expect(store.append(lease, 2, [fired('a')])).rejects.toMatchObject({ code: 'fenced' })
      expect(await ids(store)).toEqual(['a'])
      await store.deleteRun('r1')
      expect(await ids(store)).toEqual([])
    })

    it('are found by when something is due of them', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      expect(await store.nextWaitDue()).toBeUndefined()
      const ends = (entries: object[]) => ({ ends: { by: 'any', entries } })
      await store.append(lease, 1, [
        asked('never'),
        asked('deadline', { due_at: iso(5_000) }),
        asked('reminder', { due_at: iso(9_000), remind_ms: 2_000 }),
        asked('timer', ends([{ name: 'for', at: iso(3_000) }])),
        asked('look', ends([{ name: 'condition', condition: 'now() > x' }])),
      ])
      expect(await store.nextWaitDue()).toBe(ms + 2_000)
      expect(await ids(store, { dueMs: ms + 1_999 })).toEqual([])
      expect(await ids(store, { dueMs: ms + 5_000 })).toEqual(['reminder', 'timer', 'deadline'])
      expect(await ids(store)).toEqual(['reminder', 'timer', 'deadline', 'look', 'never'])
      const requested = { type: 'approval.requested', stage: 's.reminder', wait: 'reminder', reminder: 1, at } as const
      await store.append(lease, 6, [requested])
      expect(await ids(store, { dueMs: ms + 3_999 })).toEqual(['timer'])
      const looked = { type: 'wait.evaluated', stage: 's.look', wait: 'look', came: {}, at: iso(60_000) } as const
      await store.append(lease, 7, [looked])
      expect(await ids(store, { dueMs: ms + 119_999 })).toEqual(['timer', 'reminder', 'deadline'])
      expect(await ids(store, { dueMs: ms + 120_000 })).toEqual(['timer', 'reminder', 'deadline', 'look'])
    })

    it('take one answer, the first, and are due then', async () => {
      const { store, another } = opened()
      const lease = await begin(store, 'r1')
      await store.append(lease, 1, [asked('a')])
      const second = persistent ? another() : store
      const became = await Promise.all([store.answerWait('a', { x: 1 }, { at }), second.answerWait('a', { x: 2 }, { at })])
      expect(became).toEqual(['handed_in', 'other'])
      expect(await second.answerWait('a', { x: 1 }, { at: iso(1) })).toBe('same')
      expect(await store.answerWait('b', 1, { at })).toBe('none')
      expect(await second.listWaits({ dueMs: 0 })).toMatchObject([{ id: 'a', answered: { answer: { x: 1 }, at } }])
      await store.append(lease, 2, [{ type: 'approval.requested', stage: 's.a', wait: 'a', reminder: 1, at }])
      expect(await store.listWaits({ dueMs: 0 })).toMatchObject([{ answered: { answer: { x: 1 } } }])
      await store.append(lease, 3, [fired('a')])
      expect(await second.answerWait('a', { x: 1 }, { at })).toBe('none')
      if (persistent) await second.close()
    })

    it('are found by the events that they still wait for', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      const ends = {
        by: 'all',
        entries: [
          { name: 'one', event: 'bell' },
          { name: 'two', event: 'horn' },
        ],
      }
      await store.append(lease, 1, [asked('a', { ends }), asked('b')])
      expect(await ids(store, { event: 'bell' })).toEqual(['a'])
      const came = { one: { id: 'e1', event: 'bell', at, data: null } }
      await store.append(lease, 3, [{ type: 'wait.evaluated', stage: 's.a', wait: 'a', came, at }])
      expect(await ids(store, { event: 'bell' })).toEqual([])
      expect(await ids(store, { event: 'horn' })).toEqual(['a'])
      await store.append(lease, 4, [fired('a')])
      expect(await ids(store, { event: 'horn' })).toEqual([])
      expect(await store.signalsGiven('r1', 's.a')).toEqual(new Set(['e1']))
    })
  })

  describe('events', () => {
    it('are kept until they expire; an id counts once', async () => {
      const { store } = opened()
      const first = await store.putSignal(signal('e1'), ms + 1_000)
      expect(first).toMatchObject({ isNew: true, signal: signal('e1') })
      expect(await store.putSignal(signal('e1', { data: 'other' }), ms + 9_000)).toEqual({ ...first, isNew: false })
      const second = await store.putSignal(signal('e2'), ms + 5_000)
      await store.putSignal(signal('e3', { event: 'horn' }), ms + 5_000)
      const named = async (after: number) =>
        (await store.listSignals({ event: 'bell' }, ms + after)).map(({ id }) => id)
      expect(await named(999)).toEqual(['e1', 'e2'])
      expect(await named(1_000)).toEqual(['e2'])
      expect((await store.listSignals({ after: first.signal.n }, ms)).map(({ id }) => id)).toEqual(['e2', 'e3'])
      expect((await store.listSignals({ after: second.signal.n }, ms)).map(({ id }) => id)).toEqual(['e3'])
      const again = await store.putSignal(signal('e1', { at: iso(1_000), data: 'again' }), ms + 9_000)
      expect(again).toMatchObject({ isNew: true, signal: { data: 'again' } }) // the first was forgotten
      expect(again.signal.n).toBeGreaterThan(second.signal.n)
    })

    it('are given to a stage once, iterations counting as one', async () => {
      const { store } = opened()
      const lease = await begin(store, 'r1')
      const given = (stage: string, event: string): NewEvent => ({ ...fired('x', { event }), stage }) as NewEvent
      await store.append(lease, 1, [given('loop#0.pay', 'e1'), given('each[2].pay', 'e2')])
      expect(await store.signalsGiven('r1', 'loop#7.pay')).toEqual(new Set(['e1']))
      expect(await store.signalsGiven('r1', 'each[2].pay')).toEqual(new Set(['e2']))
      expect(await store.signalsGiven('r1', 'each[3].pay')).toEqual(new Set())
      await store.deleteRun('r1')
      expect(await store.signalsGiven('r1', 'loop#0.pay')).toEqual(new Set())
    })
  })
}

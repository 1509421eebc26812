/** The bounded pool, and items with a record of their own. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runItem } from '../../src/execution/item.ts'
import { runPool } from '../../src/execution/pool.ts'
import type { Journal } from '../../src/foundation/journal.ts'
import { type DatedEvent, foldPast, noPast } from '../../src/foundation/past.ts'
import { createManualClock } from '../../src/index.ts'

describe('a pool', () => {
  it.each([1, 3, 1_000])('never runs more than its limit of %i, starts in order and keeps the order', async (limit) => {
    const started: number[] = []
    let running = 0
    let most = 0
    const results = await runPool(100, limit, async (index) => {
      started.push(index)
      most = Math.max(most, ++running)
      for (let hop = 0; hop <= (index * 7) % 5; hop++) await turn()
      running--
      return index * 2
    })
    expect(results).toEqual(Array.from({ length: 100 }, (_, index) => index * 2))
    expect(started).toEqual(results.map((_, index) => index))
    expect(most).toBe(Math.min(limit, 100))
  })

  it('of nothing is done', async () => {
    expect(await runPool(0, 4, async () => 1)).toEqual([])
    expect(() => runPool(1, 0, async () => 1)).toThrow('at least one place')
  })

  it('starts nothing more after an error, and rejects when what runs has ended', async () => {
    const ended: number[] = []
    const pool = runPool(10, 2, async (index) => {
      if (index === 1) throw new Error('one')
      await turn()
      ended.push(index)
      return index
    })
    await expect(pool).rejects.toThrow('one')
    expect(ended).toEqual([0])
  })
})

describe('an item', () => {
  const clock = createManualClock()
  const kind = 'uses'

  function journalOf(order: string[]): Journal {
    return {
      say: (event) => void order.push(`${event.type} ${'stage' in event ? event.stage : ''}`),
      async commit() {
        order.push('commit')
      },
    }
  }

  it('is started on record before its effect, and its end is on record after it', async () => {
    const order: string[] = []
    const output = await runItem(
      { recorded: { journal: journalOf(order), past: noPast }, clock, kind },
      'f[3]',
      (n) => {
        order.push(`effect ${n}`)
        return { n }
      },
    )
    expect(output).toEqual({ n: 1 })
    expect(order).toEqual(['stage.started f[3]', 'commit', 'effect 1', 'stage.succeeded f[3]', 'commit'])
  })

  it('that is recorded gives what it gave, with no effect; one that was cut off goes on numbering its attempts', async () => {
    const at = '2026-01-01T00:00:00.000Z'
    const events: DatedEvent[] = [
      { type: 'stage.started', stage: 'f[0]', kind, attempt: 1, at },
      { type: 'stage.succeeded', stage: 'f[0]', output: 'kept', attempts: 1, duration_ms: 0, at },
      { type: 'stage.started', stage: 'f[1]', kind, attempt: 1, at },
    ]
    const order: string[] = []
    const ports = { recorded: { journal: journalOf(order), past: foldPast(events) }, clock, kind }
    expect(await runItem(ports, 'f[0]', () => 'again')).toBe('kept')
    expect(order).toEqual([])
    expect(await runItem(ports, 'f[1]', (attempt) => attempt)).toBe(2)
  })
})

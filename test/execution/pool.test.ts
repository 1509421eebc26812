/** The bounded pool. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runPool } from '../../src/execution/pool.ts'

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

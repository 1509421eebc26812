/** Group commit: one write per tick, one at a time, and nothing after it failed. */
import { describe, expect, it } from 'vitest'
import { createBatches } from '../../src/foundation/batches.ts'

describe('what is pushed in one tick', () => {
  it('is written at once, however many commit and however many promises lie between', async () => {
    const writes: string[][] = []
    const batches = createBatches<string>(async (batch) => void writes.push([...batch]))
    batches.push('a')
    const first = batches.commit()
    for (let hop = 0; hop < 20; hop++) await Promise.resolve()
    batches.push('b')
    expect(writes).toEqual([])
    await Promise.all([first, batches.commit()])
    expect(writes).toEqual([['a', 'b']])
    await batches.commit()
    expect(writes).toHaveLength(1)
  })

  it('is written at the latest when someone cannot wait', async () => {
    const writes: string[][] = []
    const batches = createBatches<string>(async (batch) => void writes.push([...batch]))
    batches.push('a')
    const waiting = batches.commit()
    await batches.flush()
    expect(writes).toEqual([['a']])
    await waiting
    expect(writes).toEqual([['a']])
  })
})

describe('writes', () => {
  it('are made one after the other', async () => {
    const order: string[] = []
    const gates: (() => void)[] = []
    const batches = createBatches<string>(async ([item]) => {
      order.push(`${item} begins`)
      await new Promise<void>((resolve) => gates.push(resolve))
      order.push(`${item} ends`)
    })
    batches.push('a')
    const a = batches.flush()
    batches.push('b')
    const b = batches.flush()
    await new Promise(setImmediate)
    expect(order).toEqual(['a begins'])
    gates[0]?.()
    await a
    await new Promise(setImmediate)
    gates[1]?.()
    await b
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })

  it('end with the first that fails: everyone after it is told the same', async () => {
    let calls = 0
    const batches = createBatches<string>(async () => {
      calls++
      throw new Error('disk full')
    })
    batches.push('a')
    await expect(batches.commit()).rejects.toThrow('disk full')
    batches.push('b')
    await expect(batches.commit()).rejects.toThrow('disk full')
    await expect(batches.flush()).rejects.toThrow('disk full')
    expect(calls).toBe(1)
  })
})

import { describe, expect, it } from 'vitest'
import { createSemaphore } from '../../src/execution/semaphore.ts'

describe('a semaphore', () => {
  it('lets so many in at once, and the others in their order', async () => {
    const semaphore = createSemaphore(2)
    const entered: number[] = []
    const leave: (() => void)[] = []
    const visits = [0, 1, 2, 3].map(async (visitor) => {
      const release = await semaphore.acquire()
      entered.push(visitor)
      leave.push(release)
    })
    await Promise.all(visits.slice(0, 2))
    expect(entered).toEqual([0, 1])
    expect(semaphore.held).toBe(2)
    expect(semaphore.waiting).toBe(2)
    leave[1]?.()
    await visits[2]
    leave[0]?.()
    await visits[3]
    expect(entered).toEqual([0, 1, 2, 3])
  })

  it('takes a place back once, however often it is given', async () => {
    const semaphore = createSemaphore(1)
    const release = await semaphore.acquire()
    release()
    release()
    expect(semaphore.held).toBe(0)
    await semaphore.acquire()
    expect(semaphore.held).toBe(1)
  })

  it('forgets who stops waiting', async () => {
    const semaphore = createSemaphore(1)
    const release = await semaphore.acquire()
    const impatient = new AbortController()
    const wait = semaphore.acquire(impatient.signal)
    const patient = semaphore.acquire()
    impatient.abort(new Error('enough'))
    await expect(wait).rejects.toThrow('enough')
    await expect(semaphore.acquire(impatient.signal)).rejects.toThrow('enough')
    release()
    await patient
    expect(semaphore.held).toBe(1)
    expect(semaphore.waiting).toBe(0)
  })

  it('needs a sensible limit', () => {
    for (const limit of [0, -1, 1.5, Number.NaN]) expect(() => createSemaphore(limit)).toThrow(RangeError)
  })
})

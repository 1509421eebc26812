import { describe, expect, it } from 'vitest'
import { createManualClock, systemClock } from '../../src/foundation/clock.ts'

describe('a manual clock', () => {
  it('wakes sleepers in the order of their times, and those that they start, too', async () => {
    const clock = createManualClock(0)
    const woken: string[] = []
    void clock.sleep(30).then(() => woken.push(`a ${clock.now()}`))
    void clock.sleep(10).then(async () => {
      woken.push(`b ${clock.now()}`)
      await clock.sleep(10)
      woken.push(`c ${clock.now()}`)
    })
    await clock.advance(25)
    expect(woken).toEqual(['b 10', 'c 20'])
    await clock.advance(5)
    expect(woken).toEqual(['b 10', 'c 20', 'a 30'])
    expect(clock.sleepers).toBe(0)
  })

  it('rejects a sleep that is aborted with the reason, at once', async () => {
    const clock = createManualClock(0)
    const controller = new AbortController()
    const sleep = clock.sleep(10, controller.signal)
    controller.abort(new Error('enough'))
    await expect(sleep).rejects.toThrow('enough')
    expect(clock.sleepers).toBe(0)
  })
})

describe('the system clock', () => {
  it('sleeps, and leaves no listener behind', async () => {
    const controller = new AbortController()
    let listeners = 0
    const { signal } = controller
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }) as typeof add
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }) as typeof remove
    await systemClock.sleep(1, signal)
    expect(listeners).toBe(0)
  })

  it('does not sleep when it is aborted already', async () => {
    await expect(systemClock.sleep(60_000, AbortSignal.abort(new Error('no')))).rejects.toThrow('no')
  })
})

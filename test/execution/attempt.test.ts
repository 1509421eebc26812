/** One attempt: what is made only for those who ask must be right for them, whenever they ask. */
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type AttemptLine, runAttempt, type TimeLimits } from '../../src/execution/attempt.ts'
import { createControl } from '../../src/execution/control.ts'
import { createStops } from '../../src/execution/stop.ts'
import { createManualClock } from '../../src/foundation/clock.ts'
import { StageError } from '../../src/foundation/errors.ts'

function bench(limits: TimeLimits = {}) {
  const clock = createManualClock()
  const control = createControl()
  const stop = createStops(control)(undefined)
  let deaf = 0
  const run = (work: (line: AttemptLine) => unknown) =>
    runAttempt(work, { clock, limits, stop, onStillRunning: () => deaf++ })
  return { clock, control, stop, run, deaf: () => deaf }
}

const cancelled = new StageError('The run was cancelled.', { category: 'cancelled', retryable: false })

describe('an attempt', () => {
  it('gives at once what is there at once, and a promise of what is not', async () => {
    expect(bench().run(() => 5)).toBe(5)
    expect(bench().run(() => undefined)).toBeUndefined()
    const later = bench().run(() => Promise.resolve(5))
    expect(later).toBeInstanceOf(Promise)
    expect(await later).toBe(5)
  })

  it('takes anything that can be waited for as a promise', async () => {
    const thenable = (then: unknown) => Object.fromEntries([['then', then]])
    expect(await bench().run(() => thenable((resolve: (value: number) => void) => resolve(6)))).toBe(6)
    const failing = thenable((_: unknown, reject: (error: Error) => void) => reject(new Error('no')))
    await expect(bench().run(() => failing)).rejects.toThrow('no')
    expect(bench().run(() => ({ then: 'a word' }))).toEqual({ then: 'a word' })
  })

  it('throws what the work threw, at once or later', async () => {
    const { run } = bench()
    expect(() =>
      run(() => {
        throw new Error('now')
      }),
    ).toThrow('now')
    await expect(run(() => Promise.reject(new Error('later')))).rejects.toThrow('later')
  })

  it('does not start when it is stopped by then', () => {
    const { run, control } = bench()
    control.cancel()
    let ran = false
    expect(() =>
      run(() => {
        ran = true
      }),
    ).toThrow(cancelled.message)
    expect(ran).toBe(false)
  })

  it('that was stopped while it computed gives nothing, whether it returned or threw', () => {
    const ends = [
      () => 'done',
      () => {
        throw new Error('mine')
      },
    ]
    for (const end of ends) {
      const { run, control } = bench()
      const work = () => {
        control.cancel()
        return end()
      }
      expect(() => run(work)).toThrow(cancelled.message)
    }
  })

  it('that was stopped before it first waited is stopped all the same', async () => {
    const { run, control, clock } = bench()
    const ended = run((line) => {
      control.cancel() // so the signal is aborted when it is read, and its event is over
      return new Promise((resolve) => line.signal.addEventListener('abort', resolve))
    }) as Promise<unknown>
    const refused = expect(ended).rejects.toMatchObject({ category: 'cancelled', details: { still_running: true } })
    await clock.advance(5_000)
    await refused
  })

  it('drops what comes after the stop, and calls who did not stop still running', async () => {
    const { run, control, clock, deaf } = bench()
    const { promise, resolve } = Promise.withResolvers()
    const ended = run(() => promise) as Promise<unknown>
    const refused = expect(ended).rejects.toMatchObject({ details: { still_running: true }, retryable: false })
    control.cancel()
    await clock.advance(5_000)
    await refused
    expect(deaf()).toBe(1)
    resolve('too late')
    await tick()
    expect(clock.sleepers).toBe(0)
  })
})

describe('the signal of an attempt', () => {
  it('read before the stop is aborted by it, with its reason', async () => {
    const { run, control } = bench()
    const seen: unknown[] = []
    const ended = run(({ signal }) => {
      signal.addEventListener('abort', () => seen.push(signal.reason))
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    control.cancel()
    await expect(ended).rejects.toMatchObject({ category: 'cancelled' })
    expect(seen).toMatchObject([{ category: 'cancelled' }])
  })

  it('read first after the stop is aborted already, with its reason', async () => {
    const { run, control } = bench()
    const gate = Promise.withResolvers<void>()
    let late: AbortSignal | undefined
    const ended = run(async (line) => {
      await gate.promise
      late = line.signal
      late.throwIfAborted()
    })
    control.cancel()
    gate.resolve()
    await expect(ended).rejects.toMatchObject({ category: 'cancelled' })
    expect(late?.aborted).toBe(true)
    expect(late?.reason).toMatchObject({ category: 'cancelled' })
  })

  it('is one and the same however often it is read', () => {
    bench().run((line) => expect(line.signal).toBe(line.signal))
  })

  it('read after a time limit says which', async () => {
    const { run, clock } = bench({ totalMs: 1_000 })
    const gate = Promise.withResolvers<void>()
    const ended = run(async (line) => {
      await gate.promise
      line.signal.throwIfAborted()
    }) as Promise<unknown>
    const timedOut = expect(ended).rejects.toMatchObject({ category: 'timeout', details: { kind: 'total' } })
    await clock.advance(1_000)
    gate.resolve()
    await timedOut
  })

  it('is not aborted once the attempt is over', async () => {
    const { run, control } = bench()
    let kept: AbortSignal | undefined
    await run(async (line) => {
      kept = line.signal
    })
    control.cancel()
    expect(kept?.aborted).toBe(false)
  })
})

describe('what an attempt held', () => {
  it('is freed once: at its end, or at the stop before it', async () => {
    const freed: string[] = []
    const { run, control } = bench()
    run((line) => line.until(() => freed.push('at once')))
    await run(async (line) => line.until(() => freed.push('later')))
    expect(freed).toEqual(['at once', 'later'])
    control.cancel()
    expect(freed).toEqual(['at once', 'later'])
  })

  it('is freed at the stop, before the work has ended', async () => {
    const { run, control, clock } = bench()
    let freed = 0
    const ended = run((line) => {
      line.until(() => freed++)
      return new Promise(() => undefined)
    }) as Promise<unknown>
    const refused = expect(ended).rejects.toMatchObject({ category: 'cancelled' })
    control.cancel()
    expect(freed).toBe(1)
    await clock.advance(5_000)
    await refused
    expect(freed).toBe(1)
  })

  it('leaves no timer behind, neither when it was there at once nor when it threw', async () => {
    for (const limits of [{ totalMs: 1_000 }, { idleMs: 1_000 }, { totalMs: 1_000, idleMs: 500 }]) {
      const { run, clock } = bench(limits)
      run(() => 1)
      await tick()
      expect(clock.sleepers).toBe(0)
      expect(() => run(() => JSON.parse('{'))).toThrow()
      await tick()
      expect(clock.sleepers).toBe(0)
    }
  })

  it('that cannot be freed fails the attempt instead of hanging it', async () => {
    const { run } = bench()
    const ended = run(async (line) =>
      line.until(() => {
        throw new Error('the log is closed')
      }),
    )
    await expect(ended).rejects.toThrow('the log is closed')
  })
})

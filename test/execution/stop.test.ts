/** Everything that can stop a stage, as one; and that nothing of it stays behind. */
import { getEventListeners } from 'node:events'
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createControl } from '../../src/execution/control.ts'
import { createStops } from '../../src/execution/stop.ts'
import { StageError } from '../../src/foundation/errors.ts'
import { PauseRequested } from '../../src/foundation/stage-runner.ts'
import { planOf, runnerOf, stage } from '../support-stages.ts'

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

function bench() {
  const control = createControl()
  const caller = new AbortController()
  const createStop = createStops(control)
  return { control, caller, createStop, stop: createStop(caller.signal) }
}

describe('a stop', () => {
  it('tells the reason of whoever stopped, and keeps to the first', () => {
    const one = bench()
    expect(one.stop.aborted).toBe(false)
    one.control.cancel()
    expect(one.stop.reason).toMatchObject({ category: 'cancelled' })
    const two = bench()
    two.stop.onStop(() => undefined)
    two.caller.abort()
    two.control.cancel()
    expect(two.stop.reason).toBeInstanceOf(PauseRequested)
    expect(two.stop.reason).toBe(two.stop.reason)
  })

  it('made when everything is over already says so, also to those who come later', () => {
    const { control, createStop } = bench()
    control.cancel()
    const stop = createStop(undefined)
    expect(() => stop.check()).toThrow(StageError)
    expect(stop.signal.aborted).toBe(true)
    expect(stop.signal.reason).toBe(stop.reason)
    let told: unknown
    stop.onStop((reason) => {
      told = reason
    })
    expect(told).toBe(stop.reason)
  })

  it('has a signal that is aborted with the same reason, whenever it was read', () => {
    const early = bench()
    const { signal } = early.stop
    early.caller.abort()
    expect(signal.reason).toBe(early.stop.reason)
    const late = bench()
    late.caller.abort()
    expect(late.stop.signal.reason).toBe(late.stop.reason)
    expect(late.stop.signal).toBe(late.stop.signal)
  })

  it('tells everyone who listens once, and nobody who went', () => {
    const { stop, control } = bench()
    const told: string[] = []
    stop.onStop(() => told.push('a'))
    const forget = stop.onStop(() => told.push('b'))
    stop.onStop(() => told.push('c'))
    forget()
    control.cancel()
    control.exceed(1)
    expect(told).toEqual(['a', 'c'])
  })

  it('says when the run is being paused, which stops nothing', () => {
    const { stop, control } = bench()
    control.pause('interrupted')
    expect(() => stop.check()).toThrow(PauseRequested)
    expect(stop.aborted).toBe(false)
  })

  it('makes something else of a reason that is neither', () => {
    const controller = new AbortController()
    const stop = createStops({ signal: controller.signal, pausing: () => false })(undefined)
    controller.abort('enough')
    expect(stop.reason).toMatchObject({ category: 'cancelled', cause: 'enough' })
  })
})

describe('the listeners of stops', () => {
  it('are one per signal, however many stages run', () => {
    const { control, caller, createStop } = bench()
    const stops = Array.from({ length: 50 }, () => createStop(caller.signal))
    for (const stop of stops) stop.onStop(() => undefined)
    expect([listeners(control.signal), listeners(caller.signal)]).toEqual([1, 1])
  })

  it('leave the signal of a caller once nobody has listened for a turn, and come back', async () => {
    const { caller, createStop } = bench()
    const first = createStop(caller.signal)
    first.onStop(() => undefined)
    first.dispose()
    await tick()
    expect(listeners(caller.signal)).toBe(0)
    const second = createStop(caller.signal)
    second.onStop(() => undefined)
    expect(listeners(caller.signal)).toBe(1)
    caller.abort()
    expect(second.reason).toBeInstanceOf(PauseRequested)
  })

  it('stay while somebody listens', async () => {
    const { caller, createStop } = bench()
    const [first, second] = [createStop(caller.signal), createStop(caller.signal)]
    first.onStop(() => undefined)
    second.onStop(() => undefined)
    first.dispose()
    await tick()
    await tick()
    let told = false
    second.onStop(() => {
      told = true
    })
    caller.abort()
    expect(told).toBe(true)
  })

  it('do not pile up over 10,000 stages on one signal', async () => {
    const stages = [stage('now', { kind: 'echo' }), stage('later', { kind: 'do', value: 'later' })]
    const { runner, control } = runnerOf(planOf(stages), { later: () => Promise.resolve(1) })
    const caller = new AbortController()
    const view = { ...runner.start({}, 'thread'), outcomes: {}, patches: [] }
    let most = 0
    for (let i = 0; i < 5_000; i++) {
      for (const each of stages) await runner.runStage({ ...each, needs: [] }, view, { signal: caller.signal })
      most = Math.max(most, listeners(caller.signal), listeners(control.signal))
    }
    expect(most).toBe(1)
    await tick()
    expect(listeners(caller.signal)).toBe(0)
  })
})

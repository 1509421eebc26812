/** A store that cannot be reached for so long that the lease of a run runs out. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createManualClock, type ManualClock } from '../../src/foundation/clock.ts'
import { compile, createEngine, createMemoryStore, defineFunction, type RunStore } from '../../src/index.ts'

const leaseMs = 30_000
const yaml = `
name: long
stages:
  - { id: a, uses: test/long }
`

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => {
  vi.useRealTimers()
})

it('stops what runs while the run is still its own', async () => {
  const clock = createManualClock()
  const store = createMemoryStore({ clock })
  const { stoppedAtMs } = await runFor(30, store, clock, Number.POSITIVE_INFINITY)
  expect(stoppedAtMs).toBeLessThan(leaseMs)
})

it('goes on when one renewal fails and the next does not', async () => {
  const clock = createManualClock()
  const store = createMemoryStore({ clock })
  const { stoppedAtMs } = await runFor(120, store, clock, 1)
  expect(stoppedAtMs).toBe(undefined)
})

/** How long it took until a stage that never ends was told to stop, if it was. */
async function runFor(seconds: number, store: RunStore, clock: ManualClock, failures: number) {
  const startMs = clock.now()
  const began = Promise.withResolvers<void>()
  let stoppedAtMs: number | undefined
  const functions = {
    'test/long': defineFunction({
      run: (_input, { signal }) =>
        new Promise((_, reject) => {
          began.resolve()
          signal.addEventListener('abort', () => {
            stoppedAtMs = clock.now() - startMs
            reject(signal.reason)
          })
        }),
    }),
  }
  const engine = createEngine({ store: withoutRenewals(store, failures), functions, clock, leaseMs })
  await engine.start(compile(yaml, { functions }))
  await began.promise
  for (let second = 0; second < seconds; second++) {
    await clock.advance(1_000)
    await vi.advanceTimersByTimeAsync(1_000)
  }
  return { stoppedAtMs }
}

function withoutRenewals(store: RunStore, failures: number): RunStore {
  let left = failures
  return {
    ...store,
    renew: (...call) => (left-- > 0 ? Promise.reject(new Error('The disk does not answer.')) : store.renew(...call)),
  }
}

/** A store that fails while stages run side by side: the run is given up only when nothing of it goes on. */
import { expect, it } from 'vitest'
import { createManualClock } from '../../src/foundation/clock.ts'
import { compile, createEngine, createMemoryStore, defineFunction, type RunStore } from '../../src/index.ts'

const yaml = `
name: beside
stages:
  - { id: quick, needs: [], uses: test/quick }
  - { id: deaf, needs: [], uses: test/deaf }
`

it.each(['stages', 'flow'] as const)(
  'waits for stages that do not hear that they shall stop (%s)',
  async (lowering) => {
    const clock = createManualClock()
    const store = createMemoryStore({ clock })
    const deaf = Promise.withResolvers<void>()
    const failed = Promise.withResolvers<void>()
    const functions = {
      'test/quick': defineFunction({ run: () => 1 }),
      'test/deaf': defineFunction({ run: () => deaf.promise }),
    }
    const engine = createEngine({ store: failingAt('quick', store, failed.resolve), functions, clock, lowering })
    const run = await engine.start(compile(yaml, { functions }), {}, { threadId: 't' })
    let left = false
    const result = run.result.finally(() => {
      left = true
    })
    await failed.promise
    await clock.advance(1_000)
    expect(left).toBe(false)
    expect((await store.getRun('t'))?.owner).not.toBe(null)

    deaf.resolve()
    expect((await result).status).toBe('paused')
    expect((await store.getRun('t'))?.owner).toBe(null)
  },
)

/** The store, which cannot take the end of the stage. */
function failingAt(stage: string, store: RunStore, failed: () => void): RunStore {
  return {
    ...store,
    append(lease, first, events, patch) {
      if (!events.some((event) => event.type === 'stage.succeeded' && event.stage === stage))
        return store.append(lease, first, events, patch)
      failed()
      return Promise.reject(new Error('The disk is full.'))
    },
  }
}

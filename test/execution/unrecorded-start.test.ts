/** A process that died after LangGraph had made a checkpoint and before the log had a word of the run. */
import { expect, it } from 'vitest'
import { createManualClock } from '../../src/foundation/clock.ts'
import { compile, createEngine, createMemoryStore, type RunStore } from '../../src/index.ts'

const pipeline = compile(`
name: unrecorded
stages:
  - { id: a, transform: 1 }
outputs: { a: "\${{ stages.a.output }}" }
`)

it('leaves a run that an engine with another lowering can begin', async () => {
  const clock = createManualClock()
  const store = createMemoryStore({ clock })
  const reached = Promise.withResolvers<void>()
  const first = createEngine({ store: withoutLog(store, reached.resolve), clock, lowering: 'flow' })
  const { id } = await first.start(pipeline)
  await reached.promise
  await clock.advance(24 * 3_600_000)
  expect(await store.readEvents(id)).toEqual([])
  expect(await store.saver.getTuple({ configurable: { thread_id: id } })).toBeDefined()

  const second = createEngine({ store, clock, lowering: 'stages' })
  const result = await (await second.resume(id)).result
  expect(result).toMatchObject({ status: 'succeeded', outputs: { a: 1 } })
})

/** The store of a process that dies when it first wants to write to the log. */
function withoutLog(store: RunStore, died: () => void): RunStore {
  return {
    ...store,
    append() {
      died()
      return new Promise(() => {})
    },
  }
}

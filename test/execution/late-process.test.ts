/** A process that was stopped for longer than its lease, and does not know it. */
import { expect, it } from 'vitest'
import { createManualClock } from '../../src/foundation/clock.ts'
import { compile, createEngine, createMemoryStore, defineFunction, type RunStore } from '../../src/index.ts'

const yaml = `
name: late
stages:
  - { id: a, uses: test/effect }
  - { id: b, uses: test/effect }
outputs: { b: "\${{ stages.b.output }}" }
`

it('starts no effect of a stage that someone else has run meanwhile', async () => {
  const clock = createManualClock()
  const store = createMemoryStore({ clock })
  const effects: string[] = []
  const functions = {
    'test/effect': defineFunction({
      run: (_input, { stage }) => {
        effects.push(stage)
        return stage
      },
    }),
  }
  const pipeline = compile(yaml, { functions })

  // It is stopped when the start of `a` is stored and before it hears so; someone else takes the run over and ends it.
  const stopped = Promise.withResolvers<void>()
  const continued = Promise.withResolvers<void>()
  const late = createEngine({ store: stoppedAt('a', store, stopped.resolve, continued.promise), functions, clock })
  const lateResult = late.execute(pipeline, {}, { threadId: 't' })
  await stopped.promise
  await clock.advance(24 * 3_600_000)
  const other = createEngine({ store, functions, clock })
  expect((await (await other.resume('t')).result).status).toBe('succeeded')
  continued.resolve()

  expect(await lateResult).toMatchObject({ status: 'paused', error: { code: 'fenced' } })
  expect(effects).toEqual(['a', 'b'])
  expect((await other.get('t'))?.status).toBe('succeeded')
})

/** The store of a process that is stopped once it has stored the start of the stage. */
function stoppedAt(stage: string, store: RunStore, stopped: () => void, continued: Promise<void>): RunStore {
  return {
    ...store,
    async append(lease, first, events, patch) {
      await store.append(lease, first, events, patch)
      if (!events.some((event) => event.type === 'stage.started' && event.stage === stage)) return
      stopped()
      await continued
    },
  }
}

/** A stage that may run once, and processes that die one after the other before anybody could say how it ended. */
import { expect, it } from 'vitest'
import { createManualClock, type ManualClock } from '../../src/foundation/clock.ts'
import type { RunEvent } from '../../src/foundation/events.ts'
import { compile, createEngine, createMemoryStore, defineFunction, type RunStore } from '../../src/index.ts'

const yaml = `
name: once
stages:
  - { id: a, uses: test/effect, once: true }
`

it('does not run again because a second process died before it could ask', async () => {
  const clock = createManualClock()
  const store = createMemoryStore({ clock })
  const { functions, began } = hanging()
  const pipeline = compile(yaml, { functions })
  await createEngine({ store, functions, clock }).start(pipeline, {}, { threadId: 't' })
  await began.promise
  await clock.advance(24 * 3_600_000)

  const died = Promise.withResolvers<void>()
  const second = createEngine({ store: until('wait.started', store, died.resolve), functions, clock })
  await second.resume('t')
  await died.promise
  expect((await store.readEvents('t')).map(({ type }) => type)).toContain('stage.crashed')
  await clock.advance(24 * 3_600_000)

  await expectsAnAnswer(store, functions, clock)
})

it('does not run again because the run was quarantined', async () => {
  const clock = createManualClock()
  const store = createMemoryStore({ clock })
  const { functions } = hanging()
  const pipeline = compile(yaml, { functions })
  for (let crashes = 0; crashes < 3; crashes++) {
    const { functions: own, began } = hanging()
    const engine = createEngine({ store, functions: own, clock })
    if (crashes === 0) await engine.start(pipeline, {}, { threadId: 't' })
    else await engine.resume('t', { answers: await retry(store) })
    await began.promise
    await clock.advance(24 * 3_600_000)
    if (crashes < 2) await expectsAnAnswer(store, functions, clock)
  }
  const { status } = await (await createEngine({ store, functions, clock }).resume('t')).result
  expect(status).toBe('quarantined')
  await expectsAnAnswer(store, functions, clock)
})

type Functions = ReturnType<typeof hanging>['functions']

/** Its process dies in the midst of it. */
function hanging() {
  const began = Promise.withResolvers<void>()
  const functions = {
    'test/effect': defineFunction({
      run() {
        began.resolve()
        return new Promise(() => {})
      },
    }),
  }
  return { functions, began }
}

async function expectsAnAnswer(store: RunStore, functions: Functions, clock: ManualClock): Promise<void> {
  const before = starts(await store.readEvents('t'))
  const engine = createEngine({ store, functions, clock })
  const { status } = await (await engine.resume('t')).result
  expect(status).toBe('waiting')
  expect((await engine.get('t'))?.waits).toMatchObject([{ stage: 'a', ambiguous: true }])
  expect(starts(await store.readEvents('t'))).toBe(before)
}

const starts = (events: readonly RunEvent[]): number => events.filter(({ type }) => type === 'stage.started').length

async function retry(store: RunStore) {
  const events = await store.readEvents('t')
  const last = events.findLast((event) => event.type === 'wait.started')
  return { [last?.wait ?? '']: { decision: 'retry' } }
}

/** The store of a process that dies when it first wants to store such an event. */
function until(type: RunEvent['type'], store: RunStore, died: () => void): RunStore {
  return {
    ...store,
    append(lease, first, events, patch) {
      if (!events.some((event) => event.type === type)) return store.append(lease, first, events, patch)
      died()
      return new Promise(() => {})
    },
  }
}

/**
 * The store fails at its n-th operation, for every n, before or after it has done the work. What was accepted is not
 * lost: once the store works again the run is resumed and ends as it should, and no finished stage runs again.
 */
import { describe, expect, it } from 'vitest'
import type { Lowering } from '../../src/foundation/outcome.ts'
import {
  compile,
  createEngine,
  createMemoryStore,
  defineFunction,
  type Lease,
  type RunStore,
  ThreadError,
} from '../../src/index.ts'

const yaml = `
name: faults
vars: { seen: { type: "string[]", merge: append, default: [] } }
stages:
  - { id: a, uses: test/effect, set: { seen: ["\${{ output }}"] } }
  - { id: b, needs: [a], uses: test/effect, set: { seen: ["\${{ output }}"] } }
  - { id: c, needs: [a], uses: test/effect, set: { seen: ["\${{ output }}"] } }
  - { id: d, needs: [b, c], if: size(vars.seen) == 3, uses: test/effect }
outputs: { seen: "\${{ vars.seen }}", d: "\${{ stages.d.status }}" }
`

interface Fault {
  readonly at: number
  readonly when: 'before' | 'after'
}

/** The store, with every operation counted; the one at `fault.at` fails while `broken()` says so. */
function faulty(store: RunStore, fault: Fault, count: { operations: number }, broken: () => boolean): RunStore {
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(inner, key) {
        const member = Reflect.get(inner, key, inner) as unknown
        if (key === 'saver') return wrap(member as object)
        if (key === 'saverOf') return (lease: Lease) => wrap((member as RunStore['saverOf']).call(inner, lease))
        if (
          typeof member !== 'function' ||
          !/^(save|load|create|get[RT]|list|update|request|claim|renew|release|append|read|put)/.test(String(key))
        )
          return typeof member === 'function' ? member.bind(inner) : member
        return async (...args: unknown[]) => {
          const hit = broken() && ++count.operations >= fault.at
          if (hit && fault.when === 'before') throw new Error(`fault before ${String(key)}`)
          const result: unknown = await (member as (...args: unknown[]) => unknown).apply(inner, args)
          if (hit) throw new Error(`fault after ${String(key)}`)
          return result
        }
      },
    })
  return wrap(store)
}

async function runWith(lowering: Lowering, fault: Fault) {
  const store = createMemoryStore()
  const count = { operations: 0 }
  let isBroken = true
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
  const flaky = faulty(store, fault, count, () => isBroken)
  const first = createEngine({ store: flaky, functions, lowering })
  const accepted = await first.start(pipeline, {}, { threadId: 't' }).then(
    async (run) => {
      await run.result
      return true
    },
    () => false,
  )
  isBroken = false
  const finished = (await store.getRun('t'))
    ? (await store.readEvents('t')).flatMap((event) => (event.type === 'stage.succeeded' ? [event.stage] : []))
    : []
  const before = [...effects]
  // The same engine goes on: it could not give the run up while its store failed, so to others it is still its own.
  const result = await goOn(first, pipeline)
  await first.close()
  return { accepted, count, effects, before, finished, result, events: await store.readEvents('t') }
}

/** Resumes, or starts anew where nothing had been accepted. */
async function goOn(engine: ReturnType<typeof createEngine>, pipeline: ReturnType<typeof compile>) {
  const state = await engine.get('t')
  if (state?.result) return { status: state.result.status, outputs: state.result.outputs }
  try {
    return await (await engine.resume('t')).result
  } catch (error) {
    if (error instanceof ThreadError && error.code === 'thread_unknown')
      return (await engine.start(pipeline, {}, { threadId: 't' })).result
    throw error
  }
}

describe('a store that fails', () => {
  it.each(['stages', 'flow'] as const)(
    'loses nothing, whichever operation it is (%s)',
    async (lowering) => {
      const whole = await runWith(lowering, { at: Number.POSITIVE_INFINITY, when: 'before' })
      expect(whole.result).toMatchObject({ status: 'succeeded', outputs: { seen: ['a', 'b', 'c'], d: 'succeeded' } })
      expect(whole.count.operations).toBeGreaterThan(10)

      for (let at = 1; at <= whole.count.operations; at++) {
        for (const when of ['before', 'after'] as const) {
          const { result, effects, before, finished, events } = await runWith(lowering, { at, when })
          const place = `operation ${at}, ${when}`
          expect(result, place).toMatchObject({
            status: 'succeeded',
            outputs: { seen: ['a', 'b', 'c'], d: 'succeeded' },
          })
          const again = effects.slice(before.length)
          expect(
            again.filter((stage) => finished.includes(stage)),
            `${place}: finished stages ran again`,
          ).toEqual([])
          expect(
            events.map(({ seq }) => seq),
            place,
          ).toEqual(events.map((_, index) => index + 1))
          const closed = events.flatMap((event) => (event.type === 'stage.succeeded' ? [event.stage] : []))
          expect(closed.toSorted(), `${place}: each stage is closed once`).toEqual(['a', 'b', 'c', 'd'])
        }
      }
    },
    120_000,
  )
})

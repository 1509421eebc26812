/** Stages that wait, inside others: every place, answered in any order; and gates that stay shut whoever holds them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compile, createEngine, createMemoryStore, type RunStore } from '../../../src/index.ts'

let store: RunStore
beforeEach(() => {
  store = createMemoryStore()
})
afterEach(() => store.close())

const ask = (id: string) => `{ id: ${id}, ask: { message: "${id}?", form: { n: integer } } }`
const inside = {
  foreach: `
  - id: it
    foreach: [1, 2, 3]
    stages: [${ask('q')}, { id: times, transform: "\${{ stages.q.output.n * item }}" }]`,
  loop: `
  - id: it
    loop: { until: iteration.index == 2, max: 5 }
    result: \${{ coalesce(iteration.previous.?q.?output.?n, 0) + stages.q.output.n }}
    stages: [${ask('q')}]`,
  parallel: `
  - id: it
    parallel: { left: [${ask('q')}], right: [${ask('r')}, { id: after, transform: "\${{ stages.r.output.n }}" }] }`,
  switch: `
  - id: it
    switch: [{ when: "true", stages: [${ask('q')}] }, { else: [{ id: no, transform: 1 }] }]`,
  nested: `
  - id: it
    foreach: [a, b]
    stages:
      - id: inner
        parallel: { only: [{ id: turns, loop: { until: iteration.index == 1, max: 3 }, stages: [${ask('q')}] }] }`,
}
const expected = {
  foreach: [10, 20, 30],
  loop: 20,
  parallel: { left: { n: 10 }, right: 10 },
  switch: { n: 10 },
  nested: [{ only: { n: 10 } }, { only: { n: 10 } }],
}

describe.each(['flow', 'stages'] as const)('by the lowering %s', (lowering) => {
  it.each(Object.keys(inside) as (keyof typeof inside)[])(
    'a question inside of %s is asked, answered and gone on from',
    async (name) => {
      const pipeline = compile(`name: asks\nstages:${inside[name]}\noutputs: { it: "\${{ stages.it.output }}" }\n`)
      let result = await createEngine({ store, lowering }).execute(pipeline, {}, { threadId: 't' })
      for (let turn = 0; result.status === 'waiting' && turn < 20; turn++) {
        const engine = createEngine({ store, lowering }) // another one for each answer
        const waits = (await engine.get('t'))?.waits ?? []
        expect(waits.length).toBeGreaterThan(0)
        const last = waits.at(-1) as { id: string }
        result = await (await engine.resume('t', { answers: { [last.id]: { n: 10 } } })).result
        await engine.close()
      }
      expect(result).toMatchObject({ status: 'succeeded', outputs: { it: expected[name] } })
      const events = await store.readEvents('t')
      const percentages = events.flatMap(({ progress }) => progress ?? [])
      expect(percentages).toEqual(percentages.toSorted((a, b) => a - b))
      expect(percentages.at(-1)).toBe(100)
      const ends = events.flatMap((event) => (event.type === 'stage.succeeded' ? [event.stage] : []))
      expect(ends).toHaveLength(new Set(ends).size)
    },
  )

  it.each([
    ['on_error: continue', 'parallel: { only: [GATE] }'],
    ['on_error: continue', 'loop: { until: "true", max: 1 }, stages: [GATE]'],
    ['on_error: continue', 'foreach: [1], stages: [GATE]'],
    ['on_error: { continue: 1 }', 'switch: [{ else: [GATE] }]'],
  ])('a rejection inside is not tolerated by %s on %s', async (tolerates, holder) => {
    const gate = '{ id: gate, approve: { message: Sure? } }'
    const pipeline = compile(`
name: gated
stages:
  - { id: it, ${holder.replace('GATE', gate)}, ${tolerates} }
  - { id: after, needs: [it], join: all_done, run: "exit 3" }
`)
    const engine = createEngine({ store, lowering })
    await engine.execute(pipeline, {}, { threadId: 't' })
    const [wait] = (await engine.get('t'))?.waits ?? []
    const { run } = await engine.decide('t', wait?.id ?? '', { decision: 'rejected', by: 'eve' })
    expect((await run?.result)?.status).toBe('failed')
    const state = await engine.get('t')
    expect(state?.stages.find(({ id }) => id === 'after')).toMatchObject({ status: 'skipped', reason: 'rejected' })
    await engine.close()
  })
})

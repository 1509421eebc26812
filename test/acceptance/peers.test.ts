/**
 * What must hold because it did not elsewhere: each row happened to users of another engine (`peers-lessons.md` C2, by
 * its number). Row 17 (budgets) comes with them. What speaks of a restart is in `restarts.test.ts`.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as tick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  compile,
  createEngine,
  createMemoryStore,
  defineFunction,
  openStore,
  type PipelineEngine,
  type RunStore,
} from '../../src/index.ts'

describe.each([
  ['flow', 'memory'],
  ['flow', 'SQLite'],
  ['stages', 'memory'],
  ['stages', 'SQLite'],
] as const)('with %s, on %s', (lowering, kind) => {
  let folder: string
  let store: RunStore
  const ran: string[] = []
  let running = 0
  let most = 0
  const broken = new Set<string>()
  const functions = {
    'test/work': defineFunction({
      run: async (_input: unknown, { stage }) => {
        ran.push(stage)
        most = Math.max(most, ++running)
        await tick()
        running--
        if (broken.has(stage)) throw new Error('broken')
        return stage
      },
    }),
    'test/big': defineFunction({ run: () => ({ big: 1n }) as never }),
  }
  const engine = (): PipelineEngine => createEngine({ store, functions, lowering })
  const parsed = (yaml: string) => compile(`name: row\n${yaml}`, { functions })
  const waitsOf = async () => (await engine().get('t'))?.waits ?? []
  const stagesOf = async () =>
    Object.fromEntries(((await engine().get('t'))?.stages ?? []).map(({ id, status }) => [id, status]))

  /** By an engine that has never seen the run. */
  async function answer(stage: string, given: object) {
    const { run } = await engine().decide('t', stage, given as never)
    return run?.result
  }
  async function history() {
    return await store.readEvents('t')
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stagegraph-peers-'))
    store = kind === 'memory' ? createMemoryStore() : openStore(join(folder, 'runs.db'))
    ran.length = 0
    broken.clear()
    running = 0
    most = 0
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const three = `
stages:
  - { id: a, needs: [], approve: { message: A? } }
  - { id: b, needs: [], approve: { message: B? } }
  - { id: c, needs: [], approve: { message: C? } }
  - { id: joined, needs: [a, b, c], join: all_succeeded, uses: test/work }
`
  it.each([['abc'], ['acb'], ['bac'], ['bca'], ['cab'], ['cba']])(
    '1: three approvals, decided in the order %s: none is asked again, and the join waits for all',
    async (order) => {
      await engine().execute(parsed(three), {}, { threadId: 't' })
      const ids = (await waitsOf()).map(({ id }) => id)
      for (const [index, stage] of [...order].entries()) {
        expect(ran).toEqual([])
        await answer(stage, { decision: 'approved', by: 'ann' })
        if (index === 2) break
        const left = (await waitsOf()).map(({ id, stage: of }) => [id, of] as const)
        expect(left.map(([, of]) => of).toSorted()).toEqual([...order].slice(index + 1).toSorted())
        expect(ids).toEqual(expect.arrayContaining(left.map(([id]) => id)))
      }
      expect(await stagesOf()).toEqual({ a: 'succeeded', b: 'succeeded', c: 'succeeded', joined: 'succeeded' })
      expect(ran).toEqual(['joined'])
    },
  )

  const asking = `
stages:
  - id: all
    foreach: [x, y, z]
    concurrency: 3
    stages:
      - { id: before, uses: test/work }
      - { id: q, ask: { message: "\${{ item }}?", form: { n: integer } } }
      - { id: after, uses: test/work }
outputs: { all: "\${{ stages.all.output }}" }
`
  it('2 and 3: one of three items is answered: only that one goes on, and the others keep what they asked', async () => {
    await engine().execute(parsed(asking), {}, { threadId: 't' })
    const asked = await waitsOf()
    expect(asked.map(({ value }) => value)).toMatchObject([{ message: 'x?' }, { message: 'y?' }, { message: 'z?' }])
    ran.length = 0
    await answer('all[1].q', { answer: { n: 1 } })
    expect(ran).toEqual(['all[1].after'])
    expect(await waitsOf()).toEqual(asked.filter(({ stage }) => stage !== 'all[1].q'))
    await answer('all[2].q', { answer: { n: 2 } })
    const result = await answer('all[0].q', { answer: { n: 0 } })
    expect(result).toMatchObject({
      status: 'succeeded',
      outputs: { all: ['all[0].after', 'all[1].after', 'all[2].after'] },
    })
    expect(ran.filter((path) => path.endsWith('before'))).toEqual([])
  })

  it('4: the limit of a foreach holds after a resume, and no item is dropped', async () => {
    const yaml = `
stages:
  - id: all
    foreach: [0, 1, 2, 3, 4, 5, 6, 7]
    concurrency: 2
    stages:
      - { id: q, if: item % 3 == 0, ask: { message: Go?, form: { n: integer } } }
      - { id: work, uses: test/work }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    expect(most).toBeLessThanOrEqual(2)
    expect(ran).toHaveLength(5)
    for (const stage of ['all[6].q', 'all[0].q', 'all[3].q']) await answer(stage, { answer: { n: 1 } })
    expect(most).toBeLessThanOrEqual(2)
    expect(ran.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((index) => `all[${index}].work`))
    expect(await stagesOf()).toEqual({ all: 'succeeded' })
  })

  it('6: an iteration comes to its end before the next one begins', async () => {
    const yaml = `
stages:
  - id: turns
    loop: { until: iteration.index == 2, max: 5 }
    stages:
      - { id: one, needs: [], uses: test/work }
      - { id: two, needs: [], uses: test/work }
      - { id: three, needs: [one, two], uses: test/work }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    expect(ran.map((path) => path.slice(6, 7))).toEqual([...'000111222'])
  })

  it('7: a branch that waits is not lost when a long one beside it ends', async () => {
    const yaml = `
stages:
  - { id: long, needs: [], uses: test/work }
  - { id: longer, needs: [long], uses: test/work }
  - id: turns
    needs: []
    loop: { until: iteration.index == 1, max: 3 }
    stages: [{ id: q, ask: { message: More?, form: { n: integer } } }]
  - { id: joined, needs: [longer, turns], uses: test/work }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    await answer('turns#0.q', { answer: { n: 1 } })
    await answer('turns#1.q', { answer: { n: 2 } })
    expect(await stagesOf()).toMatchObject({ turns: 'succeeded', joined: 'succeeded' })
    expect(ran).toEqual(['long', 'longer', 'joined'])
  })

  it('9: what followed from a stage that runs once more runs once more, too', async () => {
    const yaml = `
stages:
  - { id: a, uses: test/work }
  - { id: b, uses: test/work }
  - { id: aside, needs: [], uses: test/work }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    ran.length = 0
    await (await engine().resume('t', { from: 'a' })).result
    expect(ran).toEqual(['a', 'b'])
  })

  it('10: a rejected approval never counts as done, and what is reworked runs its whole chain again', async () => {
    const yaml = `
stages:
  - id: rework
    loop: { until: stages.gate.output.decision == 'approved', max: 3, on_exhausted: fail }
    stages:
      - { id: draft, uses: test/work }
      - { id: polish, uses: test/work }
      - { id: gate, approve: { message: Good?, on_reject: continue } }
  - { id: publish, needs: [rework], if: "stages.rework.output.decision == 'approved'", uses: test/work }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    await answer('rework#0.gate', { decision: 'rejected', by: 'ann' })
    expect(ran).toEqual(['rework#0.draft', 'rework#0.polish', 'rework#1.draft', 'rework#1.polish'])
    await answer('rework#1.gate', { decision: 'approved', by: 'ann' })
    expect(ran.at(-1)).toBe('publish')
  })

  it('10: a rejected approval stops what comes after it, for good', async () => {
    const yaml = `
stages:
  - { id: gate, approve: { message: Good? } }
  - { id: publish, join: all_done, uses: test/work }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    expect(await answer('gate', { decision: 'rejected', by: 'ann' })).toMatchObject({ status: 'failed' })
    const retried = await (await engine().resume('t', { set: {} })).result
    expect(retried.status).toBe('waiting') // it is asked once more, under another id
    expect(ran).toEqual([])
  })

  it('11: a run in which anything failed untolerated has failed, and can be gone on with', async () => {
    const yaml = `
stages:
  - { id: good, needs: [], uses: test/work }
  - { id: bad, needs: [], uses: test/work }
  - { id: last, needs: [good], uses: test/work }
`
    broken.add('bad')
    expect(await engine().execute(parsed(yaml), {}, { threadId: 't' })).toMatchObject({ status: 'failed' })
    broken.clear()
    expect(await (await engine().resume('t', { set: {} })).result).toMatchObject({ status: 'succeeded' })
    expect(ran.filter((stage) => stage !== 'bad').toSorted()).toEqual(['good', 'last'])
  })

  it('12: after a resume the history shows earlier stages with the times and outputs that they had', async () => {
    const yaml = `
stages:
  - { id: a, uses: test/work }
  - { id: q, ask: { message: Go on?, form: { n: integer } } }
  - { id: b, uses: test/work }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    const before = (await engine().get('t'))?.stages.find(({ id }) => id === 'a')
    const told = await history()
    await answer('q', { answer: { n: 1 } })
    expect((await engine().get('t'))?.stages.find(({ id }) => id === 'a')).toEqual(before)
    expect((await history()).slice(0, told.length)).toEqual(told)
  })

  it('13: two approvers of one stage: the first decision does not fire again, and nothing ends silently', async () => {
    const yaml = `
stages:
  - { id: gate, approve: { message: Good?, approvals: 2 } }
  - { id: after, uses: test/work }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    await answer('gate', { decision: 'approved', by: 'ann' })
    expect(await waitsOf()).toHaveLength(1)
    expect(ran).toEqual([])
    await expect(answer('gate', { decision: 'rejected', by: 'ann' })).rejects.toThrow()
    await answer('gate', { decision: 'approved', by: 'bob' })
    expect(await stagesOf()).toEqual({ gate: 'succeeded', after: 'succeeded' })
    const gate = (await engine().get('t'))?.stages.find(({ id }) => id === 'gate')
    expect(gate?.output).toMatchObject({ decision: 'approved', decisions: [{ by: 'ann' }, { by: 'bob' }] })
  })

  it('15: what failed deep inside is tried again, and nothing that was done', async () => {
    const yaml = `
stages:
  - id: all
    foreach: [0, 1, 2]
    concurrency: 1
    on_item_error: fail
    stages:
      - { id: first, uses: test/work }
      - id: sides
        needs: [first]
        parallel: { left: [{ id: l, uses: test/work }], right: [{ id: r, uses: test/work }] }
        fail_fast: false
      - { id: end, needs: [sides], uses: test/work }
  - { id: after, needs: [all], uses: test/work }
`
    broken.add('all[1].sides.r')
    expect(await engine().execute(parsed(yaml), {}, { threadId: 't' })).toMatchObject({ status: 'failed' })
    expect(await stagesOf()).toEqual({ all: 'failed', after: 'skipped' })
    broken.clear()
    ran.length = 0
    expect(await (await engine().resume('t', { set: {} })).result).toMatchObject({ status: 'succeeded' })
    const third = ['first', 'sides.l', 'sides.r', 'end'].map((path) => `all[2].${path}`)
    expect(ran).toEqual(['all[1].sides.r', 'all[1].end', ...third, 'after'])
    expect(await stagesOf()).toEqual({ all: 'succeeded', after: 'succeeded' })
  })

  it('16: an output that is no JSON fails its stage, and the thread stays readable', async () => {
    const yaml = `
stages:
  - { id: big, uses: test/big, on_error: continue }
  - { id: q, ask: { message: Go on?, form: { n: integer } } }
  - { id: after, uses: test/work }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    const big = (await engine().get('t'))?.stages.find(({ id }) => id === 'big')
    expect(big).toMatchObject({ status: 'failed', error: { category: 'not_json' } })
    expect(await answer('q', { answer: { n: 1 } })).toMatchObject({ status: 'succeeded' })
  })

  it('20: what a person answered reaches the result and the history', async () => {
    const yaml = `
stages: [{ id: q, ask: { message: How many?, form: { n: integer } } }]
outputs: { n: "\${{ stages.q.output.n }}" }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    expect(await answer('q', { answer: { n: 42 }, by: 'ann' })).toMatchObject({ outputs: { n: 42 } })
    expect(await history()).toContainEqual(
      expect.objectContaining({ type: 'stage.succeeded', stage: 'q', output: { n: 42 } }),
    )
  })

  it('20b: after a person chose, only that branch runs', async () => {
    const yaml = `
stages:
  - { id: q, ask: { message: Which?, form: { side: { enum: [left, right] } } } }
  - id: chosen
    switch:
      - { when: "stages.q.output.side == 'left'", stages: [{ id: l, uses: test/work }] }
      - { when: "stages.q.output.side == 'right'", stages: [{ id: r, uses: test/work }] }
  - { id: after, uses: test/work }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    await answer('q', { answer: { side: 'right' } })
    expect(ran).toEqual(['chosen.r', 'after'])
  })

  it('20c: a foreach after a gate has its variables, and comes to its end', async () => {
    const yaml = `
vars: { seen: { type: "string[]", merge: append, default: [] } }
stages:
  - { id: before, uses: test/work, set: { seen: ["before"] } }
  - { id: gate, approve: { message: Go? } }
  - id: all
    needs: [gate]
    foreach: [a, b]
    stages: [{ id: it, transform: "\${{ vars.seen + [item] }}", set: { seen: ["\${{ item }}"] } }]
outputs: { all: "\${{ stages.all.output }}", seen: "\${{ vars.seen }}" }
`
    await engine().execute(parsed(yaml), {}, { threadId: 't' })
    expect(await answer('gate', { decision: 'approved', by: 'ann' })).toMatchObject({
      status: 'succeeded',
      outputs: {
        all: [
          ['before', 'a'],
          ['before', 'b'],
        ],
        seen: ['before', 'a', 'b'],
      },
    })
  })
})

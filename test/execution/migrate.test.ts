/** A run goes on by an edited pipeline: what changed runs again, with all that waits for it, and nothing else does. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compile, createEngine, createMemoryStore, defineFunction, openStore, type RunStore } from '../../src/index.ts'

const chain = `
name: edited
inputs: { topic: { type: string, default: tea } }
vars: { tone: { type: string, default: plain } }
stages:
  - { id: a, needs: [], uses: test/work, set: { tone: "\${{ output.stage }}" } }
  - { id: b, needs: [a], uses: test/work, with: { text: "\${{ stages.a.output.stage }}" } }
  - { id: side, needs: [], uses: test/work }
  - { id: c, needs: [b], uses: test/work, with: { tone: "\${{ vars.tone }}" } }
outputs: { c: "\${{ stages.c.output }}" }
`

describe.each([
  ['flow', 'memory'],
  ['stages', 'memory'],
  ['flow', 'sqlite'],
  ['stages', 'sqlite'],
] as const)('by the lowering %s on %s', (lowering, kind) => {
  let folder = ''
  let store: RunStore
  const ran: string[] = []
  const keys = new Map<string, Set<string>>()
  const broken = new Set<string>()
  const functions = {
    'test/work': defineFunction({
      run: (input: unknown, { stage, idempotencyKey }) => {
        ran.push(stage)
        keys.set(stage, (keys.get(stage) ?? new Set()).add(idempotencyKey))
        if (broken.has(stage)) throw new Error('broken')
        return { stage, input: input as never }
      },
    }),
  }
  const planOf = (yaml: string) => compile(yaml, { functions }).plan
  const engine = () => createEngine({ store, functions, lowering })
  const open = () => (kind === 'memory' ? createMemoryStore() : openStore(join(folder, 'runs.db')))

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stagegraph-migrate-'))
    store = open()
    ran.length = 0
    broken.clear()
    keys.clear()
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** As another process would find it. */
  async function restart(): Promise<void> {
    ran.length = 0
    broken.clear()
    if (kind === 'memory') return
    await store.close()
    store = open()
  }

  async function migrate(yaml: string) {
    const plan = planOf(yaml)
    const planned = await engine().planRecovery('t', { migrate: plan })
    const result = await (await engine().resume('t', { migrate: plan })).result
    return { planned: planned.map(({ stage, does, because }) => `${stage} ${does} ${because}`), result, plan }
  }

  it('runs an edited stage of a failed run, and what waits for it, under new keys', async () => {
    broken.add('b')
    expect(await engine().execute(planOf(chain), {}, { threadId: 't' })).toMatchObject({ status: 'failed' })
    await restart()
    const { planned, result, plan } = await migrate(chain.replace('text: "', 'text: "more '))
    expect(planned).toEqual(['a reused recorded', 'b runs changed', 'side reused recorded', 'c runs follows'])
    expect(ran).toEqual(['b', 'c'])
    expect(keys.get('b')?.size).toBe(2)
    expect(result).toMatchObject({ status: 'succeeded', outputs: { c: { input: { tone: 'a' } } } })
    expect(await engine().get('t')).toMatchObject({ status: 'succeeded', plan: plan.hash, progress: 100 })
  })

  it('goes on from where it paused, and settles by the new plan', async () => {
    await (await engine().start(planOf(chain), {}, { threadId: 't', until: 'b' })).result
    await restart()
    const edited = chain
      .replace('  - { id: side, needs: [], uses: test/work }\n', '')
      .replace('outputs: {', 'outputs: { more: "${{ stages.d.output.stage }}",')
      .replace('outputs:', '  - { id: d, needs: [], uses: test/work }\noutputs:')
    const { planned, result } = await migrate(edited)
    expect(planned).toEqual([
      'a reused recorded',
      'b reused recorded',
      'c runs not_started',
      'd runs added',
      'side removed removed',
    ])
    expect([...ran].sort()).toEqual(['c', 'd'])
    expect(result).toMatchObject({ status: 'succeeded', outputs: { more: 'd', c: { stage: 'c' } } })
    expect((await engine().get('t'))?.stages.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('does not count what a stage that is gone had set', async () => {
    await engine().execute(planOf(chain), {}, { threadId: 't' })
    await restart()
    const gone = chain
      .replace(/ {2}- \{ id: a, .*\n/, '')
      .replace(
        'needs: [a], uses: test/work, with: { text: "${{ stages.a.output.stage }}" }',
        'needs: [], uses: test/work',
      )
    const { result } = await migrate(gone)
    expect(ran).toEqual(['b', 'c'])
    expect(result.outputs).toMatchObject({ c: { input: { tone: 'plain' } } })
  })

  it('runs what reads a variable or an input that was declared otherwise', async () => {
    const plain = chain.replace('set: { tone: "${{ output.stage }}" }', 'retry: { attempts: 2 }')
    await engine().execute(planOf(plain), {}, { threadId: 't' })
    await restart()
    const { planned, result } = await migrate(
      plain.replace('default: plain', 'default: formal').replace('attempts: 2', 'attempts: 3'),
    )
    expect(planned).toContain('a reused recorded') // how often it is tried has no part in how it ended well
    expect(planned).toContain('c runs reads')
    expect(ran).toEqual(['c'])
    expect(result.outputs).toMatchObject({ c: { input: { tone: 'formal' } } })
  })

  it('keeps everything, when only titles, outputs and the like were edited', async () => {
    await engine().execute(planOf(chain), {}, { threadId: 't' })
    await restart()
    const { result } = await migrate(
      chain.replace('id: c,', 'id: c, title: New,').replace('outputs: { c', 'outputs: { named'),
    )
    expect(ran).toEqual([])
    expect(result.outputs).toMatchObject({ named: { stage: 'c' } })
  })

  it('refuses a new input without a default, another pipeline, and leaves the run as it was', async () => {
    broken.add('b')
    await engine().execute(planOf(chain), {}, { threadId: 't' })
    await restart()
    const before = await engine().get('t')
    const asks = planOf(chain.replace('inputs: {', 'inputs: { who: { type: string },'))
    await expect(engine().resume('t', { migrate: asks })).rejects.toThrow(/"t" cannot go on by this plan.*who/s)
    await expect(engine().planRecovery('t', { migrate: asks })).rejects.toThrow(/cannot go on by this plan/)
    const other = planOf(chain.replace('name: edited', 'name: other'))
    await expect(engine().resume('t', { migrate: other })).rejects.toMatchObject({ code: 'plan_changed' })
    await expect(engine().resume('t', { migrate: asks, from: 'a' })).rejects.toThrow('Nothing was resumed')
    expect(ran).toEqual([])
    expect({ ...(await engine().get('t')), owner: null }).toEqual({ ...before, owner: null })
  })

  it('gives new inputs their defaults, and runs on by them after the next pause, too', async () => {
    await (await engine().start(planOf(chain), {}, { threadId: 't', until: 'a' })).result
    await restart()
    const edited = planOf(
      chain
        .replace('inputs: {', 'inputs: { who: { type: string, default: you },')
        .replace('tone: "${{ vars.tone }}"', 'tone: "${{ inputs.who }}"'),
    )
    await (await engine().resume('t', { migrate: edited, until: 'b' })).result
    await restart()
    const { result } = await engine().resume('t')
    expect(await result).toMatchObject({ status: 'succeeded', outputs: { c: { input: { tone: 'you' } } } })
    expect(ran).toEqual(['c'])
    expect(await engine().get('t')).toMatchObject({ inputs: { topic: 'tea', who: 'you' }, plan: edited.hash })
  })

  it('runs only what was edited inside of the items of a foreach, and a loop from its beginning', async () => {
    const nested = `
name: nested
stages:
  - id: each
    foreach: [1, 2]
    stages:
      - { id: first, uses: test/work }
      - { id: second, uses: test/work, with: { item: "\${{ item }}" } }
  - id: again
    needs: []
    loop: { until: "false", max: 2, on_exhausted: continue }
    stages: [{ id: one, uses: test/work }, { id: two, uses: test/work }]
  - { id: last, needs: [each], uses: test/work }
`
    await engine().execute(planOf(nested), {}, { threadId: 't' })
    await restart()
    await migrate(nested.replace('item: "', 'item: "edited '))
    expect([...ran].sort()).toEqual(['each[0].second', 'each[1].second', 'last'])
    await restart()
    const { planned } = await migrate(
      nested.replace('item: "', 'item: "edited ').replace('id: two,', 'id: two, with: { more: 1 },'),
    )
    expect(planned).toContain('again runs changed')
    expect(ran).toEqual(['again#0.one', 'again#0.two', 'again#1.one', 'again#1.two'])
  })

  it('withdraws the questions of what was edited and of what is gone, and keeps the others', async () => {
    const asks = `
name: asks
stages:
  - { id: keep, needs: [], ask: { message: "Keep?" } }
  - { id: edit, needs: [], ask: { message: "Edit?" } }
  - { id: gone, needs: [], ask: { message: "Gone?" } }
  - { id: after, needs: [keep, edit], uses: test/work }
`
    await (await engine().start(planOf(asks), {}, { threadId: 't' })).result
    const before = new Map((await engine().pending('t')).map(({ stage, id }) => [stage, id]))
    expect([...before.keys()].sort()).toEqual(['edit', 'gone', 'keep'])
    await restart()
    const edited = asks.replace('"Edit?"', '"Edited?"').replace(/ {2}- \{ id: gone.*\n/, '')
    const plan = planOf(edited)
    const planned = await engine().planRecovery('t', { migrate: plan })
    const cancels = planned.flatMap(({ stage, cancels = [] }) => cancels.map((id) => [stage, id]))
    expect(new Map(cancels as [string, string][])).toEqual(
      new Map(['edit', 'gone'].map((stage) => [stage, before.get(stage)])),
    )
    expect(await (await engine().resume('t', { migrate: plan })).result).toMatchObject({ status: 'waiting' })
    const after = new Map((await engine().pending('t')).map(({ stage, id }) => [stage, id]))
    expect([...after.keys()].sort()).toEqual(['edit', 'keep'])
    expect(after.get('keep')).toBe(before.get('keep'))
    expect(after.get('edit')).not.toBe(before.get('edit'))
    await expect(engine().decide('t', before.get('edit') ?? '', { answer: 'late' })).rejects.toThrow()
    const answers = Object.fromEntries([...after.values()].map((id) => [id, 'yes']))
    expect(await (await engine().resume('t', { answers })).result).toMatchObject({ status: 'succeeded' })
    expect(ran).toEqual(['after'])
  })

  it('forks by the plan that the run had there', async () => {
    await engine().execute(planOf(chain), {}, { threadId: 't' })
    const old = (await store.readEvents('t')).at(-1)?.seq ?? 0
    await restart()
    const { plan } = await migrate(chain.replace('text: "', 'text: "more '))
    const first = await engine().fork('t', { seq: old }, { threadId: 'first' })
    expect(await first.result).toMatchObject({ status: 'succeeded' })
    const second = await engine().fork('t', { stage: 'b' }, { threadId: 'second' })
    ran.length = 0
    expect(await second.result).toMatchObject({ status: 'succeeded' })
    expect(ran).toEqual(['c'])
    expect((await engine().get('first'))?.plan).toBe(planOf(chain).hash)
    expect((await engine().get('second'))?.plan).toBe(plan.hash)
  })
})

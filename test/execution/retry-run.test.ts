/** A run that has ended is gone on with: what failed runs once more, or a stage and all that follows from it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compile, createEngine, createMemoryStore, defineFunction, openStore, type RunStore } from '../../src/index.ts'

const yaml = `
name: again
vars: { tone: { type: string, default: plain } }
stages:
  - { id: a, uses: test/work }
  - { id: b, needs: [a], uses: test/work }
  - id: each
    needs: [a]
    foreach: [1, 2]
    stages: [{ id: part, uses: test/work, with: { tone: "\${{ vars.tone }}" } }]
  - { id: c, needs: [b], uses: test/work }
  - { id: side, needs: [], uses: test/work }
outputs: { c: "\${{ stages.c.output }}" }
`

describe.each([
  ['flow', 'memory'],
  ['stages', 'memory'],
  ['flow', 'sqlite'],
] as const)('by the lowering %s on %s', (lowering, kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-again-'))
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
  const pipeline = compile(yaml, { functions })
  const engine = () => createEngine({ store, functions, lowering })

  beforeEach(() => {
    store = kind === 'memory' ? createMemoryStore() : openStore(join(folder, 'runs.db'))
    ran.length = 0
    broken.clear()
    keys.clear()
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('runs what failed and what was skipped for it, and nothing else', async () => {
    broken.add('b')
    expect(await engine().execute(pipeline, {}, { threadId: 't' })).toMatchObject({ status: 'failed' })
    broken.clear()
    ran.length = 0
    const { result } = await engine().resume('t', { set: {} })
    expect(await result).toMatchObject({ status: 'succeeded', outputs: { c: { stage: 'c' } } })
    expect(ran).toEqual(['b', 'c'])
    expect(keys.get('b')?.size).toBe(2)
    const state = await engine().get('t')
    expect(state).toMatchObject({ status: 'succeeded', progress: 100 })
    expect(state?.stages.map(({ id, status }) => `${id} ${status}`)).toContain('b succeeded')
    expect((await engine().list()).map(({ status }) => status)).toEqual(['succeeded'])
  })

  it('goes on with a run that was cancelled, and lets it be cancelled again', async () => {
    const waiting = compile('name: w\nstages: [{ id: ask, ask: { message: who? } }, { id: c, transform: 1 }]')
    expect((await engine().execute(waiting, {}, { threadId: 'w' })).status).toBe('waiting')
    await engine().cancel('w')
    expect(await engine().get('w')).toMatchObject({ status: 'cancelled' })
    const { result } = await engine().resume('w', { set: {} })
    expect(await result).toMatchObject({ status: 'waiting' })
    expect(await store.getRun('w')).toMatchObject({ status: 'waiting', cancel_requested: false })
    await engine().cancel('w')
    expect(await engine().get('w')).toMatchObject({ status: 'cancelled', cancel_requested: true })
  })

  it('runs a stage and all that wait for it, inside them too, with new variables', async () => {
    await engine().execute(pipeline, {}, { threadId: 't' })
    ran.length = 0
    const { result } = await engine().resume('t', { from: 'each', set: { tone: 'new' } })
    expect(await result).toMatchObject({ status: 'succeeded' })
    expect(ran).toEqual(['each[0].part', 'each[1].part'])
    const events = await store.readEvents('t')
    const last = events.findLast((event) => event.type === 'stage.succeeded' && event.stage === 'each[1].part')
    expect(last).toMatchObject({ output: { input: { tone: 'new' } } })
    ran.length = 0
    await (await engine().resume('t', { from: 'a' })).result
    expect(ran.toSorted()).toEqual(['a', 'b', 'c', 'each[0].part', 'each[1].part'])
    expect(keys.get('a')?.size).toBe(2)
  })

  it('may fail again, and be gone on with again', async () => {
    broken.add('c')
    await engine().execute(pipeline, {}, { threadId: 't' })
    for (let turn = 0; turn < 3; turn++) {
      ran.length = 0
      const { result } = await engine().resume('t', { set: {} })
      expect(await result).toMatchObject({ status: 'failed', error: { stage: 'c' } })
      expect(ran).toEqual(['c'])
    }
  })

  it('refuses stages that there are not, and a plain resume of what has ended', async () => {
    await engine().execute(pipeline, {}, { threadId: 't' })
    await expect(engine().resume('t', { from: 'eache' })).rejects.toMatchObject({
      code: 'unknown_stage',
      hint: expect.stringContaining('each'),
    })
    await expect(engine().resume('t', { set: { tnoe: 'x' } })).rejects.toThrow('tnoe')
    await expect(engine().resume('t')).rejects.toMatchObject({ code: 'thread_finished' })
    expect((await engine().get('t'))?.status).toBe('succeeded')
  })
})

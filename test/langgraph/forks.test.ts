/** Forks from old checkpoints of a raw thread: what another branch did is neither taken over nor mixed up with what is new. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemorySaver } from '@langchain/langgraph'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Plan } from '../../src/foundation/plan.ts'
import type { StageContext } from '../../src/foundation/stage-kind.ts'
import { createMemoryStore, openStore } from '../../src/index.ts'
import { forever, MortalSaver } from '../support-savers.ts'
import { lower, lowerFlow, planOf, stage, thread } from '../support-stages.ts'

const lowerings = { flow: lowerFlow, stages: lower } as const

/** a → b → c → d, with a checkpoint after each. */
const plan = planOf(
  ['a', 'b', 'c', 'd'].map((id) => stage(id, { kind: 'do', value: 'note', checkpoint: true, set: { log: [id] } })),
  { vars: { log: { schema: true, merge: 'append', default: [] } }, outputs: { log: '${{ vars.log }}' } },
)

function sqlite(): BaseCheckpointSaver {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-forks-'))
  const store = openStore(join(folder, 'runs.db'))
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return store.saver
}

const savers = {
  MemorySaver: () => new MemorySaver(),
  'our store': () => createMemoryStore().saver,
  'our file': sqlite,
}
const cases = (Object.keys(lowerings) as (keyof typeof lowerings)[]).flatMap((lowering) =>
  (Object.keys(savers) as (keyof typeof savers)[]).map((saver) => [lowering, saver] as const),
)

describe.each(cases)('a fork of a thread of %s, on %s', (lowering, saver) => {
  function setting(data: BaseCheckpointSaver = savers[saver]()) {
    const done: [string, string][] = []
    const deeds = (mortal?: MortalSaver) => ({
      note: ({ stage: id, idempotencyKey }: { stage: string; idempotencyKey: string }) => {
        if (mortal?.dead) return forever()
        done.push([id, idempotencyKey])
        return id
      },
    })
    const graph = () => lowerings[lowering](plan, deeds(), { checkpointer: data }).graph
    const mortal = (at: number) => {
      const dying = new MortalSaver(data, { at, stored: true })
      return { dying, graph: lowerings[lowering](plan, deeds(dying), { checkpointer: dying }).graph }
    }
    const keyOf = (from: number) => Object.fromEntries(done.slice(from))
    return { done, keyOf, graph, mortal }
  }

  type Graph = ReturnType<typeof lowerFlow>['graph']
  const after = async (graph: Graph, stages: string) => {
    for await (const { values, config } of graph.getStateHistory(thread('t'))) {
      if (Object.keys(values.stages ?? {}).join('') === stages && values.run?.status === undefined) return config
    }
    throw new Error(`There is no checkpoint after ${stages}.`)
  }

  it('runs what comes after it with new keys, and nothing before it', async () => {
    const { done, keyOf, graph } = setting()
    await graph().invoke({ inputs: {} }, thread('t'))
    const first = keyOf(0)
    const state = await graph().invoke(null, await after(graph(), 'ab'))
    expect(state.outputs).toEqual({ log: ['a', 'b', 'c', 'd'] })
    expect(done.map(([id]) => id).join('')).toBe('abcdcd')
    const second = keyOf(4)
    expect(second.c).not.toBe(first.c)
    expect(second.d).not.toBe(first.d)
    expect(state.stages).toMatchObject({ c: { generation: 2 }, d: { generation: 2 } })
    expect(state.stages.a).not.toHaveProperty('generation')

    const third = await graph().invoke(null, await after(graph(), 'a'))
    expect(third.stages).toMatchObject({ b: { generation: 2 }, c: { generation: 3 }, d: { generation: 3 } })
    expect(new Set(done.map(([, key]) => key)).size).toBe(done.length)
  })

  it('is made by an edit of an old checkpoint as well', async () => {
    const { done, graph } = setting()
    await graph().invoke({ inputs: {} }, thread('t'))
    const edited = await graph().updateState(await after(graph(), 'ab'), { 'vars.log': ['edited'] })
    const state = await graph().invoke(null, edited)
    expect(state.outputs).toEqual({ log: ['edited', 'c', 'd'] })
    expect(state.stages).toMatchObject({ c: { generation: 2 }, d: { generation: 2 } })
    expect(new Set(done.map(([, key]) => key)).size).toBe(done.length)
  })

  it('goes on after its process died, with the same keys', async () => {
    for (let at = 1; ; at++) {
      const { done, keyOf, graph, mortal } = setting()
      await graph().invoke({ inputs: {} }, thread('t'))
      const { dying, graph: dead } = mortal(at)
      const call = dead.invoke(null, await after(graph(), 'ab')).then(() => 'alive')
      if ((await Promise.race([call, dying.died])) === 'alive') return expect(at).toBeGreaterThan(4)
      const before = done.length
      const head = await graph().getState(thread('t'))
      if (head.values.run.status !== undefined) continue // it had not begun, or was done but for the last word
      const state = await graph().invoke(null, thread('t'))
      expect(state.outputs).toEqual({ log: ['a', 'b', 'c', 'd'] })
      expect(state.stages).toMatchObject({ c: { generation: 2 }, d: { generation: 2 } })
      const [inFork, resumed] = [Object.fromEntries(done.slice(4, before)), keyOf(before)]
      for (const [id, key] of Object.entries(resumed)) expect(inFork[id] ?? key, id).toBe(key)
    }
  })
})

describe('rows of another branch', () => {
  it('never count: neither in the fork, nor back in the branch it was made from', async () => {
    const data = new MemorySaver()
    const done: string[] = []
    const note = ({ stage: id }: StageContext) => done.push(id)
    const its = planOf([
      stage('a', { kind: 'do', value: 'note', checkpoint: true }),
      ...['b', 'c', 'd'].map((id) => stage(id, { kind: 'do', value: 'note' })),
    ])
    // LangGraph's last checkpoint is the one after `a`; `b` has only its row.
    const recorded = await killedAfter('b', data, its, note)
    const graph = () => lowerFlow(its, { note }, { checkpointer: data }).graph
    const main = (await graph().getState(thread('t'))).config
    const history = []
    for await (const each of graph().getStateHistory(thread('t'))) history.push(each)
    const start = history.find(({ values }) => values.run && Object.keys(values.stages).length === 0)

    const forked = await graph().invoke(null, start?.config)
    expect(forked.run.status).toBe('succeeded')
    expect(done.slice(-4)).toEqual(['a', 'b', 'c', 'd'])
    expect(forked.stages).toMatchObject({ a: { generation: 2 }, b: { generation: 2 } })

    const before = done.length
    const back = await graph().invoke(null, main)
    expect(back.run.status).toBe('succeeded')
    expect(done.slice(before)).toEqual(['c', 'd'].filter((id) => !recorded.includes(id)))
  })
})

/** Starts a thread whose process dies when the end of a stage is recorded; returns what was recorded by then. */
async function killedAfter(last: string, data: MemorySaver, plan: Plan, note: (context: StageContext) => unknown) {
  for (let at = 1; ; at++) {
    const dying = new MortalSaver(new MemorySaver(), { at, stored: true })
    const { graph } = lowerFlow(plan, { note: () => (dying.dead ? forever() : 1) }, { checkpointer: dying })
    await Promise.race([graph.invoke({ inputs: {} }, thread('t')), dying.died])
    if (!dying.recorded.has(last)) continue
    const same = new MortalSaver(data, { at, stored: true })
    const deeds = { note: (context: StageContext) => (same.dead ? forever() : note(context)) }
    const dead = lowerFlow(plan, deeds, { checkpointer: same })
    await Promise.race([dead.graph.invoke({ inputs: {} }, thread('t')), same.died])
    return [...same.recorded]
  }
}

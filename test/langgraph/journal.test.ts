/** The journal in a LangGraph checkpointer: what a killed graph left there, and who sees it. */
import { Annotation, Command, MemorySaver, START, StateGraph } from '@langchain/langgraph'
import { describe, expect, it } from 'vitest'
import { forever, MortalSaver } from '../support-savers.ts'
import { lowerFlow, planOf, stage, statuses, thread } from '../support-stages.ts'

const plan = planOf(
  ['a', 'b', 'c'].map((id) => stage(id, { kind: 'do', value: 'note', set: { log: [id] } })),
  { vars: { log: { schema: true, merge: 'append', default: [] } }, outputs: { log: '${{ vars.log }}' } },
)

/** A thread whose process died when the row of `b` was stored. Three writes come before its start, and the end of `b` is in the third commit. */
async function killed() {
  const data = new MemorySaver()
  const runs: string[] = []
  const note = (saver?: MortalSaver) => (context: { readonly stage: string }) => {
    runs.push(context.stage)
    return saver?.dead ? forever() : context.stage
  }
  const saver = new MortalSaver(data, { at: 3 + 3, stored: true })
  const { graph } = lowerFlow(plan, { note: note(saver) }, { checkpointer: saver })
  await Promise.race([graph.invoke({ inputs: {} }, thread('t')), saver.died])
  return { runs, saver, data, next: () => lowerFlow(plan, { note: note() }, { checkpointer: data }) }
}

describe('a killed thread', () => {
  it('is gone on with by invoke(null): what has a row does not run again, and what it set is there', async () => {
    const { runs, saver, next } = await killed()
    expect([...saver.recorded]).toEqual(['a', 'b'])
    const { graph } = next()
    expect((await graph.getState(thread('t'))).values.stages).toEqual({})
    const state = await graph.invoke(null, thread('t'))
    expect(state.outputs).toEqual({ log: ['a', 'b', 'c'] })
    expect(runs).toEqual(['a', 'b', 'c'])
  })

  it('has its outcomes in the order in which they were recorded', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `s${index}`)
    const long = planOf(ids.map((id) => stage(id, { kind: 'echo' })))
    const data = new MemorySaver()
    for (const at of [2 + 5, 4]) {
      const saver = new MortalSaver(data, { at, stored: true })
      const { graph } = lowerFlow(long, {}, { checkpointer: saver })
      const started = (await graph.getState(thread('t'))).values.run !== undefined
      await Promise.race([graph.invoke(started ? null : { inputs: {} }, thread('t')), saver.died])
    }
    const { stages } = await lowerFlow(long, {}, { checkpointer: data }).graph.invoke(null, thread('t'))
    expect(Object.keys(stages)).toEqual(ids)
  })

  it('is gone on with by its own inputs, too', async () => {
    const { runs, next } = await killed()
    expect((await next().graph.invoke({ inputs: {} }, thread('t'))).run.status).toBe('succeeded')
    expect(runs).toEqual(['a', 'b', 'c'])
  })

  it('can be edited first: the patch covers what has a row, and the rows are not lost', async () => {
    const { runs, next } = await killed()
    const { graph } = next()
    await graph.updateState(thread('t'), { 'vars.log': ['patched'] })
    await graph.updateState(thread('t'), { 'stages.a': { output: 'edited', set: {} } })
    const state = await graph.invoke(null, thread('t'))
    expect(state.stages.a?.output).toBe('edited')
    expect(state.outputs).toEqual({ log: ['patched', 'c'] })
    expect(runs).toEqual(['a', 'b', 'c'])
  })

  it('can be edited by a command as well', async () => {
    const { runs, next } = await killed()
    const state = await next().graph.invoke(new Command({ update: { 'vars.log': ['x'] } }) as never, thread('t'))
    expect(state.outputs).toEqual({ log: ['x', 'c'] })
    expect(runs).toEqual(['a', 'b', 'c'])
  })

  it('leaves nothing in the rows of another thread', async () => {
    const { runs, next } = await killed()
    await next().graph.invoke({ inputs: {} }, thread('u'))
    expect(runs).toEqual(['a', 'b', 'a', 'b', 'c'])
  })
})

describe('a pipeline as a node of another graph', () => {
  it('keeps its rows under its own namespace, and goes on from them', async () => {
    const runs: string[] = []
    let pause = () => {}
    const build = (checkpointer: MemorySaver) => {
      const note = ({ stage: id }: { stage: string }) => {
        runs.push(id)
        if (id === 'b') pause()
        return id
      }
      const inner = lowerFlow(plan, { note })
      const State = Annotation.Root({ inputs: Annotation<object>(), outputs: Annotation<unknown>() })
      const outer = new StateGraph(State)
        .addNode('inner', inner.graph as never)
        .addEdge(START, 'inner')
        .compile({ checkpointer })
      return { outer, control: inner.control }
    }
    const checkpointer = new MemorySaver()
    const first = build(checkpointer)
    pause = () => first.control.pause('interrupted')
    await first.outer.invoke({ inputs: {} }, thread('t'))
    expect(runs).toEqual(['a', 'b'])
    pause = () => {}
    const state = await build(checkpointer).outer.invoke(null, thread('t'))
    expect(state.outputs).toEqual({ log: ['a', 'b', 'c'] })
    expect(runs).toEqual(['a', 'b', 'c'])
  })
})

describe('a caller who wants less durability', () => {
  it.each(['async', 'exit'] as const)('gets the same results (%s), also after a pause', async (durability) => {
    const runs: string[] = []
    let pause = () => {}
    const note = ({ stage: id }: { stage: string }) => {
      runs.push(id)
      if (id === 'b') pause()
      return id
    }
    const checkpointer = new MemorySaver()
    const first = lowerFlow(plan, { note }, { checkpointer })
    pause = () => first.control.pause('interrupted')
    await first.graph.invoke({ inputs: {} }, { ...thread('t'), durability })
    pause = () => {}
    const state = await lowerFlow(plan, { note }, { checkpointer }).graph.invoke(null, { ...thread('t'), durability })
    expect(state.outputs).toEqual({ log: ['a', 'b', 'c'] })
    expect(runs).toEqual(['a', 'b', 'c'])
  })
})

describe('many threads at once', () => {
  it('share one graph and one checkpointer, each with rows of its own', async () => {
    const { graph } = lowerFlow(
      plan,
      { note: () => new Promise((resolve) => setImmediate(resolve, 1)) },
      { checkpointer: new MemorySaver() },
    )
    const states = await Promise.all(
      Array.from({ length: 20 }, (_, index) => graph.invoke({ inputs: {} }, thread(`t${index}`))),
    )
    expect(states.map(({ outputs }) => outputs)).toEqual(states.map(() => ({ log: ['a', 'b', 'c'] })))
  })
})

describe('a graph that keeps nothing', () => {
  it('has no journal and runs all the same', async () => {
    const state = await lowerFlow(plan, { note: () => 1 }).graph.invoke({ inputs: {} })
    expect(statuses(state.stages)).toEqual({ a: 'succeeded', b: 'succeeded', c: 'succeeded' })
  })
})

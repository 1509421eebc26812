/**
 * Every internal of LangGraph that `flow` relies on, broken in turn in the real LangGraph by a subclass: each is missed
 * by its name.
 */
import { readFileSync } from 'node:fs'
import { Annotation, MemorySaver, START, StateGraph } from '@langchain/langgraph'
import { describe, expect, it } from 'vitest'
import { createSelfTest, internals } from '../../../src/compiler/lower/self-test.ts'
import { lowerFlow, planOf, stage, thread } from '../../support-stages.ts'
import { breakages } from './langgraph-breakages.ts'

describe('the self-test', () => {
  it('finds nothing wrong with the LangGraph that is installed', async () => {
    expect(await createSelfTest()()).toEqual([])
  })

  it('runs once, however often it is asked', async () => {
    let graphs = 0
    class Counted extends StateGraph<never> {
      constructor(...args: ConstructorParameters<typeof StateGraph<never>>) {
        super(...args)
        graphs++
      }
    }
    const test = createSelfTest({ ...breakages.none, StateGraph: Counted as unknown as typeof StateGraph })
    await Promise.all([test(), test()])
    const made = graphs
    await test()
    expect(made).toBeGreaterThan(0)
    expect(graphs).toBe(made)
  })

  it('has a way to break each of the internals it knows', () => {
    expect(Object.keys(breakages.of).sort()).toEqual([...internals].sort())
  })

  it.each(internals)('misses %s when it is broken', async (name) => {
    expect(await createSelfTest(breakages.of[name])()).toContain(name)
  })
})

describe('a pipeline lowered to flow, on a LangGraph that cannot', () => {
  const plan = planOf([stage('a', { value: 1, set: { x: 1 } }), stage('b', { value: '${{ stages.a.output + 1 }}' })], {
    vars: { x: { schema: true, merge: 'last' } },
    outputs: { n: '${{ stages.b.output }}' },
  })
  const broken = () => createSelfTest(breakages.of.strict_resume)

  it('is run by the stages lowering, which its custom stream says once per call, naming what is missing', async () => {
    const { graph } = lowerFlow(plan, {}, { selfTest: broken() })
    expect(await graph.lowering()).toBe('stages')
    const chunks: [string, unknown][] = []
    for await (const chunk of await graph.stream({ inputs: {} }, { streamMode: ['custom', 'updates'] })) {
      chunks.push(chunk as [string, unknown])
    }
    const updates = chunks.flatMap(([mode, chunk]) => (mode === 'updates' ? Object.keys(chunk as object) : []))
    expect(updates).toEqual(['a', 'b', 'settle', 'finish'])
    const custom = chunks.flatMap(([mode, chunk]) => (mode === 'custom' ? [chunk as { type: string }] : []))
    expect(custom.filter(({ type }) => type === 'run.warned')).toEqual([
      {
        type: 'run.warned',
        code: 'flow_unsupported',
        message: expect.stringMatching(/^This copy of LangGraph .*strict_resume.* is run by "stages"\.$/),
      },
    ])
    expect(custom[0]?.type).toBe('run.warned')
  })

  it('is started, edited, looked at and gone on with like any other, also as a copy', async () => {
    const checkpointer = new MemorySaver()
    const graph = () => lowerFlow(plan, {}, { checkpointer, selfTest: broken() }).graph.withConfig(thread('t'))
    await graph().invoke({ inputs: {} }, { interruptBefore: ['b'] })
    expect((await graph().getState(thread('t'))).next).toEqual(['b'])
    await graph().updateState(thread('t'), { 'stages.a': { output: 10 } })
    const state = await graph().invoke(null)
    expect(state.outputs).toEqual({ n: 11 })
    const history = []
    for await (const { next } of graph().getStateHistory(thread('t'))) history.push(next)
    expect(history).toContainEqual(['b'])
  })

  it('keeps threads in the checkpointer that a server gave it', async () => {
    const { graph } = lowerFlow(plan, {}, { selfTest: broken() })
    const checkpointer = new MemorySaver()
    graph.checkpointer = checkpointer
    await graph.invoke({ inputs: {} }, thread('t'))
    expect(await checkpointer.getTuple(thread('t'))).toBeDefined()
  })

  it('does not take up a thread that flow started, and says why', async () => {
    const checkpointer = new MemorySaver()
    await lowerFlow(plan, {}, { checkpointer }).graph.invoke({ inputs: {} }, thread('t'))
    const { graph } = lowerFlow(plan, {}, { checkpointer, selfTest: broken() })
    await expect(graph.invoke(null, thread('t'))).rejects.toMatchObject({
      code: 'unsupported_option',
      hint: expect.stringMatching(/strict_resume/),
    })
  })

  it('is run by flow, and says nothing, where LangGraph can', async () => {
    const { graph } = lowerFlow(plan, {}, { selfTest: createSelfTest() })
    expect(await graph.lowering()).toBe('flow')
    const chunks: unknown[] = []
    for await (const chunk of await graph.stream({ inputs: {} }, { streamMode: 'custom' })) chunks.push(chunk)
    expect(chunks.filter((chunk) => (chunk as { type: string }).type === 'run.warned')).toEqual([])
  })

  it('can be asked for inside a node of another graph', async () => {
    const inner = lowerFlow(plan, {}, { selfTest: createSelfTest() }).graph
    const Outer = Annotation.Root({ outputs: Annotation<unknown>() })
    const outer = new StateGraph(Outer)
      .addNode('ask', async () => ({ outputs: (await inner.invoke({ inputs: {} })).outputs }))
      .addEdge(START, 'ask')
      .compile({ checkpointer: new MemorySaver() })
    const chunks: unknown[] = []
    for await (const chunk of await outer.stream({}, { ...thread('t'), streamMode: 'custom' })) chunks.push(chunk)
    expect((await outer.getState(thread('t'))).values.outputs).toEqual({ n: 2 })
    expect(chunks.filter((chunk) => Object.hasOwn(chunk as object, 'told'))).toEqual([])
  })
})

describe('the version of LangGraph', () => {
  const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))

  it.each(['@langchain/langgraph', '@langchain/langgraph-checkpoint'])('of %s is pinned, at the one tried', (name) => {
    const pinned: string = read('../../../package.json').dependencies[name]
    expect(pinned).toMatch(/^~?\d+\.\d+\.\d+$/)
    expect(read(`../../../node_modules/${name}/package.json`).version).toBe(pinned.replace('~', ''))
  })
})

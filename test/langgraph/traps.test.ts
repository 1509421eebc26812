/**
 * LangGraph.js 1.7.3's traps (design/engine.md §4): that each still exists, and that a lowered pipeline is not caught.
 * When the first half of a test fails, LangGraph has changed: look whether our way around it is still needed.
 */
import {
  Annotation,
  Command,
  END,
  GraphInterrupt,
  interrupt,
  MemorySaver,
  START,
  StateGraph,
} from '@langchain/langgraph'
import { describe, expect, it } from 'vitest'
import { StageError } from '../../src/foundation/errors.ts'
import { lower, lowerFlow, planOf, stage, statuses, thread } from '../support-stages.ts'

const Log = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) })
const note = (name: string) => () => ({ log: [name] })

const chain = (length: number) => Array.from({ length }, (_, index) => (index === 0 ? 'n0' : `n${index}`))

describe('the recursion limit', () => {
  it('kills a chain of 25 nodes in plain LangGraph', async () => {
    const builder = new StateGraph(Log).addSequence(
      chain(25).map((name) => [name, note(name)] as [string, () => object]),
    )
    const graph = builder.addEdge(START, 'n0' as never).compile()
    await expect(graph.invoke({})).rejects.toThrow(/Recursion limit of 25/)
  })

  it('is worked out for a pipeline: a chain of 60 stages runs, also by streamEvents', async () => {
    const plan = planOf(chain(60).map((id) => stage(id)))
    const { graph } = lower(plan)
    expect((await graph.invoke({ inputs: {} })).run.status).toBe('succeeded')

    let events = 0
    for await (const _ of lower(plan).graph.streamEvents({ inputs: {} }, { version: 'v2' })) events++
    expect(events).toBeGreaterThan(60)
  })

  it('can be lowered by a caller, who loses nothing and goes on', async () => {
    const runs: string[] = []
    const plan = planOf(chain(10).map((id) => stage(id, { kind: 'do', value: 'note' })))
    const deeds = { note: ({ stage: id }: { stage: string }) => runs.push(id) }
    const { graph } = lower(plan, deeds, { checkpointer: new MemorySaver() })
    await expect(graph.invoke({ inputs: {} }, { ...thread('t'), recursionLimit: 4 })).rejects.toThrow(/Recursion limit/)
    const done = runs.length
    expect(done).toBeGreaterThan(2)
    expect(done).toBeLessThan(10)

    const state = await graph.invoke(null, thread('t'))
    expect(state.run.status).toBe('succeeded')
    expect(runs).toEqual(chain(10))
  })
})

describe('a join whose predecessor was routed around', () => {
  it('silently never runs in plain LangGraph', async () => {
    const graph = new StateGraph(Log)
      .addNode('a', note('a'))
      .addNode('b', note('b'))
      .addNode('c', note('c'))
      .addEdge(START, 'a')
      .addConditionalEdges(START, () => END, { b: 'b', [END]: END })
      .addEdge(['a', 'b'], 'c')
      .compile()
    expect((await graph.invoke({})).log).toEqual(['a'])
  })

  it('runs in a pipeline, because the skip is a node that runs', async () => {
    const plan = planOf([
      stage('a', { needs: [] }),
      stage('b', { needs: [], if: 'false' }),
      stage('c', { needs: ['a', 'b'] }),
    ])
    const { stages } = await lower(plan).graph.invoke({ inputs: {} })
    expect(statuses(stages)).toEqual({ a: 'succeeded', b: 'skipped: condition', c: 'succeeded' })
  })
})

describe('a join beside a node that throws', () => {
  it('throws the finished sibling away or loses the join in plain LangGraph', async () => {
    let broken = true
    const runs: string[] = []
    const graph = new StateGraph(Log)
      .addNode('a', async () => {
        await new Promise(setImmediate)
        runs.push('a')
        return { log: ['a'] }
      })
      .addNode('b', () => {
        runs.push('b')
        if (broken) throw new Error('broken')
        return { log: ['b'] }
      })
      .addNode('c', note('c'))
      .addEdge(START, 'a')
      .addEdge(START, 'b')
      .addEdge(['a', 'b'], 'c')
      .compile({ checkpointer: new MemorySaver() })
    await expect(graph.invoke({ log: [] }, thread('t'))).rejects.toThrow('broken')
    broken = false
    await graph.invoke(null, thread('t'))
    expect(runs.filter((name) => name === 'a')).toHaveLength(2) // its effect happened twice
  })

  it('keeps every outcome of a pipeline: a failure is data', async () => {
    const runs: string[] = []
    const deeds = {
      slow: async () => {
        await new Promise(setImmediate)
        runs.push('a')
      },
    }
    const plan = planOf([
      stage('a', { kind: 'do', value: 'slow', needs: [] }),
      stage('b', { kind: 'fail', value: { category: 'internal' }, needs: [] }),
      stage('c', { needs: ['a', 'b'] }),
      stage('d', { needs: ['a'] }),
    ])
    const { graph } = lower(plan, deeds, { checkpointer: new MemorySaver() })
    await expect(graph.invoke({ inputs: {} }, thread('t'))).rejects.toMatchObject({ name: 'PipelineFailedError' })
    const { values } = await graph.getState(thread('t'))
    expect(statuses(values.stages)).toEqual({ a: 'succeeded', b: 'failed', c: 'skipped: failed', d: 'succeeded' })
    await expect(graph.invoke(null, thread('t'))).rejects.toMatchObject({ name: 'PipelineFailedError' })
    expect(runs).toEqual(['a'])
  })
})

describe('maxConcurrency: 1', () => {
  it('drops work in plain LangGraph', async () => {
    const builder = new StateGraph(Log)
    const names = ['a', 'b', 'c']
    for (const name of names) builder.addNode(name, note(name)).addEdge(START, name as never)
    expect((await builder.compile().invoke({ log: [] }, { maxConcurrency: 1 })).log).not.toEqual(names)
  })

  it('is refused, and the pipeline has its own limit that drops nothing', async () => {
    let running = 0
    let most = 0
    const deeds = {
      work: async () => {
        most = Math.max(most, ++running)
        await new Promise(setImmediate)
        running--
      },
    }
    const stages = ['a', 'b', 'c', 'd', 'e'].map((id) => stage(id, { kind: 'do', value: 'work', needs: [] }))
    const { graph } = lower(planOf(stages, { limits: { concurrency: 1 } }), deeds)
    await expect(graph.invoke({ inputs: {} }, { maxConcurrency: 1 })).rejects.toMatchObject({
      code: 'unsupported_option',
    })
    await expect(graph.withConfig({ maxConcurrency: 1 }).invoke({ inputs: {} })).rejects.toMatchObject({
      code: 'unsupported_option',
    })
    const state = await graph.invoke({ inputs: {} }, { maxConcurrency: 4 })
    expect(Object.keys(state.stages)).toHaveLength(5)
    expect(most).toBe(1)
  })
})

describe('a command that goes to a node that is not there', () => {
  it('is ignored in silence by plain LangGraph', async () => {
    const graph = new StateGraph(Log)
      .addNode('a', () => new Command({ goto: 'missing' }), { ends: [] })
      .addEdge(START, 'a')
      .compile()
    await expect(graph.invoke({ log: [] })).resolves.toEqual({ log: [] })
  })

  it('is refused by a pipeline, as are interrupts at nodes that are not there', async () => {
    const { graph } = lower(planOf([stage('fetch'), stage('b')]), {}, { checkpointer: new MemorySaver() })
    await graph.invoke({ inputs: {} }, { ...thread('t'), interruptBefore: ['b'] })
    await expect(graph.invoke(new Command({ goto: 'b' }) as never, thread('t'))).rejects.toMatchObject({
      code: 'unsupported_option',
    })
    for (const options of [{ interruptBefore: ['fetsh'] }, { interruptAfter: ['fetsh'] }]) {
      await expect(graph.invoke(null, { ...thread('t'), ...options })).rejects.toMatchObject({
        code: 'unknown_stage',
        hint: 'Did you mean "fetch"?',
      })
    }
  })
})

describe('a node that interrupts after an effect', () => {
  it('has the effect again on resume in plain LangGraph', async () => {
    let effects = 0
    const graph = new StateGraph(Log)
      .addNode('a', () => {
        effects++
        return { log: [interrupt('go on?') as string] }
      })
      .addEdge(START, 'a')
      .compile({ checkpointer: new MemorySaver() })
    await graph.invoke({ log: [] }, thread('t'))
    await graph.invoke(new Command({ resume: 'yes' }), thread('t'))
    expect(effects).toBe(2)
  })

  it('does not cost a pausing pipeline its siblings: what runs is kept, the rest runs on resume', async () => {
    const runs: string[] = []
    let pause = () => {}
    const deeds = {
      first: async () => {
        runs.push('first')
        pause()
        await new Promise(setImmediate)
        return 'kept'
      },
      second: () => runs.push('second'),
    }
    const plan = planOf(
      [
        stage('a', { kind: 'do', value: 'first', needs: [] }),
        stage('b', { kind: 'do', value: 'second', needs: [] }),
        stage('c', { needs: ['a', 'b'], value: '${{ stages.a.output }}' }),
      ],
      { limits: { concurrency: 1 } },
    )
    const checkpointer = new MemorySaver()
    const paused = lower(plan, deeds, { checkpointer })
    pause = () => paused.control.pause('interrupted')
    const state = await paused.graph.invoke({ inputs: {} }, thread('t'))
    expect(state.run.status).toBeUndefined()
    expect((await paused.graph.getState(thread('t'))).next).toEqual(['b'])

    const resumed = await lower(plan, deeds, { checkpointer }).graph.invoke(null, thread('t'))
    expect(runs).toEqual(['first', 'second'])
    expect(resumed.stages.c?.output).toBe('kept')
  })
})

describe('several questions at once', () => {
  const asking = () =>
    new StateGraph(Log)
      .addNode('a', () => ({ log: [`a: ${interrupt('a?')}`] }))
      .addNode('b', () => ({ log: [`b: ${interrupt('b?')}`] }))
      .addEdge(START, 'a')
      .addEdge(START, 'b')
      .compile({ checkpointer: new MemorySaver() })

  it('all get an answer that was meant for one of them in plain LangGraph', async () => {
    const graph = asking()
    await graph.invoke({ log: [] }, thread('t'))
    const { log } = await graph.invoke(new Command({ resume: 'yes' }), thread('t'))
    expect(log).toEqual(['a: yes', 'b: yes'])
  })

  it('that one node asks are answered in the order in which it asks them, whatever was meant', async () => {
    let swapped = false
    const graph = new StateGraph(Log)
      .addNode('a', () => {
        const order = swapped ? ['second?', 'first?'] : ['first?', 'second?']
        swapped = true
        return { log: order.map((question) => `${question} ${interrupt(question)}`) }
      })
      .addEdge(START, 'a')
      .compile({ checkpointer: new MemorySaver() })
    await graph.invoke({ log: [] }, thread('t'))
    await graph.invoke(new Command({ resume: 'to the first' }), thread('t'))
    const { log } = await graph.invoke(new Command({ resume: 'to the second' }), thread('t'))
    expect(log[0]).toBe('second? to the first')
  })

  it('are answered by their ids in a pipeline, and a plain answer to several is refused', async () => {
    const plan = planOf(['a', 'b'].map((id) => stage(id, { kind: 'ask', value: { questions: [`${id}?`] }, needs: [] })))
    for (const make of [lower, lowerFlow]) {
      const { graph } = make(plan, {}, { checkpointer: new MemorySaver() })
      await graph.invoke({ inputs: {} }, thread('t'))
      const plain = graph.invoke(new Command({ resume: 'yes' }) as never, thread('t'))
      await expect(plain).rejects.toMatchObject({ code: 'no_open_wait' })
      const [a, b] = (await graph.getState(thread('t'))).tasks.flatMap(({ interrupts }) => interrupts)
      const answers = { [String(b?.id)]: String(b?.value), [String(a?.id)]: String(a?.value) }
      const { stages } = await graph.invoke(new Command({ resume: answers }) as never, thread('t'))
      expect([stages.a?.output, stages.b?.output]).toEqual(['a?', 'b?'])
    }
  })
})

describe('a node that has something to return and a question', () => {
  it('loses what it wrote when it throws the question in plain LangGraph', async () => {
    const graph = new StateGraph(Log)
      .addNode('a', (_, { configurable }) => {
        const send = configurable?.__pregel_send as (writes: unknown[]) => void
        send([['log', ['written']]])
        throw new GraphInterrupt([{ id: '1', value: 'go on?' }])
      })
      .addEdge(START, 'a')
      .compile({ checkpointer: new MemorySaver() })
    await graph.invoke({ log: ['start'] }, thread('t'))
    expect((await graph.getState(thread('t'))).values.log).toEqual(['start'])
  })

  it('returns first in a pipeline, and asks when it is entered again', async () => {
    const plan = planOf([
      stage('a', { needs: [] }),
      stage('b', { kind: 'ask', value: { questions: ['b?'] }, needs: [] }),
    ])
    const { graph } = lowerFlow(plan, {}, { checkpointer: new MemorySaver() })
    await graph.invoke({ inputs: {} }, thread('t'))
    const { values, tasks } = await graph.getState(thread('t'))
    expect(statuses(values.stages)).toEqual({ a: 'succeeded' })
    expect(tasks.flatMap(({ interrupts }) => interrupts).map(({ value }) => value)).toEqual(['b?'])
  })
})

describe('threads', () => {
  it('restart on top of their old state, and run again when finished, in plain LangGraph', async () => {
    let broken = true
    const graph = new StateGraph(Log)
      .addNode('a', note('a'))
      .addNode('b', () => {
        if (broken) throw new Error('broken')
        return { log: ['b'] }
      })
      .addEdge(START, 'a')
      .addEdge('a', 'b')
      .compile({ checkpointer: new MemorySaver() })
    await expect(graph.invoke({ log: [] }, thread('t'))).rejects.toThrow('broken')
    broken = false
    expect((await graph.invoke({ log: [] }, thread('t'))).log).toEqual(['a', 'a', 'b'])
    expect((await graph.invoke({ log: [] }, thread('t'))).log).toEqual(['a', 'a', 'b', 'a', 'b'])
  })

  it('of a pipeline go on with the same input, and refuse another input or any input when finished', async () => {
    const runs: string[] = []
    const deeds = { note: ({ stage: id }: { stage: string }) => runs.push(id) }
    const plan = planOf([stage('a', { kind: 'do', value: 'note' }), stage('b', { kind: 'do', value: 'note' })], {
      inputs: { n: { schema: { type: 'integer' }, required: false, default: 3 } },
    })
    const { graph } = lower(plan, deeds, { checkpointer: new MemorySaver() })
    await graph.invoke({ inputs: {} }, { ...thread('t'), interruptBefore: ['b'] })
    await expect(graph.invoke({ inputs: { n: 4 } }, thread('t'))).rejects.toMatchObject({ code: 'thread_in_use' })

    const state = await graph.invoke({ inputs: { n: 3 } }, thread('t'))
    expect(state.run.status).toBe('succeeded')
    expect(runs).toEqual(['a', 'b'])
    await expect(graph.invoke({ inputs: { n: 3 } }, thread('t'))).rejects.toMatchObject({ code: 'thread_finished' })
    expect((await graph.invoke(null, thread('t'))).run.status).toBe('succeeded')
    expect(runs).toEqual(['a', 'b'])
  })

  it('"succeed" with nothing run when a node was renamed, in plain LangGraph', async () => {
    const checkpointer = new MemorySaver()
    const build = (second: string) =>
      new StateGraph(Log)
        .addNode('a', note('a'))
        .addNode(second, note(second))
        .addEdge(START, 'a')
        .addEdge('a', second as never)
        .compile({ checkpointer })
    await build('b').invoke({}, { ...thread('t'), interruptBefore: ['b'] as never })
    expect((await build('renamed').invoke(null, thread('t'))).log).toEqual(['a'])
  })

  it('of a pipeline are pinned to its plan', async () => {
    const checkpointer = new MemorySaver()
    await lower(planOf([stage('a'), stage('b')]), {}, { checkpointer }).graph.invoke(
      { inputs: {} },
      { ...thread('t'), interruptBefore: ['b'] },
    )
    const other = lower(planOf([stage('a'), stage('renamed')]), {}, { checkpointer }).graph
    for (const input of [null, { inputs: {} }]) {
      await expect(other.invoke(input, thread('t'))).rejects.toMatchObject({ code: 'plan_changed' })
    }
    await expect(other.updateState(thread('t'), { 'stages.a': { output: 1 } })).rejects.toMatchObject({
      code: 'plan_changed',
    })
  })
})

describe('values LangGraph cannot keep', () => {
  it('brick a thread in plain LangGraph', async () => {
    const Value = Annotation.Root({ value: Annotation<unknown>() })
    const graph = new StateGraph(Value)
      .addNode('a', () => ({ value: 5n }))
      .addEdge(START, 'a')
      .compile({ checkpointer: new MemorySaver() })
    await graph.invoke({ value: 0 }, thread('t'))
    await expect(graph.getState(thread('t'))).rejects.toThrow() // for ever
  })

  it.each([
    ['a BigInt', () => ({ deep: [1n] }), '$.deep[0]'],
    ['a function', () => ({ f: () => 1 }), '$.f'],
    ['a class instance', () => ({ at: new Date(0) }), '$.at'],
    ['NaN', () => [Number.NaN], '$[0]'],
    [
      'a cycle',
      () => {
        const cycle: Record<string, unknown> = {}
        cycle.self = cycle
        return cycle
      },
      '$.self',
    ],
    ['a forbidden key', () => JSON.parse('{"a":{"__proto__":{"x":1}}}'), '$.a.__proto__'],
  ])('fail the stage instead: %s', async (_, deed, path) => {
    const { graph } = lower(planOf([stage('a', { kind: 'do', value: 'it' })]), { it: deed }, { onFailure: 'return' })
    const { stages } = await graph.invoke({ inputs: {} })
    expect(stages.a?.error).toMatchObject({ category: 'not_json', details: { path } })
  })
})

describe('failing nodes', () => {
  it('lose queued stream events in plain LangGraph', async () => {
    const graph = new StateGraph(Log)
      .addNode('a', (_, { writer }) => {
        for (let i = 0; i < 5; i++) writer?.(i)
        throw new Error('broken')
      })
      .addEdge(START, 'a')
      .compile()
    const seen: unknown[] = []
    await (async () => {
      for await (const chunk of await graph.stream({}, { streamMode: 'custom' })) seen.push(chunk)
    })().catch(() => undefined)
    expect(seen.length).toBeLessThan(5)
  })

  it('lose none of a pipeline: our sink is called at once, and the custom stream is whole, too', async () => {
    const deeds = {
      talk: ({ log }: { log: (message: string) => void }) => {
        for (let i = 0; i < 5; i++) log(`${i}`)
        throw new StageError('broken', { category: 'internal' })
      },
    }
    const { graph, events } = lower(planOf([stage('a', { kind: 'do', value: 'talk' })]), deeds, { onFailure: 'return' })
    const seen: unknown[] = []
    for await (const chunk of await graph.stream({ inputs: {} }, { streamMode: 'custom' })) seen.push(chunk)
    expect(events.map(({ type }) => type)).toEqual(['stage.started', ...Array(5).fill('stage.logged'), 'stage.failed'])
    expect(seen).toEqual(events)
  })
})

describe('state objects', () => {
  it('leak mutations to later nodes and to the caller in plain LangGraph', async () => {
    const Value = Annotation.Root({ list: Annotation<number[]>() })
    const list = [1]
    const graph = new StateGraph(Value)
      .addNode('a', ({ list: mine }) => {
        mine.push(2)
        return {}
      })
      .addEdge(START, 'a')
      .compile()
    await graph.invoke({ list })
    expect(list).toEqual([1, 2])
  })

  it('of a pipeline are frozen copies', async () => {
    const given = { list: [1] }
    const returned = { list: [1] }
    const plan = planOf(
      [stage('a', { kind: 'do', value: 'it' }), stage('b', { value: '${{ stages.a.output.list }}' })],
      {
        inputs: { list: { schema: true, required: true } },
      },
    )
    const { graph } = lower(plan, { it: () => returned })
    const { stages, inputs } = await graph.invoke({ inputs: given })
    given.list.push(2)
    returned.list.push(2)
    expect(inputs.list).toEqual([1])
    expect(stages.b?.output).toEqual([1])
    expect(Object.isFrozen(stages.a?.output)).toBe(true)
    expect(Object.isFrozen(inputs.list)).toBe(true)
    expect(Object.isFrozen(given.list)).toBe(false)
  })
})

describe('durability', () => {
  it('is sync: when a stage starts, everything before it is in the checkpointer', async () => {
    const stored: string[] = []
    class Slow extends MemorySaver {
      override async putWrites(...args: Parameters<MemorySaver['putWrites']>): Promise<void> {
        await new Promise((resolve) => setTimeout(resolve, 5))
        for (const [channel, value] of args[1]) if (channel === 'stages') stored.push(...Object.keys(value as object))
        return super.putWrites(...args)
      }
    }
    const before: string[][] = []
    const deeds = { look: () => before.push([...stored]) }
    const plan = planOf(['a', 'b', 'c'].map((id) => stage(id, { kind: 'do', value: 'look' })))
    await lower(plan, deeds, { checkpointer: new Slow() }).graph.invoke({ inputs: {} }, thread('t'))
    expect(before).toEqual([[], ['a'], ['a', 'b']])
  })
})

describe('an edit of a thread', () => {
  it('forgets what was to run beside the edited node in plain LangGraph', async () => {
    const graph = new StateGraph(Log)
      .addNode('a', note('a'))
      .addNode('b', note('b'))
      .addNode('c', note('c'))
      .addEdge(START, 'a')
      .addEdge('a', 'b')
      .addEdge('a', 'c')
      .compile({ checkpointer: new MemorySaver() })
    await graph.invoke({}, { ...thread('t'), interruptBefore: ['b'] })
    await graph.updateState(thread('t'), { log: ['edit'] }, 'b')
    expect((await graph.getState(thread('t'))).next).toEqual([]) // b is taken as done; c is lost
  })

  it('leaves what runs next as it was, and does not settle early', async () => {
    const plan = planOf([
      stage('a'),
      stage('b', { needs: ['a'] }),
      stage('c', { needs: ['a'] }),
      stage('d', { needs: ['b', 'c'], value: '${{ [stages.b.output, stages.c.output] }}' }),
    ])
    const { graph } = lower(plan, {}, { checkpointer: new MemorySaver() })
    await graph.invoke({ inputs: {} }, { ...thread('t'), interruptBefore: ['b'] })
    await graph.updateState(thread('t'), { 'stages.a': { output: 'edited' } })
    expect((await graph.getState(thread('t'))).next.toSorted()).toEqual(['b', 'c'])
    const state = await graph.invoke(null, thread('t'))
    expect(statuses(state.stages)).toEqual({ a: 'succeeded', b: 'succeeded', c: 'succeeded', d: 'succeeded' })
    expect(state.run.status).toBe('succeeded')
  })

  it('before anything ran, and of a thread that paused with only some siblings done, loses nothing either', async () => {
    let pause = () => {}
    const deeds = { first: () => pause(), second: () => 2 }
    const plan = planOf(
      [
        stage('a', { kind: 'do', value: 'first', needs: [] }),
        stage('b', { kind: 'do', value: 'second', needs: [] }),
        stage('c', { value: '${{ vars.x }}' }),
      ],
      { limits: { concurrency: 1 }, vars: { x: { schema: true, merge: 'last' } } },
    )
    const checkpointer = new MemorySaver()
    const paused = lower(plan, deeds, { checkpointer })
    pause = () => paused.control.pause('interrupted')
    await paused.graph.invoke({ inputs: {} }, { ...thread('t'), interruptBefore: '*' })
    await paused.graph.updateState(thread('t'), { vars: { x: 1 } })
    await paused.graph.invoke(null, thread('t'))
    expect((await paused.graph.getState(thread('t'))).next).toEqual(['b'])

    const resumed = lower(plan, deeds, { checkpointer }).graph
    await resumed.updateState(thread('t'), { vars: { x: 2 } })
    expect((await resumed.getState(thread('t'))).next).toEqual(['b'])
    const state = await resumed.invoke(null, thread('t'))
    expect(state.run.status).toBe('succeeded')
    expect(state.stages.c?.output).toBe(2)
  })
})

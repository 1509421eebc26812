/** A pipeline lowered to one node: used as any LangGraph graph, with a stock MemorySaver and no engine of ours. */
import type { CallbackHandlerMethods } from '@langchain/core/callbacks/base'
import { RunnableLambda } from '@langchain/core/runnables'
import { Command, getConfig, MemorySaver } from '@langchain/langgraph'
import { describe, expect, it } from 'vitest'
import { PipelineFailedError } from '../../src/compiler/lower/errors.ts'
import { PipelineGraph } from '../../src/compiler/lower/pipeline-graph.ts'
import { createManualClock } from '../../src/foundation/clock.ts'
import { lowerFlow, planOf, stage, statuses, thread } from '../support-stages.ts'

/** a → (b, c) → d; b and c add to `seen`, d reads it. */
const diamond = planOf(
  [
    stage('a', { value: '${{ inputs.n }}', set: { seen: ['a'] } }),
    stage('b', { needs: ['a'], value: '${{ stages.a.output * 10 }}', set: { seen: ['b'] } }),
    stage('c', { needs: ['a'], if: 'inputs.n > 1', set: { seen: ['c'] } }),
    stage('d', { needs: ['b', 'c'], value: '${{ vars.seen }}' }),
  ],
  {
    name: 'diamond',
    inputs: { n: { schema: { type: 'integer' }, required: true } },
    vars: { seen: { schema: { type: 'array' }, merge: 'append', default: [] } },
    outputs: { seen: '${{ stages.d.output }}' },
  },
)

async function collect<T>(stream: Promise<AsyncIterable<T>> | AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const chunk of await stream) all.push(chunk)
  return all
}

describe('invoke', () => {
  it('works without a checkpointer and without a thread id, again and again', async () => {
    const { graph } = lowerFlow(diamond)
    const first = await graph.invoke({ inputs: { n: 2 } })
    expect(first.outputs).toEqual({ seen: ['a', 'b', 'c'] })
    expect(first['vars.seen']).toEqual(['a', 'b', 'c'])
    expect(first.run).toMatchObject({ pipeline: 'diamond', plan: diamond.hash, status: 'succeeded', error: null })
    expect((await graph.invoke({ inputs: { n: 1 } })).outputs).toEqual({ seen: ['a', 'b'] })
  })

  it('keeps threads apart, and refuses them as the other lowering does', async () => {
    const { graph } = lowerFlow(diamond, {}, { checkpointer: new MemorySaver() })
    const [one, two] = await Promise.all([
      graph.invoke({ inputs: { n: 1 } }, thread('one')),
      graph.invoke({ inputs: { n: 2 } }, thread('two')),
    ])
    expect(one.outputs).toEqual({ seen: ['a', 'b'] })
    expect(two.outputs).toEqual({ seen: ['a', 'b', 'c'] })
    await expect(graph.invoke({ inputs: { n: 1 } }, thread('one'))).rejects.toMatchObject({ code: 'thread_finished' })
    await expect(graph.invoke(null, thread('three'))).rejects.toMatchObject({ code: 'thread_unknown' })
    await expect(graph.invoke({ inputs: {} }, thread('three'))).rejects.toThrow(/n: is required/)
    await expect(graph.invoke({ inputs: { n: 1 } })).rejects.toMatchObject({ code: 'invalid_inputs' })
  })

  it('is still a pipeline behind withConfig, pipe and batch', async () => {
    const { graph } = lowerFlow(diamond, {}, { checkpointer: new MemorySaver() })
    const bound = graph.withConfig(thread('bound'))
    expect(bound).toBeInstanceOf(PipelineGraph)
    expect((await bound.invoke({ inputs: { n: 1 } })).run.id).toBe('bound')
    const free = lowerFlow(diamond).graph
    const states = await free.batch([{ inputs: { n: 1 } }, { inputs: { n: 2 } }])
    expect(states.map(({ outputs }) => outputs)).toEqual([{ seen: ['a', 'b'] }, { seen: ['a', 'b', 'c'] }])
  })

  it('needs no recursion limit for 1,000 stages', async () => {
    const plan = planOf(Array.from({ length: 1000 }, (_, index) => stage(`s${index}`, { value: index })))
    const { stages, run } = await lowerFlow(plan).graph.invoke({ inputs: {} })
    expect(run.status).toBe('succeeded')
    expect(Object.keys(stages)).toHaveLength(1000)
  })
})

describe('stream', () => {
  it('tells updates per return, and the stages as custom chunks', async () => {
    const { graph } = lowerFlow(diamond)
    const chunks = await collect(graph.stream({ inputs: { n: 1 } }, { streamMode: ['custom', 'updates'] }))
    const updates = chunks.flatMap(([mode, chunk]) => (mode === 'updates' ? [chunk as Record<string, object>] : []))
    expect(updates.flatMap((chunk) => Object.keys(chunk))).toEqual(['flow', 'finish'])
    expect(updates[0]?.flow).toMatchObject({
      stages: { b: { status: 'succeeded', output: 10 } },
      'vars.seen': { a: { value: ['a'] }, b: { value: ['b'] } },
    })
    const custom = chunks.flatMap(([mode, chunk]) => (mode === 'custom' ? [(chunk as { type: string }).type] : []))
    expect(custom.filter((type) => type === 'stage.succeeded')).toHaveLength(3)
    expect(custom).toContain('stage.skipped')
  })

  it('goes through streamEvents', async () => {
    const { graph } = lowerFlow(diamond)
    const events = await collect(graph.streamEvents({ inputs: { n: 1 } }, { version: 'v2' }))
    expect(events.some(({ name }) => name === 'flow')).toBe(true)
  })

  it('is heard by callbacks: one run of the node, what a stage calls below it, and nothing else', async () => {
    const shout = RunnableLambda.from((text: string) => text.toUpperCase()).withConfig({ runName: 'shout' })
    const plan = planOf([stage('a', { kind: 'do', value: 'shout' })], { outputs: { a: '${{ stages.a.output }}' } })
    const { graph } = lowerFlow(plan, { shout: () => shout.invoke('tea') })
    const runs: { readonly name: string | undefined; readonly id: string; readonly parent: string | undefined }[] = []
    const ended: string[] = []
    const listener = {
      handleChainStart(
        ...[, , id, parent, , , , name]: Parameters<NonNullable<CallbackHandlerMethods['handleChainStart']>>
      ) {
        runs.push({ name, id, parent })
      },
      handleChainEnd: (_: unknown, id: string) => void ended.push(id),
    }
    const { outputs } = await graph.invoke({ inputs: {} }, { callbacks: [listener], tags: ['ours'] })
    expect(outputs).toEqual({ a: 'TEA' })
    const [whole, node, call] = ['test', 'flow', 'shout'].map((wanted) => runs.find(({ name }) => name === wanted))
    expect([node?.parent, call?.parent]).toEqual([whole?.id, node?.id])
    expect(runs.filter(({ parent }) => parent === node?.id)).toHaveLength(1)
    expect(ended.sort()).toEqual(runs.map(({ id }) => id).sort())
  })

  it('finds the configuration of the call in a stage, as in any node of LangGraph', async () => {
    const found: unknown[] = []
    const plan = planOf([stage('a', { kind: 'do', value: 'look' })])
    const look = () => void found.push(getConfig()?.configurable?.colour, getConfig()?.tags)
    const { graph } = lowerFlow(plan, { look })
    await graph.invoke({ inputs: {} }, { configurable: { colour: 'red' }, tags: ['ours'] })
    expect(found).toEqual(['red', expect.arrayContaining(['ours'])])
  })
})

describe('the node', () => {
  it('is run by its graph only', async () => {
    const { graph } = lowerFlow(diamond)
    await expect(graph.nodes.flow?.invoke({} as never)).rejects.toThrow(/its graph only/)
  })
})

describe('checkpoint: true', () => {
  it('makes a checkpoint when the stage has ended, with what ran beside it', async () => {
    const plan = planOf([
      stage('a', { needs: [], checkpoint: true }),
      stage('beside', { needs: [] }),
      stage('b', { needs: ['a'], checkpoint: true }),
      stage('c', { needs: ['b', 'beside'] }),
    ])
    const { graph } = lowerFlow(plan, {}, { checkpointer: new MemorySaver() })
    expect((await graph.invoke({ inputs: {} }, thread('t'))).run.status).toBe('succeeded')
    const states: string[] = []
    for await (const { values } of graph.getStateHistory(thread('t'))) {
      states.unshift(
        Object.keys(values.stages ?? {})
          .sort()
          .join(' '),
      )
    }
    expect([...new Set(states)]).toEqual(['', 'a beside', 'a b beside', 'a b beside c'])
  })

  it('on a stage that did not run makes one, too', async () => {
    const plan = planOf([stage('a', { if: 'false', checkpoint: true }), stage('b')])
    const { graph } = lowerFlow(plan, {}, { checkpointer: new MemorySaver() })
    await graph.invoke({ inputs: {} }, thread('t'))
    const history = []
    for await (const { values } of graph.getStateHistory(thread('t'))) history.push(Object.keys(values.stages ?? {}))
    expect(history).toContainEqual(['a'])
  })
})

describe('a failed run', () => {
  const plan = planOf([
    stage('a', { value: 1 }),
    stage('b', { kind: 'fail', value: { category: 'network' } }),
    stage('c'),
  ])

  it('is saved, then thrown; invoke(null) says it again', async () => {
    const { graph } = lowerFlow(plan, {}, { checkpointer: new MemorySaver() })
    await expect(graph.invoke({ inputs: {} }, thread('t'))).rejects.toBeInstanceOf(PipelineFailedError)
    const { values, next } = await graph.getState(thread('t'))
    expect(values.run.status).toBe('failed')
    expect(next).toEqual(['finish'])
    expect(statuses(values.stages)).toEqual({ a: 'succeeded', b: 'failed', c: 'skipped: failed' })
    await expect(graph.invoke(null, thread('t'))).rejects.toBeInstanceOf(PipelineFailedError)
  })

  it('is left in `run` when failures are to be returned', async () => {
    const { run } = await lowerFlow(plan, {}, { onFailure: 'return' }).graph.invoke({ inputs: {} })
    expect(run).toMatchObject({ status: 'failed', error: { stage: 'b' } })
  })
})

describe('a stage', () => {
  it('starts as soon as its own needs are done, whatever its neighbours do', async () => {
    const clock = createManualClock()
    const order: string[] = []
    const deeds = {
      slow: async ({ signal }: { signal: AbortSignal }) => {
        await clock.sleep(300, signal)
        order.push('slow')
      },
      quick: ({ stage: id }: { stage: string }) => order.push(id),
    }
    const plan = planOf([
      stage('slow', { kind: 'do', value: 'slow', needs: [] }),
      stage('a1', { kind: 'do', value: 'quick', needs: [] }),
      stage('a2', { kind: 'do', value: 'quick', needs: ['a1'] }),
      stage('a3', { kind: 'do', value: 'quick', needs: ['a2'] }),
      stage('end', { kind: 'do', value: 'quick', needs: ['a3', 'slow'] }),
    ])
    const running = lowerFlow(plan, deeds, {}, { clock }).graph.invoke({ inputs: {} })
    for (let turn = 0; turn < 50 && order.length < 3; turn++) await new Promise(setImmediate)
    expect(order).toEqual(['a1', 'a2', 'a3'])
    await clock.advance(300)
    expect((await running).run.status).toBe('succeeded')
    expect(order).toEqual(['a1', 'a2', 'a3', 'slow', 'end'])
  })

  it('leaves no listener behind and causes no warning when 40 run at once', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const stages = Array.from({ length: 40 }, (_, index) =>
      stage(`s${index}`, { kind: 'do', value: 'wait', needs: [] }),
    )
    const plan = planOf(stages, { limits: { concurrency: 40 } })
    const deeds = { wait: () => new Promise((resolve) => setImmediate(resolve)) }
    const state = await lowerFlow(plan, deeds).graph.invoke({ inputs: {} }, { signal: new AbortController().signal })
    await new Promise(setImmediate)
    process.off('warning', onWarning)
    expect(Object.keys(state.stages)).toHaveLength(40)
    expect(warnings).toEqual([])
  })
})

describe('a run that is paused', () => {
  it('keeps what ran, starts nothing more, and goes on with a new graph object', async () => {
    const runs: string[] = []
    let pause = () => {}
    const deeds = {
      note: ({ stage: id }: { stage: string }) => {
        runs.push(id)
        if (id === 'b') pause()
      },
    }
    const plan = planOf(['a', 'b', 'c', 'd'].map((id) => stage(id, { kind: 'do', value: 'note' })))
    const checkpointer = new MemorySaver()
    const first = lowerFlow(plan, deeds, { checkpointer })
    pause = () => first.control.pause('interrupted')
    const stopped = await first.graph.invoke({ inputs: {} }, thread('t'))
    expect(statuses(stopped.stages)).toEqual({ a: 'succeeded', b: 'succeeded' })
    expect(stopped.run.status).toBeUndefined()
    expect((await first.graph.getState(thread('t'))).next).toEqual(['flow'])

    const state = await lowerFlow(plan, deeds, { checkpointer }).graph.invoke(null, thread('t'))
    expect(state.run.status).toBe('succeeded')
    expect(runs).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('a caller who gives up', () => {
  it('stops what runs, loses nothing that was done, and can come back', async () => {
    const controller = new AbortController()
    const runs: string[] = []
    let patient = false
    const deeds = {
      note: ({ stage: id }: { stage: string }) => runs.push(id),
      wait: ({ signal }: { signal: AbortSignal }) =>
        patient ||
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          controller.abort()
        }),
    }
    const plan = planOf([stage('a', { kind: 'do', value: 'note' }), stage('b', { kind: 'do', value: 'wait' })])
    const checkpointer = new MemorySaver()
    const { graph } = lowerFlow(plan, deeds, { checkpointer })
    await expect(graph.invoke({ inputs: {} }, { ...thread('t'), signal: controller.signal })).rejects.toThrow(/Abort/i)
    patient = true
    const state = await lowerFlow(plan, deeds, { checkpointer }).graph.invoke(null, thread('t'))
    expect(statuses(state.stages)).toEqual({ a: 'succeeded', b: 'succeeded' })
    expect(runs).toEqual(['a'])
  })
})

describe('options that make no sense for one node', () => {
  it('are refused with a sentence', async () => {
    const { graph } = lowerFlow(diamond, {}, { checkpointer: new MemorySaver() })
    const start = (options: object) => graph.invoke({ inputs: { n: 1 } }, { ...thread('t'), ...options })
    await expect(start({ interruptBefore: ['a'] })).rejects.toMatchObject({ code: 'unsupported_option' })
    await expect(start({ interruptBefore: ['nowhere'] })).rejects.toMatchObject({ code: 'unknown_stage' })
    await expect(start({ maxConcurrency: 1 })).rejects.toMatchObject({ code: 'unsupported_option' })
  })

  it('interrupts at the node itself work, and lose nothing', async () => {
    const { graph, events } = lowerFlow(diamond, {}, { checkpointer: new MemorySaver() })
    let state = await graph.invoke({ inputs: { n: 2 } }, { ...thread('t'), interruptBefore: ['flow'] })
    expect(state.stages).toEqual({})
    for (let times = 0; times < 5 && state.run.status === undefined; times++) {
      state = await graph.invoke(null, { ...thread('t'), interruptBefore: ['flow'] })
    }
    expect(state.outputs).toEqual({ seen: ['a', 'b', 'c'] })
    expect(events.filter(({ type }) => type === 'stage.succeeded')).toHaveLength(4)
  })

  it('a lower recursion limit of the caller loses nothing', async () => {
    const { graph, events } = lowerFlow(diamond, {}, { checkpointer: new MemorySaver() })
    const limited = graph.invoke({ inputs: { n: 2 } }, { ...thread('t'), recursionLimit: 1 })
    await expect(limited).rejects.toThrow(/Recursion limit/)
    expect((await graph.invoke(null, thread('t'))).outputs).toEqual({ seen: ['a', 'b', 'c'] })
    expect(events.filter(({ type }) => type === 'stage.succeeded')).toHaveLength(4)
  })
})

describe('edits', () => {
  const plan = planOf(
    [
      stage('a', { value: 1, set: { xs: ['a'] } }),
      stage('b', { kind: 'do', value: 'gate', set: { xs: ['b'] } }),
      stage('c', { value: '${{ {"a": stages.a.output, "xs": vars.xs} }}', set: { xs: ['c'] } }),
    ],
    { vars: { xs: { schema: true, merge: 'append', default: [] } }, outputs: { xs: '${{ vars.xs }}' } },
  )
  /** Paused when `b` is done; with `paused`, before `b` has run. */
  async function stopped() {
    const checkpointer = new MemorySaver()
    let pause = () => {}
    const first = lowerFlow(plan, { gate: () => pause() }, { checkpointer })
    pause = () => first.control.pause('interrupted')
    await first.graph.invoke({ inputs: {} }, thread('t'))
    return lowerFlow(plan, { gate: () => 2 }, { checkpointer })
  }

  it('patch a variable for every stage that starts later', async () => {
    const { graph } = await stopped()
    await graph.updateState(thread('t'), { 'vars.xs': ['patched'] })
    expect((await graph.getState(thread('t'))).next).toEqual(['flow'])
    const state = await graph.invoke(null, thread('t'))
    expect(state.stages.c?.output).toEqual({ a: 1, xs: ['patched'] })
    expect(state.outputs).toEqual({ xs: ['patched', 'c'] })
  })

  it('replace an outcome, and what it set; give one to a stage that then does not run', async () => {
    const { graph, events } = await stopped()
    await graph.updateState(thread('t'), { 'stages.a': { output: 100, set: { xs: ['edited'] } } })
    await graph.updateState(thread('t'), { stages: { c: { output: 'by hand' } } }, 'c')
    const state = await graph.invoke(null, thread('t'))
    expect(state.outputs).toEqual({ xs: ['edited', 'b'] })
    expect(state.stages.c).toMatchObject({ status: 'succeeded', output: 'by hand', attempts: 0 })
    expect(events).toEqual([])
  })

  it('are said by a command, too, and refused on a finished thread', async () => {
    const { graph } = await stopped()
    const state = await graph.invoke(new Command({ update: { 'vars.xs': ['command'] } }) as never, thread('t'))
    expect(state.outputs).toEqual({ xs: ['command', 'c'] })
    await expect(graph.updateState(thread('t'), { 'vars.xs': [] })).rejects.toMatchObject({ code: 'thread_finished' })
  })

  it('make a fork of an earlier checkpoint, which runs without the rows of the other branch', async () => {
    const { graph, events } = await stopped()
    await graph.invoke(null, thread('t'))
    const history = await collect(graph.getStateHistory(thread('t')))
    const first = history.findLast(({ next }) => next[0] === 'flow')
    expect(first?.values.stages).toEqual({})
    const before = events.length
    const fork = await graph.updateState(first?.config ?? {}, { 'vars.xs': ['fork'] })
    expect((await graph.invoke(null, fork)).outputs).toEqual({ xs: ['fork', 'a', 'b', 'c'] })
    expect(events.slice(before).filter(({ type }) => type === 'stage.succeeded')).toHaveLength(3)
  })

  it('of nothing: an earlier checkpoint can be run again from there', async () => {
    const { graph, events } = await stopped()
    await graph.invoke(null, thread('t'))
    const history = await collect(graph.getStateHistory(thread('t')))
    const first = history.findLast(({ next }) => next[0] === 'flow')
    const before = events.length
    expect((await graph.invoke(null, first?.config)).outputs).toEqual({ xs: ['a', 'b', 'c'] })
    expect(events.slice(before).filter(({ type }) => type === 'stage.succeeded')).toHaveLength(3)
  })
})

describe('drawing', () => {
  it('shows one node that comes back to itself', async () => {
    const drawn = (await lowerFlow(diamond).graph.getGraphAsync()).drawMermaid({ withStyles: false })
    await expect(drawn).toMatchFileSnapshot('../golden/graph/diamond-flow.mmd')
  })
})

/** A lowered pipeline used as people use any LangGraph graph: with a stock MemorySaver and no engine of ours. */
import { Annotation, Command, MemorySaver, START, StateGraph } from '@langchain/langgraph'
import { describe, expect, it } from 'vitest'
import { PipelineFailedError } from '../../src/compiler/lower/errors.ts'
import { PipelineGraph } from '../../src/compiler/lower/pipeline-graph.ts'
import { lower, planOf, stage, statuses, thread } from '../support-stages.ts'

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
  it('works without a checkpointer and without a thread id', async () => {
    const state = await lower(diamond).graph.invoke({ inputs: { n: 2 } })
    expect(state.outputs).toEqual({ seen: ['a', 'b', 'c'] })
    expect(state['vars.seen']).toEqual(['a', 'b', 'c'])
    expect(state.run).toMatchObject({ pipeline: 'diamond', plan: diamond.hash, status: 'succeeded', error: null })
  })

  it('runs again and again without a checkpointer, each time from the start', async () => {
    const { graph } = lower(diamond)
    const first = await graph.invoke({ inputs: { n: 2 } })
    const second = await graph.invoke({ inputs: { n: 1 } })
    expect(second.outputs).toEqual({ seen: ['a', 'b'] })
    expect(second.run.id).not.toBe(first.run.id)
  })

  it('keeps threads apart', async () => {
    const { graph } = lower(diamond, {}, { checkpointer: new MemorySaver() })
    const [one, two] = await Promise.all([
      graph.invoke({ inputs: { n: 1 } }, thread('one')),
      graph.invoke({ inputs: { n: 2 } }, thread('two')),
    ])
    expect(one.run.thread_id).toBe('one')
    expect(one.outputs).toEqual({ seen: ['a', 'b'] })
    expect(two.outputs).toEqual({ seen: ['a', 'b', 'c'] })
  })

  it('refuses what is no input before anything runs', async () => {
    const { graph, events } = lower(diamond, {}, { checkpointer: new MemorySaver() })
    const refused = async (input: unknown, message: RegExp) =>
      expect(graph.invoke(input as never, thread('t'))).rejects.toThrow(message)
    await refused({ n: 2 }, /"n" is not part of a pipeline's input/)
    await refused({ inputs: {} }, /n: is required/)
    await refused({ inputs: { n: 1, m: 2 } }, /m: is not an input of this pipeline/)
    await refused('text', /is a map/)
    await refused({ inputs: [] }, /is a map/)
    expect(events).toEqual([])
    expect((await graph.getState(thread('t'))).values).toEqual({})
  })

  it('needs a thread id when threads are kept, and a thread to go on with', async () => {
    const { graph } = lower(diamond, {}, { checkpointer: new MemorySaver() })
    await expect(graph.invoke({ inputs: { n: 1 } })).rejects.toMatchObject({ code: 'invalid_inputs' })
    await expect(graph.invoke(null, thread('nowhere'))).rejects.toMatchObject({ code: 'thread_unknown' })
  })

  it('takes its thread id from withConfig, and is still a pipeline then', async () => {
    const { graph } = lower(diamond, {}, { checkpointer: new MemorySaver() })
    const bound = graph.withConfig({ configurable: { thread_id: 'bound' } })
    expect(bound).toBeInstanceOf(PipelineGraph)
    expect((await bound.invoke({ inputs: { n: 1 } })).run.id).toBe('bound')
    await expect(bound.invoke({ inputs: { n: 1 } })).rejects.toMatchObject({ code: 'thread_finished' })
  })

  it('does what it does behind pipe and batch', async () => {
    const { graph } = lower(diamond)
    const piped = graph.pipe((state: { outputs: unknown }) => state.outputs)
    expect(await piped.invoke({ inputs: { n: 1 } })).toEqual({ seen: ['a', 'b'] })
    await expect(piped.invoke({ n: 1 } as never)).rejects.toMatchObject({ code: 'invalid_inputs' })
    const states = await graph.batch([{ inputs: { n: 1 } }, { inputs: { n: 2 } }])
    expect(states.map(({ outputs }) => outputs)).toEqual([{ seen: ['a', 'b'] }, { seen: ['a', 'b', 'c'] }])
  })

  it('can be a node of another graph', async () => {
    const Outer = Annotation.Root({ inputs: Annotation<{ n: number }>(), outputs: Annotation<unknown>() })
    const outer = new StateGraph(Outer)
      .addNode('inner', async ({ inputs }) => {
        const { outputs } = await lower(diamond).graph.invoke({ inputs })
        return { outputs }
      })
      .addEdge(START, 'inner')
      .compile({ checkpointer: new MemorySaver() })
    expect((await outer.invoke({ inputs: { n: 1 } }, thread('outer'))).outputs).toEqual({ seen: ['a', 'b'] })
  })
})

describe('stream', () => {
  const { graph } = lower(diamond)
  const input = { inputs: { n: 1 } }

  it('tells updates per stage', async () => {
    const chunks = await collect(graph.stream(input, { streamMode: 'updates' }))
    expect(chunks.flatMap((chunk) => Object.keys(chunk))).toEqual([
      'a',
      'c', // a skip takes no time
      'b',
      'd',
      'settle',
      'finish',
    ])
    expect(chunks[2]).toMatchObject({
      b: { stages: { b: { status: 'succeeded', output: 10 } }, 'vars.seen': { b: { value: ['b'] } } },
    })
  })

  it('tells values after every step', async () => {
    const chunks = await collect(graph.stream(input, { streamMode: 'values' }))
    expect(chunks.map(({ stages }) => Object.keys(stages).length)).toEqual([0, 1, 3, 4, 4])
    expect(chunks.at(-1)?.run.status).toBe('succeeded')
  })

  it('tells tasks, debug and checkpoints', async () => {
    const kept = lower(diamond, {}, { checkpointer: new MemorySaver() }).graph
    const tasks = await collect(kept.stream(input, { ...thread('tasks'), streamMode: 'tasks' }))
    expect(tasks.length).toBe(12) // a start and an end of each of six nodes
    const debug = await collect(kept.stream(input, { ...thread('debug'), streamMode: 'debug' }))
    expect(debug.length).toBeGreaterThan(12)
    const checkpoints = await collect(kept.stream(input, { ...thread('checkpoints'), streamMode: 'checkpoints' }))
    expect(checkpoints.length).toBeGreaterThanOrEqual(6)
  })

  it('tells the events of stages as custom chunks, and several modes together', async () => {
    const chunks = await collect(graph.stream(input, { streamMode: ['custom', 'updates'] }))
    const custom = chunks.flatMap(([mode, chunk]) => (mode === 'custom' ? [(chunk as { type: string }).type] : []))
    expect(custom.filter((type) => type === 'stage.succeeded')).toHaveLength(3)
    expect(custom).toContain('stage.skipped')
    expect(chunks.filter(([mode]) => mode === 'updates')).toHaveLength(6)
  })

  it('goes through streamEvents, v2 and v3', async () => {
    const v2 = await collect(graph.streamEvents(input, { version: 'v2' }))
    expect(v2.some(({ name }) => name === 'b')).toBe(true)
    await expect(collect(graph.streamEvents({ n: 1 } as never, { version: 'v2' }))).rejects.toMatchObject({
      code: 'invalid_inputs',
    })
    const run = await (graph.streamEvents(input, { version: 'v3' }) as unknown as Promise<{ output: Promise<unknown> }>)
    expect(await run.output).toMatchObject({ outputs: { seen: ['a', 'b'] } })
  })

  it('rejects on failure after everything else was told', async () => {
    const plan = planOf([stage('a'), stage('b', { kind: 'fail', value: { category: 'network' } })])
    const seen: string[] = []
    const broken = (async () => {
      for await (const chunk of await lower(plan).graph.stream({ inputs: {} }, { streamMode: 'updates' })) {
        seen.push(...Object.keys(chunk))
      }
    })()
    await expect(broken).rejects.toBeInstanceOf(PipelineFailedError)
    expect(seen).toEqual(['a', 'b', 'settle'])
  })
})

describe('state', () => {
  it('is read by getState and getStateHistory', async () => {
    const { graph } = lower(diamond, {}, { checkpointer: new MemorySaver() })
    await graph.invoke({ inputs: { n: 1 } }, { ...thread('t'), interruptBefore: ['d'] })
    const { next, values } = await graph.getState(thread('t'))
    expect(next).toEqual(['d'])
    expect(values).toMatchObject({ inputs: { n: 1 }, 'vars.seen': ['a', 'b'] })
    expect(statuses(values.stages)).toEqual({ a: 'succeeded', b: 'succeeded', c: 'skipped: condition' })
    const history = await collect(graph.getStateHistory(thread('t')))
    expect(history.map((snapshot) => Object.keys(snapshot.values.stages ?? {}).length)).toEqual([3, 1, 0, 0])
  })

  it('goes on by thread id with a new graph object', async () => {
    const checkpointer = new MemorySaver()
    await lower(diamond, {}, { checkpointer }).graph.invoke(
      { inputs: { n: 2 } },
      { ...thread('t'), interruptBefore: ['d'] },
    )
    const { graph, events } = lower(diamond, {}, { checkpointer })
    const state = await graph.invoke(null, thread('t'))
    expect(state.outputs).toEqual({ seen: ['a', 'b', 'c'] })
    expect(events.map((event) => ('stage' in event ? event.stage : ''))).toEqual(['d', 'd'])
  })

  it('stops after a stage and at every stage when asked to', async () => {
    const { graph } = lower(diamond, {}, { checkpointer: new MemorySaver() })
    await graph.invoke({ inputs: { n: 2 } }, { ...thread('after'), interruptAfter: ['a'] })
    expect((await graph.getState(thread('after'))).next).toEqual(['b', 'c'])

    const seen: (readonly string[])[] = []
    let state = await graph.invoke({ inputs: { n: 2 } }, { ...thread('all'), interruptBefore: '*' })
    while (state.run.status === undefined) {
      seen.push((await graph.getState(thread('all'))).next)
      state = await graph.invoke(null, { ...thread('all'), interruptBefore: '*' })
    }
    expect(seen).toEqual([['a'], ['b', 'c'], ['d'], ['settle']])
  })

  it('of a failed run is readable, and invoke(null) says again that it failed', async () => {
    const plan = planOf([
      stage('a', { value: 1 }),
      stage('b', { kind: 'fail', value: { category: 'network' } }),
      stage('c'),
    ])
    const { graph } = lower(plan, {}, { checkpointer: new MemorySaver() })
    const error = await graph.invoke({ inputs: {} }, thread('t')).then(
      () => undefined,
      (thrown: unknown) => thrown as PipelineFailedError,
    )
    expect(error).toBeInstanceOf(PipelineFailedError)
    expect(error).toMatchObject({
      code: 'network',
      message: 'Pipeline "test" failed in stage "b": It failed.',
      result: {
        run_id: 't',
        thread_id: 't',
        status: 'failed',
        outputs: null,
        error: { stage: 'b', category: 'network' },
      },
    })
    const { values, next } = await graph.getState(thread('t'))
    expect(values.run.status).toBe('failed')
    expect(next).toEqual(['finish'])
    expect(statuses(values.stages)).toEqual({ a: 'succeeded', b: 'failed', c: 'skipped: failed' })
    await expect(graph.invoke(null, thread('t'))).rejects.toBeInstanceOf(PipelineFailedError)
    await expect(graph.invoke({ inputs: {} }, thread('t'))).rejects.toMatchObject({ code: 'thread_finished' })
  })

  it('is left in `run` when failures are to be returned', async () => {
    const plan = planOf([stage('b', { kind: 'fail', value: { category: 'network' } })])
    const { run } = await lower(plan, {}, { onFailure: 'return' }).graph.invoke({ inputs: {} })
    expect(run).toMatchObject({ status: 'failed', error: { stage: 'b', code: 'network' } })
  })

  it('of an earlier checkpoint can be run again from there', async () => {
    const runs: string[] = []
    const note = ({ stage: id }: { stage: string }) => runs.push(id)
    const plan = planOf(
      ['a', 'b', 'c'].map((id) => stage(id, { kind: 'do', value: 'note', set: { log: [id] } })),
      {
        vars: { log: { schema: true, merge: 'append', default: [] } },
        outputs: { log: '${{ vars.log }}' },
      },
    )
    const { graph } = lower(plan, { note }, { checkpointer: new MemorySaver() })
    await graph.invoke({ inputs: {} }, thread('t'))
    const history = await collect(graph.getStateHistory(thread('t')))
    const afterA = history.find(({ next }) => next[0] === 'b')
    const state = await graph.invoke(null, afterA?.config)
    expect(runs).toEqual(['a', 'b', 'c', 'b', 'c'])
    expect(state.outputs).toEqual({ log: ['a', 'b', 'c'] }) // replaced, not appended twice
  })
})

describe('updateState', () => {
  const plan = planOf(
    [
      stage('a', { value: 1, set: { xs: ['a'] } }),
      stage('b', { value: 2, set: { xs: ['b'] } }),
      stage('c', { value: '${{ {"a": stages.a.output, "xs": vars.xs} }}', set: { xs: ['c'] } }),
    ],
    { vars: { xs: { schema: true, merge: 'append', default: [] } }, outputs: { xs: '${{ vars.xs }}' } },
  )
  const before = async (node: string) => {
    const made = lower(plan, {}, { checkpointer: new MemorySaver() })
    await made.graph.invoke({ inputs: {} }, { ...thread('t'), interruptBefore: [node] })
    return made
  }

  it('patches a variable for every stage that starts later; what is set later folds on top', async () => {
    const { graph } = await before('b')
    await graph.updateState(thread('t'), { 'vars.xs': ['patched'] })
    expect((await graph.getState(thread('t'))).values['vars.xs']).toEqual(['patched'])
    const state = await graph.invoke(null, thread('t'))
    expect(state.stages.c?.output).toEqual({ a: 1, xs: ['patched', 'b'] })
    expect(state.outputs).toEqual({ xs: ['patched', 'b', 'c'] })
  })

  it('takes the last of two patches', async () => {
    const { graph } = await before('c')
    await graph.updateState(thread('t'), { vars: { xs: ['one'] } })
    await graph.updateState(thread('t'), { vars: { xs: ['two'] } })
    expect((await graph.invoke(null, thread('t'))).outputs).toEqual({ xs: ['two', 'c'] })
  })

  it('replaces an outcome, and what it set', async () => {
    const { graph } = await before('c')
    await graph.updateState(thread('t'), { 'stages.a': { output: 100, set: { xs: ['edited'] } } })
    const state = await graph.invoke(null, thread('t'))
    expect(state.stages.c?.output).toEqual({ a: 100, xs: ['edited', 'b'] })
  })

  it('takes back what an outcome set', async () => {
    const { graph } = await before('c')
    await graph.updateState(thread('t'), { 'stages.a': { set: {} } })
    const state = await graph.invoke(null, thread('t'))
    expect(state.outputs).toEqual({ xs: ['b', 'c'] })
    expect(state['vars.xs']).toEqual(['b', 'c'])
    expect(state.stages.c?.output).toEqual({ a: 1, xs: ['b'] })
  })

  it('gives an outcome to a stage that then does not run', async () => {
    const { graph, events } = await before('b')
    await graph.updateState(thread('t'), { stages: { b: { output: 'by hand' } } }, 'b')
    const state = await graph.invoke(null, thread('t'))
    expect(state.stages.b).toMatchObject({ status: 'succeeded', output: 'by hand', attempts: 0 })
    expect(events.some((event) => 'stage' in event && event.stage === 'b')).toBe(false)
    expect(state.run.status).toBe('succeeded')
  })

  it('works on a fork of an earlier checkpoint, too', async () => {
    const { graph } = lower(plan, {}, { checkpointer: new MemorySaver() })
    await graph.invoke({ inputs: {} }, thread('t'))
    const afterA = (await collect(graph.getStateHistory(thread('t')))).find(({ next }) => next[0] === 'b')
    const fork = await graph.updateState(afterA?.config ?? {}, { 'vars.xs': ['fork'] })
    expect((await graph.invoke(null, fork)).outputs).toEqual({ xs: ['fork', 'b', 'c'] })
  })

  it('is said by a command, too', async () => {
    const { graph } = await before('c')
    const state = await graph.invoke(new Command({ update: { 'vars.xs': ['command'] } }) as never, thread('t'))
    expect(state.outputs).toEqual({ xs: ['command', 'c'] })
  })

  it('names what it does not know, and changes nothing then', async () => {
    const { graph } = await before('b')
    const refused = async (values: unknown, expected: object, asNode?: string) =>
      expect(graph.updateState(thread('t'), values, asNode)).rejects.toMatchObject(expected)
    await refused({ 'vars.xz': 1 }, { code: 'invalid_inputs', hint: 'Did you mean "xs"?' })
    await refused({ 'stages.d': { output: 1 } }, { code: 'unknown_stage' })
    await refused({ 'stages.a': { outputs: 1 } }, { code: 'invalid_inputs', hint: 'Did you mean "output"?' })
    await refused({ 'stages.a': { status: 'done' } }, { code: 'invalid_inputs' })
    await refused({ 'stages.a': { set: { nope: 1 } } }, { code: 'invalid_inputs' })
    await refused({ 'stages.a': 5 }, { code: 'invalid_inputs' })
    await refused({ inputs: {} }, { message: '"inputs" cannot be edited.' })
    await refused({ run: { status: 'succeeded' } }, { message: '"run" cannot be edited.' })
    await refused({ 'vars.xs': 1n }, { message: /not JSON/ })
    await refused(5, { code: 'invalid_inputs' })
    await refused({ 'vars.xs': [] }, { code: 'invalid_inputs' }, 'nope')
    await refused({ 'vars.xs': [] }, { message: '"b" has no outcome yet.' }, 'b')
    await expect(graph.updateState(thread('u'), { 'vars.xs': [] })).rejects.toMatchObject({ code: 'thread_unknown' })
    expect((await graph.invoke(null, thread('t'))).outputs).toEqual({ xs: ['a', 'b', 'c'] })
    await refused({ 'vars.xs': [] }, { code: 'thread_finished' })
  })
})

describe('drawing', () => {
  it('is that of the plan, reduced to the edges that matter', async () => {
    const drawn = (await lower(diamond).graph.getGraphAsync()).drawMermaid({ withStyles: false })
    await expect(drawn).toMatchFileSnapshot('../golden/graph/diamond.mmd')
    expect(lower(diamond).graph.getGraph().drawMermaid({ withStyles: false })).toBe(drawn)
  })
})

describe('a caller who gives up', () => {
  it('stops what runs, and can come back to it', async () => {
    const controller = new AbortController()
    let stopped = 0
    let patient = false
    const deeds = {
      wait: ({ signal }: { signal: AbortSignal }) =>
        patient ||
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          signal.addEventListener('abort', () => stopped++)
          controller.abort()
        }),
    }
    const plan = planOf([stage('a', { value: 1 }), stage('b', { kind: 'do', value: 'wait' })])
    const checkpointer = new MemorySaver()
    const { graph, events } = lower(plan, deeds, { checkpointer })
    await expect(graph.invoke({ inputs: {} }, { ...thread('t'), signal: controller.signal })).rejects.toThrow(/Abort/i)
    await new Promise(setImmediate)
    expect(stopped).toBe(1)
    expect(events.map(({ type }) => type)).not.toContain('stage.cancelled')
    patient = true
    const state = await lower(plan, deeds, { checkpointer }).graph.invoke(null, thread('t'))
    expect(statuses(state.stages)).toEqual({ a: 'succeeded', b: 'succeeded' })
  })
})

describe('many stages at once', () => {
  it('leave no listener behind and cause no warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const stages = Array.from({ length: 40 }, (_, index) =>
      stage(`s${index}`, { kind: 'do', value: 'wait', needs: [] }),
    )
    const plan = planOf(stages, { limits: { concurrency: 40 } })
    const deeds = { wait: () => new Promise((resolve) => setImmediate(resolve)) }
    const { signal } = new AbortController()
    const state = await lower(plan, deeds).graph.invoke({ inputs: {} }, { signal })
    await new Promise(setImmediate)
    process.off('warning', onWarning)
    expect(Object.keys(state.stages)).toHaveLength(40)
    expect(warnings).toEqual([])
  })
})

describe('a stream that is left', () => {
  it('stops the stage that runs, which may still speak', async () => {
    let left = false
    const deeds = {
      talk: ({ signal, log }: { signal: AbortSignal; log: (message: string) => void }) =>
        new Promise((_, reject) => {
          log('hello')
          signal.addEventListener('abort', () => {
            log('late')
            left = true
            reject(signal.reason)
          })
        }),
    }
    const { graph } = lower(planOf([stage('a', { kind: 'do', value: 'talk' })]), deeds)
    for await (const _ of await graph.stream({ inputs: {} }, { streamMode: 'custom' })) break
    await new Promise(setImmediate)
    expect(left).toBe(true)
  })
})

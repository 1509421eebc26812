/** Waits in both lowerings, with LangGraph's own means: a stock MemorySaver, and another graph object for every answer. */
import { Annotation, Command, type Interrupt, MemorySaver, START, StateGraph } from '@langchain/langgraph'
import { describe, expect, it } from 'vitest'
import type { PipelineGraph } from '../../src/compiler/lower/pipeline-graph.ts'
import type { Json } from '../../src/foundation/json.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import { forever, MortalSaver } from '../support-savers.ts'
import { lower, lowerFlow, planOf, stage, statuses, thread } from '../support-stages.ts'

const lowerings = { flow: lowerFlow, stages: lower } as const

const ask = (id: string, questions: string[] = [`${id}?`], more: object = {}) =>
  stage(id, { kind: 'ask', value: { questions, ...more }, needs: [] })
const note = (id: string, needs: string[]) => stage(id, { kind: 'do', value: 'note', needs })

/** Two questions side by side, each with work behind it, and work that waits for neither. */
const plan = planOf(
  [
    ask('a'),
    ask('b'),
    note('free', []),
    note('after_a', ['a']),
    note('after_b', ['b']),
    note('end', ['after_a', 'after_b']),
  ],
  { outputs: { a: '${{ stages.a.output }}', b: '${{ stages.b.output }}' } },
)

type Waiting = { readonly __interrupt__?: Interrupt[] }
const asked = (state: unknown): readonly Interrupt[] => (state as Waiting).__interrupt__ ?? []
const idOf = (state: unknown, question: string): string =>
  String(asked(state).find(({ value }) => value === question)?.id)
const resume = (answers: Readonly<Record<string, Json>> | Json) => new Command({ resume: answers }) as never

describe.each(['flow', 'stages'] as const)('waits in the lowering %s', (lowering) => {
  /** A new graph for every call, on the same data. */
  function setting(its: Plan = plan, checkpointer = new MemorySaver()) {
    const runs: string[] = []
    const keys: string[] = []
    const deeds = {
      note: ({ stage: id, idempotencyKey }: { stage: string; idempotencyKey: string }) => {
        runs.push(id)
        keys.push(idempotencyKey)
        return id
      },
    }
    const graph = (): PipelineGraph => lowerings[lowering](its, deeds, { checkpointer }).graph
    return { runs, keys, graph, checkpointer, start: () => graph().invoke({ inputs: {} }, thread('t')) }
  }

  it('stop the graph when nothing else can run, and are shown with their ids', async () => {
    const { runs, graph, start } = setting()
    const state = await start()
    expect(asked(state).map(({ value }) => value)).toEqual(['a?', 'b?'])
    for (const { id } of asked(state)) expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(runs).toEqual(['free'])
    const { tasks, next, values } = await graph().getState(thread('t'))
    expect(tasks.flatMap(({ interrupts }) => interrupts).map(({ id }) => id)).toEqual(asked(state).map(({ id }) => id))
    expect(next).toEqual(lowering === 'flow' ? ['flow'] : expect.arrayContaining(['a', 'b']))
    expect(values.run.status).toBeUndefined()
  })

  it('are asked again, and nothing runs, when someone goes on without an answer', async () => {
    const { runs, graph, start } = setting()
    const state = await start()
    for (let turn = 0; turn < 3; turn++) {
      expect(asked(await graph().invoke(null, thread('t')))).toEqual(asked(state))
    }
    expect(runs).toEqual(['free'])
  })

  const orders: readonly (readonly string[][])[] = [[['a'], ['b']], [['b'], ['a']], [['a', 'b']]]
  it.each(orders.map((order) => ({ order })))('take answers in the order $order', async ({ order }) => {
    const { runs, graph, start } = setting()
    let state: unknown = await start()
    const first = state
    for (const names of order) {
      const answers = Object.fromEntries(names.map((name) => [idOf(first, `${name}?`), `to ${name}`]))
      state = await graph().invoke(resume(answers), thread('t'))
    }
    expect(asked(state)).toEqual([])
    expect((state as { outputs: unknown }).outputs).toEqual({ a: 'to a', b: 'to b' })
    expect([...runs].sort()).toEqual(['after_a', 'after_b', 'end', 'free'])
  })

  it('take a plain answer when one is open, and none when several are', async () => {
    const { graph, start } = setting()
    const state = await start()
    await expect(graph().invoke(resume('?'), thread('t'))).rejects.toMatchObject({ code: 'no_open_wait' })
    await graph().invoke(resume({ [idOf(state, 'b?')]: 2 }), thread('t'))
    const done = await graph().invoke(resume(1), thread('t'))
    expect(done.outputs).toEqual({ a: 1, b: 2 })
    await expect(graph().invoke(resume(1), thread('t'))).rejects.toMatchObject({ code: 'no_open_wait' })
  })

  it.each([false, 0, '', null, { yes: [1] }])('take %j for an answer', async (answer) => {
    const { graph, start } = setting(planOf([ask('a')], { outputs: { a: '${{ stages.a.output }}' } }))
    const state = await start()
    const done = await graph().invoke(resume({ [idOf(state, 'a?')]: answer as Json }), thread('t'))
    expect(done.outputs).toEqual({ a: answer })
  })

  it('let the first answer stand, in any graph: the same again is no error, another is refused', async () => {
    const { runs, graph, start } = setting()
    const state = await start()
    const [a, b] = [idOf(state, 'a?'), idOf(state, 'b?')]
    await graph().invoke(resume({ [b]: 1 }), thread('t'))
    await expect(graph().invoke(resume({ [b]: 2 }), thread('t'))).rejects.toMatchObject({ code: 'wait_decided' })
    expect(asked(await graph().invoke(resume({ [b]: 1 }), thread('t'))).map(({ id }) => id)).toEqual([a])
    await expect(graph().invoke(resume({ [a]: 1, [b]: 2 }), thread('t'))).rejects.toMatchObject({
      code: 'wait_decided',
    })
    expect(asked(await graph().invoke(null, thread('t'))).map(({ id }) => id)).toEqual([a]) // `a` was not written
    await graph().invoke(resume({ [a]: 1 }), thread('t'))
    await expect(graph().invoke(resume({ [a]: 2 }), thread('t'))).rejects.toMatchObject({ code: 'wait_decided' })
    expect((await graph().invoke(resume({ [a]: 1 }), thread('t'))).outputs).toEqual({ a: 1, b: 1 })
    expect(runs).toHaveLength(4)
  })

  it('refuse an answer to what was not asked, at every checkpoint another answer to what was', async () => {
    const { graph, start } = setting()
    const state = await start()
    const unasked = 'f'.repeat(32)
    await expect(graph().invoke(resume({ [unasked]: 1 }), thread('t'))).rejects.toMatchObject({ code: 'no_open_wait' })
    await graph().invoke(resume({ [idOf(state, 'a?')]: 1 }), thread('t'))
    await graph().invoke(resume({ [idOf(state, 'b?')]: 2 }), thread('t'))
    for await (const { config, values } of graph().getStateHistory(thread('t'))) {
      if (values.run === undefined) continue // not started
      const call = graph().invoke(resume({ [idOf(state, 'a?')]: 'other' }), config)
      await expect(call).rejects.toMatchObject({ code: 'wait_decided' })
    }
  })

  it('keep what an answer has to be, and stay open when it is not', async () => {
    const its = planOf([ask('a', ['a?'], { answer: { type: 'integer' } })], {
      outputs: { a: '${{ stages.a.output }}' },
    })
    const { graph, start } = setting(its)
    const state = await start()
    const [wait] = asked(state)
    expect(wait).toMatchObject({ value: 'a?', response_schema: { type: 'integer' } })
    const wrong = graph().invoke(resume({ [String(wait?.id)]: 'x' }), thread('t'))
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_inputs' })
    expect((await graph().invoke(resume(7), thread('t'))).outputs).toEqual({ a: 7 })
  })

  it('of one stage come one after the other, each with an id of its own', async () => {
    const its = planOf([ask('a', ['x?', 'y?', 'z?']), ask('b')], { outputs: { a: '${{ stages.a.output }}' } })
    const { graph, start } = setting(its)
    let state: unknown = await start()
    const b = idOf(state, 'b?')
    const ids = new Set<string>([b])
    for (const question of ['x?', 'y?', 'z?']) {
      const id = idOf(state, question)
      ids.add(id)
      state = await graph().invoke(resume({ [id]: question.toUpperCase() }), thread('t'))
    }
    expect(ids.size).toBe(4)
    expect(asked(state).map(({ id }) => id)).toEqual([b])
    expect(((await graph().invoke(resume({ [b]: 1 }), thread('t'))) as { outputs: unknown }).outputs).toEqual({
      a: ['X?', 'Y?', 'Z?'],
    })
  })

  it('are told in the streams', async () => {
    const { graph } = setting()
    const chunks = async (input: unknown) => {
      const all: [string, Record<string, unknown>][] = []
      const modes = { ...thread('t'), streamMode: ['updates', 'custom'] as ('updates' | 'custom')[] }
      for await (const chunk of await graph().stream(input as never, modes)) all.push(chunk as never)
      return all
    }
    const first = await chunks({ inputs: {} })
    const interrupts = first.flatMap(([mode, chunk]) => (mode === 'updates' ? asked(chunk) : []))
    expect(interrupts.map(({ value }) => value).sort()).toEqual(['a?', 'b?'])
    const told = (all: typeof first) => all.flatMap(([mode, chunk]) => (mode === 'custom' ? [chunk] : []))
    const started = told(first).filter(({ type }) => type === 'wait.started')
    expect(started.map(({ stage: id, wait }) => [id, wait]).sort()).toEqual([
      ['a', interrupts.find(({ value }) => value === 'a?')?.id],
      ['b', interrupts.find(({ value }) => value === 'b?')?.id],
    ])
    const second = await chunks(resume(Object.fromEntries(interrupts.map(({ id }) => [String(id), 1]))))
    expect(told(second).some(({ type, stage: id }) => type === 'stage.succeeded' && id === 'a')).toBe(true)
    expect(second.flatMap(([mode, chunk]) => (mode === 'updates' ? Object.keys(chunk) : []))).toContain('finish')
  })

  it('leave a thread that can be edited: variables, and the stage that waits', async () => {
    const its = planOf(
      [
        ask('a'),
        ask('b'),
        stage('end', { needs: ['a', 'b'], value: '${{ [stages.a.output, stages.b.output, vars.x] }}' }),
      ],
      { vars: { x: { schema: true, merge: 'last', default: 0 } }, outputs: { end: '${{ stages.end.output }}' } },
    )
    const { graph, start } = setting(its)
    const state = await start()
    await graph().updateState(thread('t'), { 'vars.x': 5 })
    await graph().updateState(thread('t'), { 'stages.a': { output: 'edited' } })
    const after = await graph().invoke(null, thread('t'))
    expect(asked(after).map(({ id }) => id)).toEqual([idOf(state, 'b?')])
    const done = await graph().invoke(resume('answered'), thread('t'))
    expect(done.outputs).toEqual({ end: ['edited', 'answered', 5] })
  })

  it('are answered and edited in one command', async () => {
    const its = planOf([ask('a'), stage('end', { needs: ['a'], value: '${{ vars.x }}' })], {
      vars: { x: { schema: true, merge: 'last', default: 0 } },
      outputs: { end: '${{ stages.end.output }}' },
    })
    const { graph, start } = setting(its)
    await start()
    const command = new Command({ resume: 'yes', update: { 'vars.x': 3 } }) as never
    const done = await graph().invoke(command, thread('t'))
    expect(done.outputs).toEqual({ end: 3 })
    expect(done.stages.a?.output).toBe('yes')
  })

  it('are in the history, where a fork asks anew: other ids, other keys, answers of its own', async () => {
    const { graph, keys, start } = setting()
    const state = await start()
    const [a, b] = [idOf(state, 'a?'), idOf(state, 'b?')]
    await graph().invoke(resume({ [a]: 'a', [b]: 'b' }), thread('t'))
    const before = [...keys]
    const history = []
    for await (const each of graph().getStateHistory(thread('t'))) history.push(each)
    expect(history.at(0)?.values.outputs).toEqual({ a: 'a', b: 'b' })
    const first = history.find(({ tasks }) => tasks.some(({ interrupts }) => interrupts.length > 0))
    const forked = await graph().invoke(null, first?.config)
    expect(asked(forked).map(({ value }) => value)).toEqual(['a?', 'b?'])
    const [a2, b2] = [idOf(forked, 'a?'), idOf(forked, 'b?')]
    expect(new Set([a, b, a2, b2]).size).toBe(4)
    await expect(graph().invoke(resume({ [a]: 'x' }), thread('t'))).rejects.toMatchObject({ code: 'wait_decided' })
    await graph().invoke(resume({ [b2]: 'B' }), thread('t'))
    const done = await graph().invoke(resume({ [a2]: 'A' }), thread('t'))
    expect(done.outputs).toEqual({ a: 'A', b: 'B' })
    const after = keys.slice(before.length)
    expect(after.filter((key) => before.includes(key))).toEqual([])
    expect(new Set(after).size).toBe(after.length)
  })

  it('of a pipeline inside another graph are answered through that one', async () => {
    const checkpointer = new MemorySaver()
    const outer = () => {
      const { graph } = lowerings[lowering](plan, { note: () => 1 })
      const State = Annotation.Root({ inputs: Annotation<object>(), outputs: Annotation<unknown>() })
      return new StateGraph(State)
        .addNode('inner', graph as never)
        .addEdge(START, 'inner')
        .compile({ checkpointer })
    }
    const state = await outer().invoke({ inputs: {} }, thread('t'))
    expect(asked(state).map(({ value }) => value)).toEqual(['a?', 'b?'])
    const then = await outer().invoke(resume({ [idOf(state, 'b?')]: 'b' }), thread('t'))
    expect(asked(then).map(({ value }) => value)).toEqual(['a?'])
    const done = await outer().invoke(resume('a'), thread('t'))
    expect(done.outputs).toEqual({ a: 'a', b: 'b' })
  })

  it('lose no answer to a process that dies: at every write', async () => {
    for (let at = 1; ; at++) {
      for (const stored of [true, false]) {
        const data = new MemorySaver()
        const { graph, start } = setting(plan, data)
        const state = await start()
        const [a, b] = [idOf(state, 'a?'), idOf(state, 'b?')]
        const saver = new MortalSaver(data, { at, stored })
        const mortal = lowerings[lowering](plan, { note: () => (saver.dead ? forever() : 1) }, { checkpointer: saver })
        const call = mortal.graph.invoke(resume({ [b]: 'b' }), thread('t')).then(() => 'alive')
        if ((await Promise.race([call, saver.died])) === 'alive') return expect(at).toBeGreaterThan(2)
        const again = await graph().invoke(resume({ [b]: 'b' }), thread('t')) // whoever got no receipt asks again
        expect(asked(again).map(({ id }) => id)).toEqual([a])
        expect((await graph().invoke(resume({ [a]: 'a' }), thread('t'))).outputs).toEqual({ a: 'a', b: 'b' })
      }
    }
  })
})

describe('the lowering flow', () => {
  it('goes on with a branch whose wait is answered while another still waits', async () => {
    const runs: string[] = []
    const deeds = { note: ({ stage: id }: { stage: string }) => runs.push(id) }
    const checkpointer = new MemorySaver()
    const graph = () => lowerFlow(plan, deeds, { checkpointer }).graph
    const state = await graph().invoke({ inputs: {} }, thread('t'))
    const then = await graph().invoke(resume({ [idOf(state, 'b?')]: 1 }), thread('t'))
    expect(runs).toEqual(['free', 'after_b'])
    expect(asked(then).map(({ value }) => value)).toEqual(['a?'])
    expect(statuses((await graph().getState(thread('t'))).values.stages)).toEqual({
      after_b: 'succeeded',
      b: 'succeeded',
      free: 'succeeded',
    })
  })

  it('makes a checkpoint of an answer that is only a part', async () => {
    const its = planOf([ask('a', ['x?', 'y?'])])
    const checkpointer = new MemorySaver()
    const graph = () => lowerFlow(its, {}, { checkpointer }).graph
    await graph().invoke({ inputs: {} }, thread('t'))
    const before = (await graph().getState(thread('t'))).config.configurable?.checkpoint_id
    await graph().invoke(resume('x'), thread('t'))
    const { config, values } = await graph().getState(thread('t'))
    expect(config.configurable?.checkpoint_id).not.toBe(before)
    expect(values.open.stages?.a?.waits).toMatchObject([{ value: 'x?', answer: 'x' }, { value: 'y?' }])
  })
})

describe('the id of a wait', () => {
  it('is the same in both lowerings, and another in every thread', async () => {
    const ids = async (lowering: keyof typeof lowerings, id: string) => {
      const { graph } = lowerings[lowering](plan, { note: () => 1 }, { checkpointer: new MemorySaver() })
      return asked(await graph.invoke({ inputs: {} }, thread(id))).map((wait) => wait.id)
    }
    expect(await ids('flow', 't')).toEqual(await ids('stages', 't'))
    expect(await ids('flow', 'u')).not.toEqual(await ids('flow', 't'))
  })
})

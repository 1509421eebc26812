/** The engine with real stores and real stages: how runs start, end, pause, resume and are refused. */
import { getEventListeners } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  compile,
  compileFile,
  createEngine,
  createManualClock,
  createMemoryStore,
  defineFunction,
  defineStage,
  type FunctionContext,
  InputError,
  openStore,
  type RunEvent,
  type RunStore,
  StageError,
} from '../../src/index.ts'

let folder: string
let store: RunStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-engine-'))
  store = openStore(join(folder, 'runs.db'))
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const collect = async (events: AsyncIterable<RunEvent>): Promise<RunEvent[]> => {
  const all: RunEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

const greet = `
name: greet
inputs: { name: { type: string, default: world } }
stages:
  - id: hello
    transform: Hello, \${{ inputs.name }}!
  - id: loud
    transform: \${{ stages.hello.output.upper() }}
outputs: { text: "\${{ stages.loud.output }}" }
`

/** A function that waits at a gate, and says when it has arrived there. */
function gate() {
  let open = () => {}
  let arrive = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const calls: string[] = []
  const wait = defineFunction({
    input: z.strictObject({}),
    async run(_input, context) {
      calls.push(context.idempotencyKey)
      arrive()
      await Promise.race([
        opened,
        new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason))),
      ])
      return 'passed'
    },
  })
  return { wait, open, arrived, calls }
}

const gated = `
name: gated
stages:
  - id: first
    transform: 1
  - id: held
    uses: test/wait
  - id: last
    transform: \${{ stages.held.output }}
outputs: { end: "\${{ stages.last.output }}" }
`

describe('executing a pipeline', () => {
  it('gives outputs, status and time', async () => {
    await using engine = createEngine({ store })
    const result = await engine.execute(compile(greet), { name: 'Ada' })
    expect(result).toMatchObject({ status: 'succeeded', outputs: { text: 'HELLO, ADA!' }, error: null, tolerated: [] })
    expect(result.executionTimeMs).toBeGreaterThanOrEqual(0)
    expect(result.threadId).toBe(result.runId)
  })

  it('tells the whole story, in order and without gaps, and the result comes last', async () => {
    await using engine = createEngine({ store })
    const run = await engine.start(compile(greet))
    const events = await collect(run.events())
    expect(events.map(({ type }) => type)).toEqual([
      'run.started',
      'stage.started',
      'stage.succeeded',
      'stage.started',
      'stage.succeeded',
      'run.ended',
    ])
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
    expect(await collect(run.events({ after: 4 }))).toEqual(events.slice(4))
    expect(await collect(engine.events(run.id))).toEqual(events)
    const last = events.at(-1)
    expect(last).toMatchObject({ progress: 100, result: { status: 'succeeded', outputs: { text: 'HELLO, WORLD!' } } })
  })

  it('goes forward only: progress never falls and ends at 100', async () => {
    await using engine = createEngine({ store })
    const run = await engine.start(compile(greet))
    const progress = (await collect(run.events())).flatMap((event) => event.progress ?? [])
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
    expect(progress.at(-1)).toBe(100)
  })

  it('settles with the failure when a stage fails, and independent branches have run to their end', async () => {
    await using engine = createEngine({ store })
    const result = await engine.execute(
      compile(`
name: fails
stages:
  - { id: bad, needs: [], uses: core/fail, with: { message: broken } }
  - { id: behind, needs: [bad], transform: 1 }
  - { id: beside, needs: [], transform: 2 }
outputs: { x: 1 }
`),
    )
    expect(result).toMatchObject({ status: 'failed', outputs: null, error: { stage: 'bad', message: 'broken' } })
    const state = await engine.get(result.runId)
    expect(state?.stages.map(({ id, status, reason }) => [id, status, reason])).toEqual([
      ['bad', 'failed', null],
      ['behind', 'skipped', 'failed'],
      ['beside', 'succeeded', null],
    ])
  })

  it('refuses wrong, missing and undeclared inputs, env and secrets before anything is written', async () => {
    await using engine = createEngine({ store, env: {} })
    const pipeline = compile(`
name: strict
inputs: { n: { type: integer, minimum: 1 } }
env: [REPORT_DIR]
secrets: [TOKEN]
stages:
  - id: a
    run: "true"
    env: { N: "\${{ inputs.n }}", D: "\${{ env.REPORT_DIR }}", T: "\${{ secrets.TOKEN }}" }
`)
    const refusal = await engine.start(pipeline, { n: 0, m: 1 }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(InputError)
    expect((refusal as InputError).problems.map(({ name }) => name).sort()).toEqual(['REPORT_DIR', 'TOKEN', 'm', 'n'])
    expect(await engine.list()).toEqual([])
  })

  it('looks at functions before any effect: their input, their secrets, whether they load', async () => {
    writeFileSync(
      join(folder, 'f.ts'),
      `import { defineFunction } from '${join(import.meta.dirname, '../../src/index.ts')}'
import { z } from '${import.meta.resolve('zod')}'
export const strict = defineFunction({ input: z.strictObject({ n: z.number() }), run: ({ n }) => n })
export const open = ({ token }: { token: string }) => token.length
`,
    )
    writeFileSync(
      join(folder, 'p.yaml'),
      `name: p
secrets: [TOKEN]
stages:
  - { id: effect, run: "touch happened" }
  - { id: a, uses: "./f.ts#strict", with: { n: many } }
  - { id: b, uses: "./f.ts#open", with: { token: "\${{ secrets.TOKEN }}" } }
`,
    )
    await using engine = createEngine({ store, env: { TOKEN: 'abc-def-ghi' } })
    const refusal = await engine.start(compileFile(join(folder, 'p.yaml'))).catch((error: unknown) => error)
    expect((refusal as InputError).problems).toMatchObject([
      { name: 'stages.a', message: expect.stringContaining('with.n') },
      { name: 'stages.b', message: expect.stringContaining('does not mark that field') },
    ])
    expect(await engine.list()).toEqual([])
    expect(existsSync(join(folder, 'happened'))).toBe(false)
  })

  it('lets a pipeline read its last successful run, fixed when it starts', async () => {
    await using engine = createEngine({ store })
    const counting = compile(
      'name: counting\ninputs: { fail: { type: boolean, default: false } }\nstages:\n  - { id: n, transform: "${{ run.last == null ? 1 : run.last.outputs.n + 1 }}" }\n  - { id: maybe, if: inputs.fail, uses: core/fail, with: { message: no } }\noutputs: { n: "${{ stages.n.output }}", last: "${{ run.last.?id }}" }\n',
    )
    const first = await engine.execute(counting)
    expect(first.outputs).toEqual({ n: 1, last: null })
    await engine.execute(counting, { fail: true })
    expect((await engine.execute(counting)).outputs).toEqual({ n: 2, last: first.runId })
  })

  it('runs several engines side by side in one process, each with its own functions', async () => {
    const pipeline = compile(
      'name: p\nstages:\n  - { id: a, uses: test/who }\noutputs: { who: "${{ stages.a.output }}" }\n',
      {
        functions: { 'test/who': defineFunction({ run: () => 'nobody' }) },
      },
    )
    const results = await Promise.all(
      ['one', 'two', 'three'].map(async (name) => {
        await using engine = createEngine({ store, functions: { 'test/who': defineFunction({ run: () => name }) } })
        return (await engine.execute(pipeline)).outputs
      }),
    )
    expect(results).toEqual([{ who: 'one' }, { who: 'two' }, { who: 'three' }])
  })

  it('runs one plan many times at once, each run with its own variables and its own answers', async () => {
    await using engine = createEngine({ store })
    const plan = compile(`
name: counts
inputs: { n: { type: integer } }
vars: { seen: { type: array, merge: append, default: [] } }
stages:
  - { id: a, transform: "\${{ inputs.n }}", set: { seen: ["\${{ inputs.n }}"] } }
  - { id: b, transform: "\${{ vars.seen }}", set: { seen: ["\${{ inputs.n * 10 }}"] } }
outputs: { seen: "\${{ vars.seen }}" }
`)
    const results = await Promise.all([1, 2, 3].map((n) => engine.execute(plan, { n })))
    expect(results.map(({ outputs }) => outputs)).toEqual([1, 2, 3].map((n) => ({ seen: [n, n * 10] })))
    const states = await Promise.all(
      results.map(({ threadId: thread_id }) =>
        plan.graph({ checkpointer: store.saver, lowering: 'flow' }).getState({ configurable: { thread_id } }),
      ),
    )
    expect(states.map(({ values }) => values['vars.seen'])).toEqual([1, 2, 3].map((n) => [n, n * 10]))
  })

  it('runs stage kinds of a user', async () => {
    const shout = defineStage({
      name: 'shout',
      docs: { summary: 'Shouts.', output: 'text', example: '' },
      schema: z.strictObject({ text: z.string() }),
      run: ({ text }) => `${text.toUpperCase()}!`,
    })
    const pipeline = compile(
      'name: p\nstages:\n  - { id: a, shout: { text: hey } }\noutputs: { t: "${{ stages.a.output }}" }\n',
      {
        stages: [shout],
      },
    )
    await using engine = createEngine({ store, stages: [shout] })
    expect((await engine.execute(pipeline)).outputs).toEqual({ t: 'HEY!' })
  })

  it('points at the line of a user function that throws', async () => {
    mkdirSync(join(folder, 'stages'))
    writeFileSync(
      join(folder, 'stages/boom.ts'),
      '// a comment\nexport function boom(): never {\n  throw new TypeError("no good")\n}\n',
    )
    writeFileSync(join(folder, 'p.yaml'), 'name: p\nstages:\n  - { id: a, uses: "./stages/boom.ts#boom" }\n')
    await using engine = createEngine({ store })
    const { error } = await engine.execute(compileFile(join(folder, 'p.yaml')))
    expect(error).toMatchObject({ stage: 'a', category: 'internal', message: 'no good' })
    expect(JSON.stringify(error?.details)).toContain('stages/boom.ts:3:9')
  })

  it('takes a timeout that is worked out, whole or in part', async () => {
    await using engine = createEngine({ store })
    const timed = (timeout: string) =>
      compile(
        `name: p\ninputs: { n: { type: integer, default: 5 }, t: { type: string, default: 50ms } }\nstages:\n  - { id: a, run: sleep 3, timeout: "${timeout}", env: { N: "\${{ inputs.n }}", T: "\${{ inputs.t }}" } }\n`,
      )
    for (const timeout of ['${{ inputs.n }}0ms', '${{ inputs.t }}']) {
      expect((await engine.execute(timed(timeout))).error).toMatchObject({
        category: 'timeout',
        message: expect.stringContaining('50ms'),
      })
    }
    expect((await engine.execute(timed('${{ inputs.n }} minutes'))).error).toMatchObject({ category: 'validation' })
  })

  it('stops at the time limit of the run, and says which limit', async () => {
    const clock = createManualClock()
    const { wait, arrived } = gate()
    const functions = { 'test/wait': wait }
    await using engine = createEngine({ store, functions, clock })
    const run = await engine.start(compile(`${gated}limits: { timeout: 10m }\n`, { functions }))
    await arrived
    await clock.advance(10 * 60_000)
    expect(await run.result).toMatchObject({ status: 'failed', error: { category: 'limit', code: 'run_timeout' } })
  })
})

describe('pausing and resuming', () => {
  it('finishes what runs, starts nothing more, and goes on in another engine', async () => {
    const { wait, open, arrived, calls } = gate()
    const functions = { 'test/wait': wait }
    const pipeline = compile(gated, { functions })
    const first = createEngine({ store, functions })
    const run = await first.start(pipeline)
    await arrived
    run.pause()
    open()
    expect(await run.result).toMatchObject({ status: 'paused', outputs: null, endedAt: null })
    await first.close()

    await using second = createEngine({ store, functions })
    const result = await (await second.resume(run.id)).result
    expect(result).toMatchObject({ status: 'succeeded', outputs: { end: 'passed' } })
    expect(calls).toHaveLength(1)
    const types = (await collect(second.events(run.id))).map(({ type }) => type)
    expect(types).toEqual([
      'run.started',
      'stage.started',
      'stage.succeeded',
      'stage.started',
      'stage.succeeded',
      'run.paused',
      'run.resumed',
      'stage.started',
      'stage.succeeded',
      'run.ended',
    ])
  })

  it('keeps the results of siblings when a run is paused among them', async () => {
    const { wait, open, arrived, calls } = gate()
    const functions = { 'test/wait': wait }
    const pipeline = compile(
      `
name: siblings
limits: { concurrency: 1 }
stages:
  - { id: held, needs: [], uses: test/wait }
  - { id: queued, needs: [], transform: 2 }
  - { id: join, transform: "\${{ stages.queued.output }}" }
outputs: { end: "\${{ stages.join.output }}", held: "\${{ stages.held.output }}" }
`,
      { functions },
    )
    await using engine = createEngine({ store, functions })
    const run = await engine.start(pipeline)
    await arrived
    run.pause()
    open()
    expect((await run.result).status).toBe('paused')
    expect((await (await engine.resume(run.id)).result).outputs).toEqual({ end: 2, held: 'passed' })
    expect(calls).toHaveLength(1)
  })

  it('pauses when the stage of `until` is done', async () => {
    await using engine = createEngine({ store })
    const run = await engine.start(compile(greet), {}, { until: 'hello' })
    expect((await run.result).status).toBe('paused')
    const state = await engine.get(run.id)
    expect(state?.stages.map(({ status }) => status)).toEqual(['succeeded', 'pending'])
    expect((await (await engine.resume(run.id)).result).status).toBe('succeeded')
  })

  it('runs again, with the same key, what was abandoned while it ran', async () => {
    const { wait, open, arrived, calls } = gate()
    const functions = { 'test/wait': wait }
    await using engine = createEngine({ store, functions })
    const run = await engine.start(compile(gated, { functions }))
    await arrived
    run.abandon()
    expect((await run.result).status).toBe('paused')
    open()
    expect((await (await engine.resume(run.id)).result).status).toBe('succeeded')
    expect(calls).toHaveLength(2)
    expect(new Set(calls).size).toBe(1)
  })

  it('refuses a thread that is unknown, busy or finished, and says so', async () => {
    const { wait, open, arrived } = gate()
    const functions = { 'test/wait': wait }
    const pipeline = compile(gated, { functions })
    await using engine = createEngine({ store, functions })
    await using other = createEngine({ store, functions })
    await expect(engine.resume('nobody')).rejects.toMatchObject({ code: 'thread_unknown' })
    const run = await engine.start(pipeline, {}, { threadId: 'mine' })
    await arrived
    await expect(engine.resume('mine')).rejects.toMatchObject({ code: 'thread_busy' })
    await expect(other.resume('mine')).rejects.toMatchObject({ code: 'thread_busy' })
    await expect(other.delete('mine')).rejects.toMatchObject({ code: 'thread_busy' })
    open()
    await run.result
    await expect(engine.resume('mine')).rejects.toMatchObject({ code: 'thread_finished' })
    await expect(engine.start(pipeline, {}, { threadId: 'mine' })).rejects.toMatchObject({ code: 'thread_finished' })
  })

  it('continues a thread that is started again with equal inputs, and refuses other inputs and other plans', async () => {
    await using engine = createEngine({ store })
    const start = (text: string, name: string) =>
      engine.start(compile(text), { name }, { threadId: 't', until: 'hello' })
    await (await start(greet, 'Ada')).result
    await expect(start(greet, 'Eve')).rejects.toMatchObject({ code: 'thread_in_use' })
    await expect(start(greet.replace('Hello', 'Goodbye'), 'Ada')).rejects.toMatchObject({ code: 'plan_changed' })
    const again = await engine.start(compile(greet), { name: 'Ada' }, { threadId: 't' })
    expect((await again.result).outputs).toEqual({ text: 'HELLO, ADA!' })
  })

  it('uses the stored plan, and refuses a changed source unless it is accepted', async () => {
    const source = join(folder, 'f.ts')
    writeFileSync(source, 'export const f = () => "old"\n')
    writeFileSync(
      join(folder, 'p.yaml'),
      'name: p\nstages:\n  - { id: a, transform: 1 }\n  - { id: b, uses: "./f.ts#f" }\noutputs: { b: "${{ stages.b.output }}" }\n',
    )
    await using engine = createEngine({ store })
    const run = await engine.start(compileFile(join(folder, 'p.yaml')), {}, { until: 'a' })
    await run.result
    writeFileSync(join(folder, 'p.yaml'), 'name: p\nstages:\n  - { id: other, transform: 3 }\n')
    writeFileSync(source, 'export const f = () => "new"\n')
    await expect(engine.resume(run.id)).rejects.toMatchObject({ code: 'source_changed' })
    const result = await (await engine.resume(run.id, { migrate: true })).result
    expect(result.outputs).toEqual({ b: 'new' })
  })
})

describe('cancelling', () => {
  it('stops what runs, records it, skips the rest, and can be asked for twice', async () => {
    const { wait, arrived } = gate()
    const functions = { 'test/wait': wait }
    await using engine = createEngine({ store, functions })
    const run = await engine.start(compile(gated, { functions }))
    await arrived
    await engine.cancel(run.id)
    await engine.cancel(run.id)
    expect(await run.result).toMatchObject({ status: 'cancelled', outputs: null })
    const state = await engine.get(run.id)
    expect(state?.stages.map(({ status }) => status)).toEqual(['succeeded', 'cancelled', 'skipped'])
    await engine.cancel(run.id)
  })

  it('follows an AbortSignal of the caller', async () => {
    const { wait, arrived } = gate()
    const functions = { 'test/wait': wait }
    const controller = new AbortController()
    await using engine = createEngine({ store, functions })
    const run = await engine.start(compile(gated, { functions }), {}, { signal: controller.signal })
    await arrived
    controller.abort()
    expect((await run.result).status).toBe('cancelled')
  })

  it('ends a run that nobody runs', async () => {
    await using engine = createEngine({ store })
    const run = await engine.start(compile(greet), {}, { until: 'hello' })
    await run.result
    await engine.cancel(run.id)
    expect((await engine.get(run.id))?.status).toBe('cancelled')
    await expect(engine.resume(run.id)).rejects.toMatchObject({ code: 'thread_finished' })
  })

  it('is noticed by the engine that runs it when another one asks', async () => {
    const { wait, arrived } = gate()
    const functions = { 'test/wait': wait }
    await using engine = createEngine({ store, functions })
    await using other = createEngine({ store })
    const run = await engine.start(compile(gated, { functions }))
    await arrived
    await other.cancel(run.id)
    expect((await run.result).status).toBe('cancelled')
  })
})

describe('what is left behind', () => {
  it('lists, shows and removes runs', async () => {
    await using engine = createEngine({ store })
    const a = await engine.execute(compile(greet))
    const b = await engine.execute(compile(greet.replace('name: greet', 'name: other')))
    expect((await engine.list()).map(({ id }) => id).toSorted()).toEqual([a.runId, b.runId].toSorted())
    expect((await engine.list({ pipeline: 'other' })).map(({ id }) => id)).toEqual([b.runId])
    expect((await engine.history(a.runId)).map(({ stage }) => stage)).toEqual(['hello', 'loud'])
    expect(await engine.delete(a.runId)).toBe(true)
    expect(await engine.get(a.runId)).toBeUndefined()
    expect(await engine.delete(a.runId)).toBe(false)
  })

  it('is no timer, no listener and no open run after close', async () => {
    const controller = new AbortController()
    const { wait, open, arrived } = gate()
    const functions = { 'test/wait': wait }
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const engine = createEngine({ store: createMemoryStore(), functions })
    const run = await engine.start(
      compile(`${gated}limits: { timeout: 1h }\n`, { functions }),
      {},
      { signal: controller.signal },
    )
    await arrived
    open()
    await run.result
    await engine.close()
    expect(timers()).toBe(before)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await expect(engine.start(compile(greet))).rejects.toMatchObject({ code: 'unsupported_option' })
  })

  it('is a thread that can be resumed when the store fails in the middle', async () => {
    const failing = createMemoryStore()
    let broken = true
    const flaky: RunStore = new Proxy(failing, {
      get(target, key, receiver) {
        if (key !== 'append') return Reflect.get(target, key, receiver)
        return async (...args: Parameters<RunStore['append']>) => {
          if (broken && args[2].some(({ type }) => type === 'stage.succeeded')) throw new Error('disk full')
          return target.append(...args)
        }
      },
    })
    const calls: [stage: string, key: string][] = []
    const run = (_input: unknown, { stage, idempotencyKey }: FunctionContext) => calls.push([stage, idempotencyKey])
    const functions = { 'test/call': defineFunction({ run }) }
    const pipeline = compile('name: p\nstages:\n  - { id: a, uses: test/call }\n  - { id: b, uses: test/call }\n', {
      functions,
    })
    await using engine = createEngine({ store: flaky, functions })
    const started = await engine.start(pipeline)
    expect(await started.result).toMatchObject({ status: 'paused', error: { message: 'disk full' } })
    broken = false
    const resumed = await engine.resume(started.id)
    expect((await resumed.result).status).toBe('succeeded')
    expect(calls.map(([stage]) => stage)).toEqual(['a', 'a', 'b']) // nobody could know that the first one ended
    expect(calls[0]).toEqual(calls[1])
    const closed = (await collect(engine.events(started.id))).filter(({ type }) => type === 'stage.succeeded')
    expect(closed).toHaveLength(2)
  })
})

it('errors of a stage keep the category they were thrown with', async () => {
  const functions = {
    'test/policy': defineFunction({
      run: () => {
        throw new StageError('not allowed here', { category: 'policy', details: { rule: 7 } })
      },
    }),
  }
  await using engine = createEngine({ store, functions })
  const { error } = await engine.execute(compile('name: p\nstages:\n  - { id: a, uses: test/policy }\n', { functions }))
  expect(error).toMatchObject({ category: 'policy', message: 'not allowed here', details: { rule: 7 }, attempts: 1 })
})

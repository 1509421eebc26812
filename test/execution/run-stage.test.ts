/** The wrapper around every stage: join → if → cache → retry(timeout(run)) → check output → on_error → set. */
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { RunnerDeps } from '../../src/execution/runner-deps.ts'
import { createSemaphore } from '../../src/execution/semaphore.ts'
import { StageError } from '../../src/foundation/errors.ts'
import type { Recorded } from '../../src/foundation/journal.ts'
import { digest, type Json, type JsonObject } from '../../src/foundation/json.ts'
import type { Outcome, Outcomes } from '../../src/foundation/outcome.ts'
import { type DatedEvent, foldPast } from '../../src/foundation/past.ts'
import type { RetryPlan, StagePlan } from '../../src/foundation/plan.ts'
import type { StageContext } from '../../src/foundation/stage-kind.ts'
import { PauseRequested, type RunView } from '../../src/foundation/stage-runner.ts'
import { type Deeds, type PlanSketch, planOf, runnerOf, type StageSketch, stage } from '../support-stages.ts'

const retry: RetryPlan = {
  attempts: 3,
  delayMs: 1_000,
  backoff: 'exponential',
  maxDelayMs: 30_000,
  jitter: false,
  on: ['network', 'timeout', 'rate_limit'],
}

/** A plan of one stage, or of several whose last is meant, and a runner for it. */
function bench(
  sketch: StageSketch,
  deeds: Deeds = {},
  {
    ports = {},
    plan: planSketch = {},
    above = [],
  }: { ports?: Partial<RunnerDeps>; plan?: PlanSketch; above?: StagePlan[] } = {},
) {
  const own = stage('it', sketch)
  const plan = planOf([...above, own], planSketch)
  const made = runnerOf(plan, deeds, ports)
  const started = made.runner.start({}, 'thread')
  const viewWith = (outcomes: Outcomes = {}): RunView => ({ ...started, outcomes, patches: [] })
  return { ...made, own, plan, viewWith, run: (outcomes?: Outcomes) => made.runner.runStage(own, viewWith(outcomes)) }
}

const ended = (fields: Partial<Outcome> = {}): Outcome => ({
  status: 'succeeded',
  output: null,
  error: null,
  reason: null,
  tolerated: false,
  set: {},
  attempts: 1,
  started_at: '2026-01-01T00:00:00.000Z',
  ended_at: '2026-01-01T00:00:00.000Z',
  ...fields,
})

/** A journal that keeps nothing, in which the stage was started so often and failed so often. */
function after(attempts: number, failures: number): Recorded {
  const at = '2026-01-01T00:00:00.000Z'
  const error = { category: 'network', code: 'network', message: 'down' } as const
  const past = Array.from({ length: attempts }, (_, index): DatedEvent[] => [
    { type: 'stage.started', stage: 'it', kind: 'do', attempt: index + 1, at },
    { type: 'stage.retrying', stage: 'it', attempt: index + 1, error, next_at: at, counts: index < failures, at },
  ])
  const known = foldPast(past.flat())
  return { journal: { say() {}, commit: () => Promise.resolve() }, past: known, reread: async () => known }
}

const failing = (category: 'network' | 'rate_limit' | 'internal', retryAfterMs?: number) => () => {
  throw new StageError('down', { category, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}

/** Ends when it is told to stop, as a good kind does. */
const obedient = ({ signal }: StageContext): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

describe('a stage', () => {
  it('evaluates its configuration, runs, checks and sets; and says so', async () => {
    const { run, events } = bench(
      {
        kind: 'echo',
        value: { n: '${{ stages.a.output + 1 }}' },
        output: { type: 'object' },
        set: { x: '${{ output.n }}' },
      },
      {},
      { above: [stage('a')], plan: { vars: { x: { schema: { type: 'integer' }, merge: 'last' } } } },
    )
    const outcome = await run({ a: ended({ output: 1 }) })
    expect(outcome).toEqual(ended({ output: { n: 2 }, set: { x: 2 } }))
    expect(events).toEqual([
      { type: 'stage.started', stage: 'it', kind: 'echo', attempt: 1 },
      { type: 'stage.succeeded', stage: 'it', output: { n: 2 }, attempts: 1, duration_ms: 0 },
      { type: 'variable.changed', stage: 'it', variable: 'x', value: 2 },
    ])
    expect(Object.isFrozen(outcome)).toBe(true)
  })

  it('is skipped by its if, without an attempt', async () => {
    const { run, events } = bench({ if: 'false' })
    expect(await run()).toEqual(ended({ status: 'skipped', reason: 'condition', attempts: 0 }))
    expect(events).toEqual([{ type: 'stage.skipped', stage: 'it', reason: 'condition' }])
  })

  it('fails when its if errs, or is neither true nor false', async () => {
    for (const condition of ['1 / 0 > 1', '1 + 1']) {
      const outcome = await bench({ if: condition }).run()
      expect(outcome).toMatchObject({ status: 'failed', attempts: 0, error: { category: 'validation', stage: 'it' } })
    }
  })

  it('fails when its configuration cannot be evaluated or does not fit its kind', async () => {
    expect(await bench({ kind: 'echo', value: '${{ 1 / 0 }}' }).run()).toMatchObject({
      status: 'failed',
      error: { category: 'validation', code: 'expression_failed', details: { expression: '1 / 0' } },
    })
    expect(await bench({ kind: 'do', value: 5 }).run()).toMatchObject({
      status: 'failed',
      error: { category: 'validation', code: 'bad_configuration' },
    })
    expect(await bench({ kind: 'nowhere' }).run()).toMatchObject({ error: { code: 'unknown_kind' } })
  })

  it('gets what it may know', async () => {
    let context: StageContext | undefined
    const { run, viewWith } = bench(
      { kind: 'do', value: 'look', env: { A: '${{ 1 + 1 }}', B: { x: 1 } } },
      {
        look: (given) => {
          context = given
        },
      },
      { plan: { models: { default: 'm' } } },
    )
    await run()
    expect(context).toMatchObject({
      attempt: 1,
      stage: 'it',
      run: { id: 'thread', threadId: 'thread', pipeline: 'test' },
      env: { A: '2', B: '{"x":1}' },
      models: { default: 'm' },
      directory: import.meta.dirname.replace(/execution$/, '').replace(/\/$/, ''),
      idempotencyKey: digest([viewWith().run.id, 'it']),
    })
  })

  it('has an idempotency key of its own if it says so', async () => {
    const keys: string[] = []
    const look = ({ idempotencyKey }: StageContext) => keys.push(idempotencyKey)
    const key = { kind: 'text', parts: [{ source: 'run.id' }, '-x'] } as const
    await bench({ kind: 'do', value: 'look', idempotencyKey: key }, { look }).run()
    expect(keys).toEqual(['thread-x'])
  })

  it('numbers its attempts on from earlier stretches', async () => {
    const { run, events } = bench({ kind: 'echo' }, {}, { ports: { recorded: after(2, 1) } })
    expect((await run()).attempts).toBe(3)
    expect(events[0]).toMatchObject({ type: 'stage.started', attempt: 3 })
  })
})

describe('retries', () => {
  it('follow the backoff, say when, and keep the idempotency key', async () => {
    const keys = new Set<string>()
    let calls = 0
    const flaky = ({ idempotencyKey, attempt }: StageContext) => {
      keys.add(idempotencyKey)
      expect(attempt).toBe(++calls)
      if (calls < 3) failing('network')()
      return 'up'
    }
    const { run, events, clock } = bench({ kind: 'do', value: 'flaky', retry }, { flaky })
    const result = run()
    await clock.advance(999)
    expect(calls).toBe(1)
    await clock.advance(1)
    expect(calls).toBe(2)
    await clock.advance(2_000)
    expect(await result).toMatchObject({ status: 'succeeded', output: 'up', attempts: 3 })
    expect(keys.size).toBe(1)
    expect(events.map(({ type }) => type)).toEqual([
      'stage.started',
      'stage.retrying',
      'stage.started',
      'stage.retrying',
      'stage.started',
      'stage.succeeded',
    ])
    expect(events[1]).toMatchObject({
      attempt: 1,
      next_at: '2026-01-01T00:00:01.000Z',
      counts: true,
      error: { category: 'network', attempts: 1 },
    })
  })

  it('end when the attempts are spent, those of earlier stretches included', async () => {
    const { run, clock, events } = bench(
      { kind: 'do', value: 'it', retry },
      { it: failing('network') },
      { ports: { recorded: after(1, 1) } },
    )
    const result = run()
    await clock.advance(60_000)
    expect(await result).toMatchObject({ status: 'failed', attempts: 3, error: { code: 'network', attempts: 3 } })
    expect(events.filter(({ type }) => type === 'stage.started')).toHaveLength(2)
  })

  it('are only for the categories that are named, and for errors that allow it', async () => {
    const calls: string[] = []
    const final = () => {
      calls.push('final')
      throw new StageError('down', { category: 'network', retryable: false })
    }
    const internal = () => {
      calls.push('internal')
      throw new Error('a bug')
    }
    for (const value of ['final', 'internal']) {
      expect(await bench({ kind: 'do', value, retry }, { final, internal }).run()).toMatchObject({ status: 'failed' })
    }
    expect(calls).toEqual(['final', 'internal'])
  })

  it('wait as they are told without spending an attempt, at most ten times', async () => {
    let calls = 0
    const limited = () => {
      calls++
      failing('rate_limit', 5_000)()
    }
    const { run, clock, events } = bench(
      { kind: 'do', value: 'limited', retry: { ...retry, attempts: 2 } },
      { limited },
    )
    const result = run()
    await clock.advance(50_000)
    expect(calls).toBe(11)
    await clock.advance(60_000)
    expect(await result).toMatchObject({ status: 'failed', attempts: 12 })
    const waits = events.filter((event) => event.type === 'stage.retrying')
    expect(waits.map(({ counts }) => counts)).toEqual([...Array(10).fill(false), true])
  })

  it('give their place back while they wait', async () => {
    const semaphore = createSemaphore(1)
    let calls = 0
    const flaky = () => calls++ === 0 && failing('network')()
    const { run, clock } = bench({ kind: 'do', value: 'flaky', retry }, { flaky }, { ports: { semaphore } })
    const result = run()
    await clock.advance(10)
    expect(semaphore.held).toBe(0)
    await clock.advance(1_000)
    expect((await result).status).toBe('succeeded')
    expect(semaphore.held).toBe(0)
  })
})

describe('timeouts', () => {
  const total = (text: string) => ({ timeout: { total: { kind: 'literal', value: text } as const } })

  it('stop the attempt, wait for it, and fail it', async () => {
    let stopped = false
    const slow = async (context: StageContext) => {
      try {
        return await obedient(context)
      } finally {
        await tick()
        stopped = true
      }
    }
    const { run, clock } = bench({ kind: 'do', value: 'slow', ...total('2s') }, { slow })
    const result = run()
    await clock.advance(1_999)
    expect(stopped).toBe(false)
    await clock.advance(1)
    expect(await result).toMatchObject({
      status: 'failed',
      error: { category: 'timeout', details: { limit_ms: 2_000, kind: 'total' } },
    })
    expect(stopped).toBe(true)
    expect(clock.sleepers).toBe(0)
  })

  it('are per attempt, and retried where timeouts are', async () => {
    const { run, clock } = bench({ kind: 'do', value: 'slow', retry, ...total('2s') }, { slow: obedient })
    const result = run()
    await clock.advance(2_000 + 1_000 + 2_000 + 2_000 + 2_000)
    expect(await result).toMatchObject({ status: 'failed', attempts: 3, error: { category: 'timeout' } })
  })

  it('for silence are put back by whatever the stage says', async () => {
    let speak = (_: string) => {}
    const talkative = (context: StageContext) => {
      speak = (text) => context.output('stdout', text)
      return obedient(context)
    }
    const timeout = { idle: { kind: 'expression', source: '"3s"' } } as const
    const { run, clock } = bench({ kind: 'do', value: 'talkative', timeout }, { talkative })
    const result = run()
    await clock.advance(2_000)
    speak('still here')
    await clock.advance(2_500)
    let over = false
    void result.then(() => {
      over = true
    })
    await tick()
    expect(over).toBe(false)
    await clock.advance(500)
    expect(await result).toMatchObject({ error: { category: 'timeout', details: { kind: 'idle', limit_ms: 3_000 } } })
  })

  it('report an attempt that does not stop, do not retry it, and drop what it returns later', async () => {
    let finish = (_: string) => {}
    let said = (_: string) => {}
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => warnings.push(message) }
    const deaf = ({ log }: StageContext) => {
      said = log
      return new Promise((resolve) => {
        finish = resolve
      })
    }
    const { run, clock, events } = bench(
      { kind: 'do', value: 'deaf', retry, ...total('1s') },
      { deaf },
      { ports: { logger } },
    )
    const result = run()
    await clock.advance(1_000)
    await clock.advance(4_999)
    expect(events.map(({ type }) => type)).toEqual(['stage.started'])
    await clock.advance(1)
    expect(await result).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { category: 'timeout', details: { still_running: true, limit_ms: 1_000 } },
    })
    expect(warnings).toHaveLength(1)
    const before = events.length
    said('too late')
    finish('too late')
    await tick()
    expect(events).toHaveLength(before)
  })

  it('that are no durations fail the stage', async () => {
    expect(await bench({ kind: 'do', value: 'slow', ...total('soon') }, { slow: obedient }).run()).toMatchObject({
      error: { code: 'bad_duration' },
    })
  })
})

describe('cancelling', () => {
  it('stops what runs and records it as cancelled', async () => {
    const { run, control, events } = bench(
      { kind: 'do', value: 'slow', retry, onError: 'continue' },
      { slow: obedient },
    )
    const result = run()
    await tick()
    control.cancel()
    expect(await result).toMatchObject({
      status: 'cancelled',
      attempts: 1,
      tolerated: false,
      error: { category: 'cancelled', message: 'The run was cancelled.' },
    })
    expect(events.map(({ type }) => type)).toEqual(['stage.started', 'stage.cancelled'])
  })

  it('skips what had not started: before it was asked, and while it waited for a place', async () => {
    const before = bench({ kind: 'echo' })
    before.control.cancel()
    expect(await before.run()).toMatchObject({ status: 'skipped', reason: 'cancelled', attempts: 0 })

    const semaphore = createSemaphore(1)
    await semaphore.acquire()
    const queued = bench({ kind: 'echo' }, {}, { ports: { semaphore } })
    const result = queued.run()
    await tick()
    expect(semaphore.waiting).toBe(1)
    queued.control.cancel()
    expect(await result).toMatchObject({ status: 'skipped', reason: 'cancelled' })
    expect(semaphore.waiting).toBe(0)
  })

  it('ends a wait for the next attempt at once', async () => {
    const { run, control, clock } = bench({ kind: 'do', value: 'it', retry }, { it: failing('network') })
    const result = run()
    await tick()
    await tick()
    control.cancel()
    expect(await result).toMatchObject({ status: 'cancelled', attempts: 1 })
    expect(clock.sleepers).toBe(0)
  })

  it('reports an attempt that does not stop', async () => {
    const { run, control, clock } = bench({ kind: 'do', value: 'deaf' }, { deaf: () => new Promise(() => {}) })
    const result = run()
    await tick()
    control.cancel()
    await clock.advance(5_000)
    expect(await result).toMatchObject({ status: 'cancelled', error: { details: { still_running: true } } })
  })

  it('by a time limit of the run says which limit it was', async () => {
    const { run, control } = bench({ kind: 'do', value: 'slow' }, { slow: obedient })
    const result = run()
    await tick()
    control.exceed(1_000)
    expect(await result).toMatchObject({ status: 'cancelled', error: { category: 'limit', code: 'run_timeout' } })
  })

  it('leaves no listener behind', async () => {
    const { run, control } = bench({ kind: 'echo', retry })
    const added: string[] = []
    const { signal } = control
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      added.push(args[0])
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      added.pop()
      remove(...args)
    }
    await run()
    expect(added).toEqual([])
  })
})

describe('pausing', () => {
  it('starts nothing more, and records nothing', async () => {
    const { run, control, events } = bench({ kind: 'echo' })
    control.pause('interrupted')
    await expect(run()).rejects.toBeInstanceOf(PauseRequested)
    expect(events).toEqual([])
  })

  it('lets what runs come to its end', async () => {
    let finish = (_: string) => {}
    const patient = () =>
      new Promise((resolve) => {
        finish = resolve
      })
    const { run, control } = bench({ kind: 'do', value: 'patient' }, { patient })
    const result = run()
    await tick()
    control.pause('interrupted')
    finish('done')
    expect(await result).toMatchObject({ status: 'succeeded', output: 'done' })
  })

  it('does not wait for a next attempt', async () => {
    const { run, control, clock, events } = bench(
      { kind: 'do', value: 'it', retry: { ...retry, delayMs: 30_000 } },
      { it: failing('network') },
    )
    const result = run()
    await tick()
    control.pause('interrupted')
    const paused = expect(result).rejects.toBeInstanceOf(PauseRequested)
    await clock.advance(500)
    await paused
    expect(events.map(({ type }) => type)).toEqual(['stage.started', 'stage.retrying'])
  })

  it('by abandoning stops what runs without an outcome', async () => {
    const { run, control, events } = bench({ kind: 'do', value: 'slow' }, { slow: obedient })
    const result = run()
    await tick()
    control.abandon()
    await expect(result).rejects.toBeInstanceOf(PauseRequested)
    expect(events.map(({ type }) => type)).toEqual(['stage.started', 'stage.interrupted'])
  })
})

describe('outputs', () => {
  it('must fit their schema, and are not retried for that', async () => {
    let calls = 0
    const { run } = bench(
      {
        kind: 'do',
        value: 'it',
        retry,
        output: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
      },
      { it: () => ({ n: `${++calls}` }) },
    )
    expect(await run()).toMatchObject({
      status: 'failed',
      output: null,
      error: { category: 'validation', code: 'bad_output', details: { problems: [{ path: '$.n' }] } },
    })
    expect(calls).toBe(1)
  })

  it('are null when nothing was returned', async () => {
    expect(await bench({ kind: 'do', value: 'it' }, { it: () => undefined }).run()).toMatchObject({ output: null })
  })

  it('must be JSON, and small enough', async () => {
    expect(await bench({ kind: 'do', value: 'it' }, { it: () => ({ a: [new Map()] }) }).run()).toMatchObject({
      error: { category: 'not_json', message: 'The output is not JSON at $.a[0]: a Map instance.' },
    })
    const large = bench({ kind: 'do', value: 'it', limits: { outputBytes: 10 } }, { it: () => 'ä'.repeat(5) })
    expect(await large.run()).toMatchObject({
      error: { category: 'limit', code: 'output_too_large', details: { bytes: 12, limit: 10 } },
    })
  })
})

describe('on_error', () => {
  const breaks = { kind: 'fail', value: { category: 'network', message: 'down' } } as const

  it('continue keeps the failure, tolerated and without a value; nothing is set', async () => {
    const { run, events } = bench({ ...breaks, onError: 'continue', set: { x: 1 } }, {}, { plan: vars })
    expect(await run()).toMatchObject({
      status: 'failed',
      tolerated: true,
      output: null,
      set: {},
      error: { code: 'network' },
    })
    expect(events.at(-1)).toMatchObject({ type: 'stage.failed', tolerated: true })
  })

  const vars = { vars: { x: { schema: { type: 'integer' }, merge: 'last' } } } as const

  it('continue with a value gives it as the output, and sets', async () => {
    const onError = { continue: { why: '${{ error.category }}', n: '${{ error.attempts }}' } }
    const { run } = bench({ ...breaks, onError, set: { x: '${{ output.n }}' } }, {}, { plan: vars })
    expect(await run()).toMatchObject({
      status: 'failed',
      tolerated: true,
      output: { why: 'network', n: 1 },
      set: { x: 1 },
    })
  })

  it('fails the stage for good when what it gives is wrong', async () => {
    const { run } = bench({ ...breaks, onError: { continue: 'text' }, output: { type: 'integer' } })
    expect(await run()).toMatchObject({
      status: 'failed',
      tolerated: false,
      output: null,
      error: { code: 'bad_output' },
    })
  })

  it('also takes outputs that do not fit, and an if that errs', async () => {
    const misfit = bench({ kind: 'echo', value: 'text', output: { type: 'integer' }, onError: { continue: 0 } })
    expect(await misfit.run()).toMatchObject({ tolerated: true, output: 0, error: { code: 'bad_output' } })
    expect(await bench({ if: '1 / 0 > 1', onError: { continue: 0 } }).run()).toMatchObject({
      tolerated: true,
      output: 0,
    })
  })
})

describe('set', () => {
  it('fails the stage when the value does not fit the variable, which then stays as it was', async () => {
    const vars = { x: { schema: { type: 'integer' }, merge: 'last' } } as const
    const outcome = await bench({ value: 'text', set: { x: '${{ output }}' } }, {}, { plan: { vars } }).run()
    expect(outcome).toMatchObject({ status: 'failed', set: {}, output: null, error: { code: 'bad_value' } })
  })
})

describe('set of part of a map', () => {
  const vars = {
    x: {
      schema: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['a', 'b'] },
      merge: 'merge',
    },
  } as const

  it('need not have every field that the variable requires, but those it has must fit', async () => {
    const part = bench({ value: { a: 'x' }, set: { x: '${{ output }}' } }, {}, { plan: { vars } })
    expect(await part.run()).toMatchObject({ status: 'succeeded', set: { x: { a: 'x' } } })
    const wrong = bench({ value: { a: 1 }, set: { x: '${{ output }}' } }, {}, { plan: { vars } })
    expect(await wrong.run()).toMatchObject({ status: 'failed', error: { code: 'bad_value' } })
  })
})

describe('the times of a stage', () => {
  it('start with its first attempt, not with its wait for a place', async () => {
    const semaphore = createSemaphore(1)
    const release = await semaphore.acquire()
    const { run, clock } = bench({ kind: 'echo' }, {}, { ports: { semaphore } })
    const result = run()
    await clock.advance(3_000)
    release()
    expect(await result).toMatchObject({ started_at: '2026-01-01T00:00:03.000Z', ended_at: '2026-01-01T00:00:03.000Z' })
  })
})

describe('cache', () => {
  const cached = { kind: 'do', value: 'it', cache: { key: { kind: 'literal', value: 'k' }, ttlMs: 1_000 } } as const
  function cachePort() {
    const kept = new Map<string, { value: Json; until: number }>()
    return {
      kept,
      getCached: async (key: string, nowMs: number) => {
        const found = kept.get(key)
        return found && found.until > nowMs ? { value: found.value } : undefined
      },
      putCached: async (key: string, value: Json, until: number) => {
        kept.set(key, { value, until })
      },
    }
  }

  it('answers without an attempt, sets, and expires', async () => {
    const cache = cachePort()
    let calls = 0
    const sketch = { ...cached, set: { x: '${{ output }}' } }
    const plan: PlanSketch = { vars: { x: { schema: true, merge: 'last' } } }
    const { run, events, clock } = bench(sketch, { it: () => ++calls }, { ports: { cache }, plan })
    expect(await run()).toMatchObject({ output: 1, attempts: 1 })
    expect(await run()).toMatchObject({ output: 1, attempts: 0, cached: true, set: { x: 1 } })
    expect(events.at(-2)).toMatchObject({ type: 'stage.succeeded', cached: true, attempts: 0 })
    await clock.advance(1_000)
    expect(await run()).toMatchObject({ output: 2 })
  })

  it('means something else once the stage is changed, and does not keep failures', async () => {
    const cache = cachePort()
    await bench({ ...cached, value: 'it' }, { it: () => 1 }, { ports: { cache } }).run()
    expect(await bench({ ...cached, value: 'other' }, { other: () => 2 }, { ports: { cache } }).run()).toMatchObject({
      output: 2,
    })
    await bench({ ...cached, value: 'bad' }, { bad: failing('internal') }, { ports: { cache } }).run()
    expect(cache.kept.size).toBe(2)
  })

  it('that is broken costs nothing but itself', async () => {
    const broken = () => Promise.reject(new Error('disk full'))
    const ports = { cache: { getCached: broken, putCached: broken } }
    expect(await bench(cached, { it: () => 1 }, { ports }).run()).toMatchObject({ status: 'succeeded', output: 1 })
  })
})

describe('secrets', () => {
  const plan: PlanSketch = { secrets: ['TOKEN'] }
  const ports = { env: { TOKEN: 'hunter22/+' } }

  it('reach the stage, and nothing that is kept or told', async () => {
    const deeds: Deeds = {
      leak: ({ env, log, output, token, progress }) => {
        const secret = env.TOKEN ?? ''
        log(`using ${secret}`, { header: `Bearer ${secret}` })
        output('stdout', `out: ${secret.slice(0, 4)}`)
        output('stdout', `${secret.slice(4)} end`)
        token(secret.slice(0, 2))
        token(secret.slice(2))
        progress(0.5, secret)
        return { plain: secret, [secret]: 1, basic: Buffer.from(`user:${secret}`).toString('base64') }
      },
      fail: ({ env }) => {
        throw new StageError(`bad token ${env.TOKEN}`, {
          category: 'internal',
          details: { url: encodeURIComponent(env.TOKEN ?? '') },
        })
      },
    }
    const env = { TOKEN: '${{ secrets.TOKEN }}' }
    const leaky = bench({ kind: 'do', value: 'leak', env }, deeds, { plan, ports })
    const outcome = await leaky.run()
    expect(outcome.output).toMatchObject({ plain: '***', '***': 1 })
    const broken = bench({ kind: 'do', value: 'fail', env }, deeds, { plan, ports })
    const failed = await broken.run()
    expect(failed.error).toMatchObject({ message: 'bad token ***', details: { url: '***' } })
    const everything = JSON.stringify([outcome, failed, leaky.events, broken.events])
    for (const form of [
      'hunter22',
      encodeURIComponent('hunter22/+'),
      'aHVudGVyMjIv',
      Buffer.from('user:hunter22/+').toString('base64'),
    ]) {
      expect(everything).not.toContain(form)
    }
    const text = leaky.events.flatMap((event) => (event.type === 'stage.output' ? [event.text] : [])).join('')
    expect(text).toBe('out: *** end')
  })

  it('are not known to conditions, set and handlers', async () => {
    expect(await bench({ if: 'secrets.TOKEN == "x"' }, {}, { plan, ports }).run()).toMatchObject({ status: 'failed' })
  })
})

describe('what a stage says', () => {
  it('is capped for output, per stream', async () => {
    const deeds: Deeds = {
      shout: ({ output }) => {
        for (let i = 0; i < 30; i++) output('stdout', 'x'.repeat(50_000))
        output('stderr', 'short')
      },
    }
    const { run, events } = bench({ kind: 'do', value: 'shout' }, deeds)
    await run()
    const outputs = events.flatMap((event) => (event.type === 'stage.output' ? [event] : []))
    const length = (stream: string) =>
      outputs.filter((each) => each.stream === stream).reduce((sum, { text }) => sum + text.length, 0)
    expect(length('stdout')).toBe(1_048_576)
    expect(length('stderr')).toBe(5)
    expect(outputs.filter(({ truncated }) => truncated)).toHaveLength(1)
    expect(Math.max(...outputs.map(({ text }) => text.length))).toBeLessThanOrEqual(65_536)
  })

  it('is said to whoever lowered the stage, too, in the same order', async () => {
    const { runner, own, viewWith, events } = bench({ kind: 'echo' })
    const told: unknown[] = []
    await runner.runStage(own, viewWith(), { tell: (event) => told.push(event) })
    expect(told).toEqual(events)
  })

  it("keeps the line of the user's own file in its error", async () => {
    const file = 'support-throws.ts'
    const deeds: Deeds = {
      mine: () => {
        const error = new Error('mine')
        error.stack = `Error: mine\n    at inner (node:internal/x:1:1)\n    at f (file://${import.meta.dirname.replace('/execution', '')}/${file}:12:9)`
        throw error
      },
    }
    const files: JsonObject = { [`./${file}`]: 'hash' }
    const { run } = bench({ kind: 'do', value: 'mine' }, deeds, { plan: { files: files as Record<string, string> } })
    expect(await run()).toMatchObject({
      error: { details: { at: 'support-throws.ts:12:9' } },
    })
  })
})

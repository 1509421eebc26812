/** Waits that last: their times, their answers and their events are rows, whoever runs the engine. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  compile,
  createEngine,
  createManualClock,
  type EngineOptions,
  type ManualClock,
  openStore,
  type PipelineEngine,
  type RunEvent,
  type RunStore,
} from '../../../src/index.ts'

const [hour, day] = [3_600_000, 86_400_000]
let folder: string
let clock: ManualClock
let stores: RunStore[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagegraph-durable-'))
  clock = createManualClock()
  stores = []
})
afterEach(async () => {
  for (const store of stores) await store.close()
  rmSync(folder, { recursive: true })
})

/** An engine on a connection of its own: as if in another process. */
function engine(options: Partial<EngineOptions> = {}): PipelineEngine {
  const store = openStore(join(folder, 'runs.db'), { clock })
  stores.push(store)
  return createEngine({ store, clock, background: false, ...options })
}

const endOf = async (ticked: Awaited<ReturnType<PipelineEngine['tick']>>) =>
  Promise.all(ticked.map(async (each) => ('run' in each ? (await each.run.result).status : each.error.code)))

async function typesOf(of: PipelineEngine, thread: string): Promise<string[]> {
  const all: RunEvent[] = []
  for await (const event of of.events(thread)) all.push(event)
  return all.filter(({ type }) => type.startsWith('wait.') || type.startsWith('approval.')).map(({ type }) => type)
}

const threeDays = compile(`
name: patient
stages:
  - { id: pause, wait: { for: 3d } }
  - { id: after, transform: "\${{ stages.pause.output }}" }
outputs: { paused: "\${{ stages.after.output }}" }
`)

const approval = (options: string) =>
  compile(`
name: expense
stages:
  - id: ok
    approve: { message: Pay?, ${options} }
  - { id: pay, transform: "\${{ stages.ok.output.decisions.map(d, d.by) }}" }
outputs: { by: "\${{ stages.pay.output }}" }
`)

const payment = (options = '') =>
  compile(`
name: order
inputs: { order: string }
stages:
  - id: paid
    wait: { event: payment.received, match: event.data.order == inputs.order${options} }
outputs: { got: "\${{ stages.paid.output.event.data.amount }}", fired: "\${{ stages.paid.output.fired }}" }
`)

describe.each(['flow', 'stages'] as const)('by the lowering %s', (lowering) => {
  it('a wait of three days ends in another process, in no time', async () => {
    const first = engine({ lowering })
    expect((await first.execute(threeDays, {}, { threadId: 't' })).status).toBe('waiting')
    await first.close()
    const second = engine()
    expect(await second.tick()).toEqual([])
    await clock.advance(3 * day - 1)
    expect(await second.tick()).toEqual([])
    await clock.advance(1)
    const [ticked] = await second.tick()
    expect(ticked).toMatchObject({ id: 't', pipeline: 'patient' })
    const result = ticked && 'run' in ticked ? await ticked.run.result : undefined
    expect(result).toMatchObject({
      status: 'succeeded',
      outputs: { paused: { fired: 'for', event: null, waited_ms: 3 * day } },
    })
    expect(await second.pending()).toEqual([])
    expect(await typesOf(second, 't')).toEqual(['wait.started', 'wait.fired'])
  })

  it.each([
    ['its own list', '  - { id: w, wait: { event: never } }\n'],
    ['a body', '  - { id: b, parallel: { one: [{ id: w, wait: { for: 9d } }] } }\n'],
    ['a foreach', '  - { id: f, foreach: [1, 2], stages: [{ id: w, wait: { for: 9d } }] }\n'],
    ['an approval', '  - { id: w, approve: { message: m } }\n'],
  ])('a run that waits in %s is woken by its deadline', async (_where, stages) => {
    const its = compile(`name: p\nlimits: { deadline: 2h }\nstages:\n${stages}`)
    const first = engine({ lowering })
    expect((await first.execute(its, {}, { threadId: 't' })).status).toBe('waiting')
    await first.close()
    const second = engine()
    await clock.advance(2 * hour - 1)
    expect(await second.tick()).toEqual([])
    await clock.advance(1)
    expect(await endOf(await second.tick())).toEqual(['failed'])
    expect((await second.get('t'))?.result?.error).toMatchObject({ category: 'limit', code: 'run_deadline' })
    expect(await second.pending()).toEqual([])
    expect(await second.tick()).toEqual([])
  })

  it('a deadline that passed while nobody ran is a deadline', async () => {
    await engine({ lowering }).execute(
      approval('timeout: 2h, on_timeout: reject, on_reject: stop'),
      {},
      { threadId: 't' },
    )
    await clock.advance(day)
    const late = engine()
    await expect(late.decide('t', 'ok', { decision: 'approved' })).rejects.toMatchObject({ code: 'wait_decided' })
    expect(await endOf(await late.tick())).toEqual(['stopped'])
    expect(await typesOf(late, 't')).toEqual(['wait.started', 'wait.timed_out'])
  })

  it('reminders come once each, also when some were missed', async () => {
    const its = approval('remind: 1d, timeout: 10d')
    await engine({ lowering }).execute(its, {}, { threadId: 't' })
    const other = engine()
    await clock.advance(day)
    expect(await endOf(await other.tick())).toEqual(['waiting'])
    expect(await other.tick()).toEqual([])
    await clock.advance(3.5 * day)
    await endOf(await other.tick())
    const events: RunEvent[] = []
    for await (const event of other.events('t')) events.push(event)
    const reminders = events.flatMap((event) => (event.type === 'approval.requested' ? [event.reminder] : []))
    expect(reminders).toEqual([1, 4])
    expect((await (await other.decide('t', 'ok', { decision: 'approved' })).run?.result)?.status).toBe('succeeded')
  })

  it('an event comes to the wait that it matches, and an id counts once', async () => {
    const one = engine({ lowering })
    await one.execute(payment(), { order: 'o1' }, { threadId: 'o1' })
    await one.execute(payment(), { order: 'o2' }, { threadId: 'o2' })
    const other = engine()
    const none = await other.signal({ event: 'payment.received', data: { order: 'o9' } })
    expect(none).toMatchObject({ duplicate: false, runs: [] })
    const sent = await other.signal({ event: 'payment.received', id: 'p1', data: { order: 'o2', amount: 5 } })
    expect(sent.runs.map(({ id }) => id)).toEqual(['o2'])
    expect(await sent.runs[0]?.result).toMatchObject({ outputs: { got: 5, fired: 'payment.received' } })
    const again = await other.signal({ event: 'payment.received', id: 'p1', data: { order: 'o1', amount: 6 } })
    expect(again).toEqual({ id: 'p1', duplicate: true, runs: [] })
    expect((await other.pending()).map(({ thread }) => thread)).toEqual(['o1'])
  })

  it('an event that came first is kept for a day', async () => {
    const one = engine({ lowering })
    await one.signal({ event: 'payment.received', data: { order: 'o1', amount: 7 } })
    await clock.advance(day - 1)
    expect((await one.execute(payment(), { order: 'o1' })).outputs).toMatchObject({ got: 7 })
    await clock.advance(1)
    expect((await one.execute(payment(), { order: 'o1' }, { threadId: 'late' })).status).toBe('waiting')
  })

  it('without match only what came after the start of the run counts', async () => {
    const any = compile(
      'name: p\nstages:\n  - { id: w, wait: { event: bell } }\noutputs: { n: "${{ stages.w.output.event.data }}" }\n',
    )
    const one = engine({ lowering })
    await one.signal({ event: 'bell', data: 1 })
    await clock.advance(1)
    expect((await one.execute(any, {}, { threadId: 't' })).status).toBe('waiting')
    const { runs } = await one.signal({ event: 'bell', data: 2 })
    expect((await runs[0]?.result)?.outputs).toEqual({ n: 2 })
  })

  it('a stage tells its own run and others', async () => {
    const both = compile(`
name: p
stages:
  - { id: heard, needs: [], wait: { event: told, match: event.data == 'x' } }
  - { id: tell, needs: [], emit: { event: told, data: x } }
outputs: { fired: "\${{ stages.heard.output.fired }}", id: "\${{ stages.tell.output }}" }
`)
    const one = engine({ lowering })
    expect(await one.execute(both)).toMatchObject({ status: 'succeeded', outputs: { fired: 'told' } })
  })

  it('all of several have to come, in any order, over restarts', async () => {
    const all = compile(`
name: p
stages:
  - id: w
    wait: { all: [{ event: a }, { event: b, name: second }, { name: later, for: 1h }] }
outputs: { fired: "\${{ stages.w.output.fired }}", event: "\${{ stages.w.output.event.data }}" }
`)
    await engine({ lowering }).execute(all, {}, { threadId: 't' })
    await clock.advance(1)
    const sent = await engine().signal({ event: 'b', data: 'B' })
    expect((await sent.runs[0]?.result)?.status).toBe('waiting')
    await clock.advance(day)
    expect(await endOf(await engine().tick())).toEqual(['waiting'])
    const last = await engine().signal({ event: 'a', data: 'A' })
    expect(await last.runs[0]?.result).toMatchObject({ outputs: { fired: 'a', event: 'A' } })
    expect(await typesOf(engine(), 't')).toEqual(['wait.started', 'wait.evaluated', 'wait.evaluated', 'wait.fired'])
  })

  it('a condition sees what others set meanwhile', async () => {
    const counting = compile(`
name: p
vars: { n: { type: number, merge: sum, default: 0 } }
stages:
  - { id: w, needs: [], wait: { condition: vars.n >= 2 } }
  - { id: a, needs: [], transform: 1, set: { n: 1 } }
  - { id: b, needs: [a], transform: 1, set: { n: 1 } }
outputs: { fired: "\${{ stages.w.output.fired }}" }
`)
    expect(counting.diagnostics).toEqual([])
    const result = await engine({ lowering }).execute(counting)
    // In `stages` b stands behind the barrier that the wait holds.
    expect(result.status).toBe(lowering === 'flow' ? 'succeeded' : 'waiting')
  })

  it('a condition on the time is looked at once a minute', async () => {
    const until = compile(`
name: p
stages:
  - { id: w, wait: { condition: "now() > time('2026-01-01T00:00:30Z')" } }
outputs: { ms: "\${{ stages.w.output.waited_ms }}" }
`)
    await engine({ lowering }).execute(until, {}, { threadId: 't' })
    await clock.advance(59_999)
    expect(await engine().tick()).toEqual([])
    await clock.advance(1)
    expect(await endOf(await engine().tick())).toEqual(['succeeded'])
    expect((await engine().get('t'))?.result?.outputs).toEqual({ ms: 60_000 })
  })

  it("defaults are none of a wait's business", async () => {
    const its = compile(`
name: p
defaults: { timeout: 1ms, retry: { attempts: 5 } }
stages:
  - { id: ok, approve: { message: ok? } }
`)
    expect(its.plan.stages[0]).not.toHaveProperty('timeout')
    expect(its.plan.stages[0]).not.toHaveProperty('retry')
    expect((await engine({ lowering }).execute(its)).status).toBe('waiting')
  })

  it('a failure beside a wait cancels it', async () => {
    const failing = compile(`
name: p
stages:
  - { id: ok, needs: [], approve: { message: ok? } }
  - { id: bad, needs: [], assert: [{ that: 1 > 2 }] }
  - { id: after, needs: [ok], transform: 1 }
`)
    const one = engine({ lowering })
    const result = await one.execute(failing, {}, { threadId: 't' })
    expect(result).toMatchObject({ status: 'failed', error: { stage: 'bad' } })
    expect(await one.pending()).toEqual([])
    expect((await typesOf(one, 't')).at(-1)).not.toBe('wait.started')
  })
})

describe('inside other stages', () => {
  it('each item asks for itself, and is answered by its path', async () => {
    const its = compile(`
name: p
stages:
  - id: each
    foreach: "\${{ ['a', 'b'] }}"
    stages:
      - { id: ok, approve: { message: "\${{ item }}?", timeout: 2d } }
      - { id: said, transform: "\${{ stages.ok.output.decisions[0].by }}" }
outputs: { by: "\${{ stages.each.output }}" }
`)
    await engine().execute(its, {}, { threadId: 't' })
    const other = engine()
    expect((await other.pending('t')).map(({ stage }) => stage).toSorted()).toEqual(['each[0].ok', 'each[1].ok'])
    const first = await other.decide('t', 'each[1].ok', { decision: 'approved', by: 'bob' })
    expect((await first.run?.result)?.status).toBe('waiting')
    const second = await engine().decide('t', 'each[0].ok', { decision: 'approved', by: 'ann' })
    expect(await second.run?.result).toMatchObject({ status: 'succeeded', outputs: { by: ['ann', 'bob'] } })
  })

  it('an event is given to one iteration of a loop, and the next one waits for another', async () => {
    const its = compile(`
name: p
stages:
  - id: twice
    loop: { until: iteration.index == 1, max: 3 }
    stages:
      - { id: bell, wait: { event: bell, match: event.data > 0, timeout: 1h } }
outputs: { last: "\${{ stages.twice.output.event.data }}" }
`)
    await engine().execute(its, {}, { threadId: 't' })
    const once = await engine().signal({ event: 'bell', data: 1 })
    expect((await once.runs[0]?.result)?.status).toBe('waiting')
    const twice = await engine().signal({ event: 'bell', data: 2 })
    expect(await twice.runs[0]?.result).toMatchObject({ status: 'succeeded', outputs: { last: 2 } })
  })
})

describe('while other stages of the run are at work', () => {
  const busy = (wait: string) =>
    compile(`
name: p
stages:
  - { id: w, needs: [], ${wait} }
  - { id: after, needs: [w], run: date +%s%N }
  - { id: long, needs: [], run: sleep 1.5; date +%s%N }
outputs: { first: "\${{ stages.after.output < stages.long.output }}" }
`)

  it('a decision is taken up at once', async () => {
    const run = await engine().start(busy('approve: { message: ok? }'), {}, { threadId: 't' })
    const other = engine()
    for (let turn = 0; turn < 100 && (await other.pending('t')).length === 0; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(await other.decide('t', 'w', { decision: 'approved' })).not.toHaveProperty('run')
    expect(await run.result).toMatchObject({ status: 'succeeded', outputs: { first: true } })
    expect(await typesOf(other, 't')).toEqual(['wait.started', 'wait.fired'])
  })

  it('a condition is looked at when another stage has ended', async () => {
    const its = compile(`
name: p
vars: { n: { type: number, merge: sum, default: 0 } }
stages:
  - { id: w, needs: [], wait: { condition: vars.n >= 1 } }
  - { id: after, needs: [w], run: date +%s%N }
  - { id: one, needs: [], run: sleep 0.2, set: { n: 1 } }
  - { id: long, needs: [], run: sleep 1.5; date +%s%N }
outputs: { first: "\${{ stages.after.output < stages.long.output }}" }
`)
    expect(await engine().execute(its)).toMatchObject({ status: 'succeeded', outputs: { first: true } })
  })

  it('an event and the time are, too', async () => {
    const both = 'wait: { all: [{ event: bell }, { for: 1h }] }'
    const run = await engine({ leaseMs: day }).start(busy(both), {}, { threadId: 't' }) // for a clock that jumps
    const other = engine()
    for (let turn = 0; turn < 100 && (await other.pending('t')).length === 0; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await clock.advance(3_600_000)
    expect((await other.signal({ event: 'bell' })).runs).toEqual([])
    expect(await run.result).toMatchObject({ status: 'succeeded', outputs: { first: true } })
  })
})

it('a run that was paused is not woken; what came is there when it goes on', async () => {
  const its = compile(`
name: p
stages:
  - { id: first, needs: [], transform: 1 }
  - { id: w, needs: [], wait: { any: [{ event: bell }, { name: time, for: 1h }] } }
outputs: { fired: "\${{ stages.w.output.fired }}" }
`)
  const one = engine()
  await one.execute(its, {}, { threadId: 't' })
  const paused = await (await one.resume('t', { until: 'first' })).result
  expect(paused.status).toBe('waiting') // `first` had ended before
  const run = await one.start(its, {}, { threadId: 'u', until: 'first' })
  expect((await run.result).status).toBe('paused')
  await clock.advance(10)
  expect((await one.signal({ event: 'bell' })).runs.map(({ id }) => id)).toEqual(['t'])
  await clock.advance(3_600_000)
  expect((await one.tick()).map(({ id }) => id)).toEqual([])
  expect(await (await one.resume('u')).result).toMatchObject({ status: 'succeeded', outputs: { fired: 'bell' } })
})

describe('decisions', () => {
  it('come too late after the deadline, by every door', async () => {
    const one = engine()
    const its = approval('timeout: 1h')
    await one.execute(its, {}, { threadId: 't' })
    const [wait] = await one.pending('t')
    await clock.advance(3_600_000)
    const late = { code: 'wait_decided', message: expect.stringContaining('timed out') }
    await expect(one.decide('t', 'ok', { decision: 'approved' })).rejects.toMatchObject(late)
    const answers = { [String(wait?.id)]: { decision: 'approved' } }
    await expect(one.resume('t', { answers })).rejects.toMatchObject(late)
    expect(await endOf(await one.tick())).toEqual(['failed'])
  })

  it('say who took them, and when', async () => {
    const one = engine()
    const its = compile('name: p\nstages:\n  - { id: q, ask: { message: Who? } }\n')
    await one.execute(its, {}, { threadId: 't' })
    await clock.advance(5_000)
    await (await one.decide('t', 'q', { answer: 'me', by: 'ann' })).run?.result
    for await (const event of one.events('t')) {
      if (event.type === 'wait.fired') expect(event).toMatchObject({ by: 'ann', at: '2026-01-01T00:00:05.000Z' })
    }
    await one.execute(approval(''), {}, { threadId: 'u' })
    await clock.advance(5_000)
    await (await one.decide('u', 'ok', { decision: 'approved', by: 'bob', comment: 'fine' })).run?.result
    const decision = { by: 'bob', at: '2026-01-01T00:00:10.000Z', decision: 'approved', comment: 'fine' }
    expect((await one.get('u'))?.stages[0]?.output).toMatchObject({ decisions: [decision] })
  })

  const two = approval('approvals: 2, assignees: [ann, bob, cy]')

  it('of two who decide at once, both count', async () => {
    await engine().execute(two, {}, { threadId: 't' })
    const [a, b] = [engine(), engine()]
    const [wait] = await a.pending('t')
    const id = String(wait?.id)
    const decided = await Promise.all([
      a.decide('t', id, { decision: 'approved', by: 'ann' }),
      b.decide('t', id, { decision: 'approved', by: 'bob' }),
    ])
    await Promise.all(decided.map(({ run }) => run?.result))
    for (let turn = 0; turn < 50 && (await a.get('t'))?.status !== 'succeeded'; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const state = await a.get('t')
    expect(state?.status).toBe('succeeded')
    expect([...((state?.result?.outputs?.by as string[] | undefined) ?? [])].toSorted()).toEqual(['ann', 'bob'])
  })

  it('nobody decides twice, and only who may', async () => {
    const one = engine()
    await one.execute(two, {}, { threadId: 't' })
    await expect(one.decide('t', 'ok', { decision: 'approved' })).rejects.toMatchObject({ code: 'invalid_inputs' })
    await expect(one.decide('t', 'ok', { decision: 'approved', by: 'eve' })).rejects.toMatchObject({
      code: 'invalid_inputs',
    })
    const first = await one.decide('t', 'ok', { decision: 'approved', by: 'ann', comment: 'fine' })
    expect((await first.run?.result)?.status).toBe('waiting')
    await expect(one.decide('t', 'ok', { decision: 'rejected', by: 'ann' })).rejects.toMatchObject({
      code: 'invalid_inputs',
    })
    // The same again is no second decision; another one to the same question is refused.
    expect(await one.decide('t', first.wait, { decision: 'approved', by: 'ann', comment: 'fine' })).toMatchObject({
      stage: 'ok',
    })
    await expect(one.decide('t', first.wait, { decision: 'rejected', by: 'ann' })).rejects.toMatchObject({
      code: 'wait_decided',
    })
    const second = await one.decide('t', 'ok', { decision: 'approved', by: 'bob' })
    expect(await second.run?.result).toMatchObject({ status: 'succeeded', outputs: { by: ['ann', 'bob'] } })
    await expect(one.decide('t', 'ok', { decision: 'approved', by: 'cy' })).rejects.toMatchObject({
      code: 'no_open_wait',
    })
  })

  it('whoever may not is told why', async () => {
    const one = engine()
    const its = approval('approvals: 2, assignees: [ann, bob, cy], not: [initiator]')
    const run = await one.start(its, {}, { threadId: 't', by: 'cy' })
    await run.result
    const says = (message: string) => ({ code: 'invalid_inputs', message, problems: [{ name: 'by', message }] })
    const approve = (by?: string) => one.decide('t', 'ok', { decision: 'approved', ...(by !== undefined && { by }) })
    await expect(approve()).rejects.toMatchObject(
      says('This decision needs an authenticated "by": it matters who takes it.'),
    )
    await expect(approve('eve')).rejects.toMatchObject(says('eve is not among the assignees.'))
    await expect(approve('cy')).rejects.toMatchObject(
      says('cy may not decide: whoever started the run may not (not: [initiator]).'),
    )
    await (await approve('ann')).run?.result
    await expect(approve('ann')).rejects.toMatchObject(says('ann has already decided.'))
    expect(await (await approve('bob')).run?.result).toMatchObject({ status: 'succeeded' })
  })

  it('the second of two has what is left of the time, and is reminded as the first would be', async () => {
    const one = engine()
    await one.execute(approval('approvals: 2, timeout: 10h, remind: 4h'), {}, { threadId: 't' })
    await clock.advance(5 * hour)
    expect(await endOf(await one.tick())).toEqual(['waiting'])
    await (await one.decide('t', 'ok', { decision: 'approved', by: 'ann' })).run?.result
    expect(await one.tick()).toEqual([])
    await clock.advance(3 * hour)
    expect(await endOf(await one.tick())).toEqual(['waiting'])
    expect(await one.pending('t')).toMatchObject([{ reminded: 2, due_at: '2026-01-01T10:00:00.000Z' }])
    await clock.advance(2 * hour)
    expect(await endOf(await one.tick())).toEqual(['failed'])
    expect((await one.get('t'))?.result?.error?.category).toBe('timeout')
  })

  it('a run that is cancelled while something inside waits leaves no wait behind', async () => {
    const one = engine()
    const its = compile('name: p\nstages:\n  - { id: b, parallel: { one: [{ id: w, wait: { for: 9d } }] } }\n')
    await one.execute(its, {}, { threadId: 't' })
    await one.cancel('t')
    expect((await one.get('t'))?.status).toBe('cancelled')
    expect(await one.pending()).toEqual([])
    expect(await typesOf(one, 't')).toEqual(['wait.started', 'wait.cancelled'])
  })

  it('one rejection decides', async () => {
    const one = engine()
    await one.execute(two, {}, { threadId: 't' })
    const said = await one.decide('t', 'ok', { decision: 'rejected', by: 'bob', comment: 'too much' })
    expect(await said.run?.result).toMatchObject({
      status: 'failed',
      error: { category: 'rejected', message: 'It was rejected by bob: too much' },
    })
  })

  it('whoever started the run may not approve it', async () => {
    const one = engine()
    const run = await one.start(approval('not: [initiator]'), {}, { threadId: 't', by: 'ann' })
    await run.result
    await expect(one.decide('t', 'ok', { decision: 'approved', by: 'ann' })).rejects.toMatchObject({
      code: 'invalid_inputs',
    })
    const said = await one.decide('t', 'ok', { decision: 'approved', by: 'bob' })
    expect((await said.run?.result)?.status).toBe('succeeded')
    const unknown = await one.execute(approval('not: [initiator]'))
    expect(unknown).toMatchObject({ status: 'failed', error: { code: 'unknown_initiator' } })
  })

  it('a form is checked, completed and part of the output', async () => {
    const its = compile(`
name: p
stages:
  - id: ok
    approve:
      message: Publish?
      form: { channel: { enum: [blog, wiki], default: blog }, title: string, "note?": string }
outputs: { form: "\${{ stages.ok.output.form }}", channel: "\${{ stages.ok.output.form.channel }}" }
`)
    const one = engine()
    await one.execute(its, {}, { threadId: 't' })
    for (const form of [undefined, {}, { title: 1 }, { title: 'x', channel: 'radio' }]) {
      const given = { decision: 'approved', ...(form && { form }) } as const
      await expect(one.decide('t', 'ok', given), JSON.stringify(form)).rejects.toMatchObject({ code: 'invalid_inputs' })
    }
    expect(await one.pending('t')).toHaveLength(1)
    const { run } = await one.decide('t', 'ok', { decision: 'approved', form: { title: 'Tea' } })
    expect(await run?.result).toMatchObject({ outputs: { form: { title: 'Tea', channel: 'blog' }, channel: 'blog' } })
  })

  it('a question is answered with its form', async () => {
    const its = compile(`
name: p
stages:
  - { id: q, ask: { message: Who?, form: { name: string }, assignees: [ann] } }
outputs: { name: "\${{ stages.q.output.name }}" }
`)
    const one = engine()
    await one.execute(its, {}, { threadId: 't' })
    await expect(one.decide('t', 'q', { answer: { name: 'x' } })).rejects.toMatchObject({ code: 'invalid_inputs' })
    const { run } = await one.decide('t', 'q', { answer: { name: 'Tea' }, by: 'ann' })
    expect((await run?.result)?.outputs).toEqual({ name: 'Tea' })
  })
})

it('a decision is not lost, nor taken twice, wherever its process is killed', async () => {
  const effects = join(folder, 'effects')
  const its = compile(`
name: expense
inputs: { file: string }
stages:
  - { id: ok, approve: { message: Pay?, assignees: [ann] } }
  - { id: pay, run: 'echo paid >> "$FILE"', env: { FILE: "\${{ inputs.file }}" }, idempotency_key: once }
outputs: { by: "\${{ stages.ok.output.decisions.map(d, d.by) }}" }
`)
  const child = fileURLToPath(new URL('decide-child.ts', import.meta.url))
  let killed = 0
  for (let calls = 1 + (process.pid % 3); ; calls += 3) {
    const thread = `t${calls}`
    const file = `${effects}${calls}`
    await engine().execute(its, { file }, { threadId: thread })
    const { signal, stdout } = spawnSync(process.execPath, [child, join(folder, 'runs.db'), thread, String(calls)], {
      encoding: 'utf8',
    })
    if (stdout === 'ended') break
    expect(signal).toBe('SIGKILL')
    killed++
    const other = engine()
    for (const each of await other.recover()) if ('run' in each) await each.run.result
    await endOf(await other.tick())
    const isOpen = (await other.pending(thread)).length > 0
    if (isOpen) await (await other.decide(thread, 'ok', { decision: 'approved', by: 'ann' })).run?.result
    else await expect(other.decide(thread, 'ok', { decision: 'rejected', by: 'ann' })).rejects.toThrow(/open wait/)
    expect(await other.get(thread)).toMatchObject({ status: 'succeeded', result: { outputs: { by: ['ann'] } } })
    const paid = readFileSync(file, 'utf8').trim().split('\n')
    expect(paid.length).toBeLessThanOrEqual(2) // killed in the middle of `pay`, it ran again, with the same key
  }
  expect(killed).toBeGreaterThan(3)
}, 120_000)

it('an engine sees to what is due of other runs while it has one', async () => {
  await engine().execute(threeDays, {}, { threadId: 't' })
  await clock.advance(3 * day)
  await using other = engine({ background: true })
  await other.execute(compile('name: p\nstages:\n  - { id: a, run: sleep 0.5 }\n'))
  expect((await other.get('t'))?.status).toBe('succeeded')
})

it('what a stage tells reaches other runs', async () => {
  await using one = engine({ background: true })
  await one.execute(payment(), { order: 'o1' }, { threadId: 'o1' })
  const paying = `
name: pay
stages:
  - { id: tell, emit: { event: payment.received, data: { order: o1, amount: 9 } } }
  - { id: done, run: sleep 0.3 }
`
  await one.execute(compile(paying))
  expect((await one.get('o1'))?.result?.outputs).toMatchObject({ got: 9 })
})

/** The scheduler of the flow lowering, given outcomes and asked for more: no LangGraph in sight. */
import { describe, expect, it } from 'vitest'
import { createFlow } from '../../src/execution/flow.ts'
import { JournalError } from '../../src/foundation/journal.ts'
import type { Outcome, Outcomes } from '../../src/foundation/outcome.ts'
import { noPast } from '../../src/foundation/past.ts'
import type { Plan, StagePlan } from '../../src/foundation/plan.ts'
import { PauseRequested, type RunView, type StageRunner, StageWaits } from '../../src/foundation/stage-runner.ts'
import { planOf, stage } from '../support-stages.ts'

const outcome = (output: string): Outcome => ({
  status: 'succeeded',
  output,
  error: null,
  reason: null,
  tolerated: false,
  set: {},
  attempts: 1,
  started_at: '',
  ended_at: '',
})

const viewOf = (outcomes: Outcomes = {}): RunView => ({
  inputs: {},
  outcomes,
  patches: [],
  run: {
    id: 't',
    thread_id: 't',
    pipeline: 'test',
    version: null,
    plan: '',
    started_at: '2026-01-01T00:00:00.000Z',
    env: {},
  },
})

/** A runner of which only `runStage` is ever asked for. */
function runnerOf(run: (stage: StagePlan, view: RunView) => Promise<Outcome>): StageRunner {
  const never = () => {
    throw new Error('The scheduler asked for what is not its business.')
  }
  return {
    runStage: run,
    start: never,
    inputHash: never,
    settle: never,
    fold: never,
    checkVariable: never,
    checkOutput: never,
    checkAnswer: never,
  }
}

/** Runs `plan` with stages that end when the test says so. */
function byHand(plan: Plan, outcomes: Outcomes = {}) {
  const started: string[] = []
  const ends = new Map<string, (end: Outcome | Error) => void>()
  const runner = runnerOf(({ id }) => {
    started.push(id)
    return new Promise((resolve, reject) => {
      ends.set(id, (end) => (end instanceof Error ? reject(end) : resolve(end)))
    })
  })
  const flown = createFlow(plan)(runner)({ view: viewOf(outcomes), line: {} })
  const end = async (id: string, how: Outcome | Error = outcome(id)) => {
    ends.get(id)?.(how)
    await new Promise(setImmediate)
  }
  return { started, flown, end }
}

const diamond = planOf([
  stage('a', { needs: [] }),
  stage('b', { needs: ['a'] }),
  stage('c', { needs: ['a'] }),
  stage('d', { needs: ['a', 'b', 'c'] }),
  stage('e', { needs: [] }),
])

describe('the scheduler', () => {
  it('starts a stage when the last of its needs is done, in the order of the list', async () => {
    const { started, flown, end } = byHand(diamond)
    expect(started).toEqual(['a', 'e'])
    await end('a')
    expect(started).toEqual(['a', 'e', 'b', 'c'])
    await end('c')
    await end('b')
    expect(started).toEqual(['a', 'e', 'b', 'c', 'd'])
    await end('d')
    await end('e')
    const { fresh, paused } = await flown
    expect(Object.keys(fresh)).toEqual(['a', 'c', 'b', 'd', 'e'])
    expect(paused).toBe(false)
  })

  it('returns at once, with nothing, when everything is done', async () => {
    const all = Object.fromEntries(diamond.stages.map(({ id }) => [id, outcome(id)]))
    const { started, flown } = byHand(diamond, all)
    expect(await flown).toEqual({ fresh: {}, paused: false, waits: [] })
    expect(started).toEqual([])
  })

  it('does not run what has an outcome, and does not let it vouch for what it stands on', async () => {
    const { started, flown, end } = byHand(diamond, { b: outcome('by hand'), e: outcome('e') })
    expect(started).toEqual(['a'])
    await end('a')
    expect(started).toEqual(['a', 'c'])
    await end('c')
    expect(started).toEqual(['a', 'c', 'd'])
    await end('d')
    expect(Object.keys((await flown).fresh)).toEqual(['a', 'c', 'd'])
  })

  it('starts nothing more when a stage was paused, and waits for what runs', async () => {
    const { started, flown, end } = byHand(diamond)
    await end('a')
    await end('b', new PauseRequested('pause'))
    await end('e')
    expect(started).toEqual(['a', 'e', 'b', 'c'])
    await end('c')
    const { fresh, paused } = await flown
    expect(Object.keys(fresh)).toEqual(['a', 'e', 'c'])
    expect(paused).toBe(true)
  })

  it('starts nothing more when a stage with checkpoint: true has ended, and waits for what runs', async () => {
    const stages = diamond.stages.map((each) => (each.id === 'a' ? { ...each, checkpoint: true as const } : each))
    const { started, flown, end } = byHand({ ...diamond, stages })
    await end('a')
    expect(started).toEqual(['a', 'e'])
    await end('e')
    expect(await flown).toMatchObject({ fresh: { a: {}, e: {} }, paused: false, waits: [] })
    const next = byHand({ ...diamond, stages }, (await flown).fresh)
    expect(next.started).toEqual(['b', 'c'])
  })

  it('goes on beside a stage that waits, and tells what it waits for', async () => {
    const { started, flown, end } = byHand(diamond)
    const wait = { id: '1', stage: 'b', value: 'b?' }
    await end('a')
    await end('b', new StageWaits(wait))
    await end('c')
    await end('e')
    expect(started).toEqual(['a', 'e', 'b', 'c'])
    const { fresh, waits, paused } = await flown
    expect(Object.keys(fresh)).toEqual(['a', 'c', 'e'])
    expect({ waits, paused }).toEqual({ waits: [wait], paused: false })
  })

  it('rejects when the runner breaks, but only after everything that runs has ended', async () => {
    const { started, flown, end } = byHand(diamond)
    let settled = false
    const seen = flown.catch((error: Error) => {
      settled = true
      return error.message
    })
    await end('e', new Error('a bug'))
    expect(settled).toBe(false)
    await end('a')
    expect(await seen).toBe('a bug')
    expect(started).toEqual(['a', 'e'])
  })
})

describe('the journal', () => {
  const plan = planOf([stage('a'), stage('b')])

  it('has everything before whoever called gets it', async () => {
    const order: string[] = []
    const runner = runnerOf(async ({ id }) => outcome(id))
    const journal = {
      say() {},
      async commit() {
        await new Promise(setImmediate)
        order.push('kept')
      },
    }
    await createFlow(plan)(runner)({
      view: viewOf(),
      line: { recorded: { journal, past: noPast, reread: async () => noPast } },
    })
    order.push('given')
    expect(order).toEqual(['kept', 'given'])
  })

  it('that breaks stops the run, which rejects with what broke it', async () => {
    const started: string[] = []
    const runner = runnerOf(async ({ id }) => {
      started.push(id)
      throw new JournalError(new Error('disk full'))
    })
    const flown = createFlow(plan)(runner)({ view: viewOf(), line: {} })
    await expect(flown).rejects.toMatchObject({ name: 'Error', message: 'disk full' })
    expect(started).toEqual(['a'])
  })
})

describe('5,000 stages', () => {
  it.each([
    ['a chain', (index: number) => (index === 0 ? [] : [`s${index - 1}`])],
    ['a chain of all_above', () => 'all_above' as const],
    ['all at once', () => []],
    [
      'layers of 50 that need all of the layer above',
      (index: number) =>
        index < 50 ? [] : Array.from({ length: 50 }, (_, at) => `s${(Math.floor(index / 50) - 1) * 50 + at}`),
    ],
  ])('run through: %s', async (_, needs) => {
    const plan = planOf(Array.from({ length: 5000 }, (__, index) => stage(`s${index}`, { needs: needs(index) })))
    const runner = runnerOf(async ({ id }) => outcome(id))
    const { fresh } = await createFlow(plan)(runner)({ view: viewOf(), line: {} })
    expect(Object.keys(fresh)).toHaveLength(5000)
  })

  it('give the event loop a turn now and then', async () => {
    const plan = planOf(Array.from({ length: 1000 }, (_, index) => stage(`s${index}`)))
    let turns = 0
    const count = () => {
      turns++
      next = setImmediate(count)
    }
    let next = setImmediate(count)
    const runner = runnerOf(async ({ id }) => outcome(id))
    await createFlow(plan)(runner)({ view: viewOf(), line: {} })
    clearImmediate(next)
    expect(turns).toBeGreaterThan(5)
  })
})

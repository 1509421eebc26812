/** An engine on a LangGraph that does not do what `flow` relies on: its runs are run by `stages`, and say so. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lowerAs } from '../../src/compiler/lower/fallback.ts'
import { createSelfTest, type SelfTest } from '../../src/compiler/lower/self-test.ts'
import { createPipelineEngine } from '../../src/execution/engine.ts'
import { durationsFrom } from '../../src/execution/engine-host.ts'
import { createLists } from '../../src/execution/lists.ts'
import { createSemaphore } from '../../src/execution/semaphore.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { createEvaluator } from '../../src/foundation/expression/evaluate.ts'
import { randomId } from '../../src/foundation/ids.ts'
import { silentLogger } from '../../src/foundation/logger.ts'
import { createValidators } from '../../src/foundation/schema.ts'
import { createMemoryStore, type RunEvent, type RunStore } from '../../src/index.ts'
import { breakages } from '../compiler/lower/langgraph-breakages.ts'
import { kindsOf, planOf, stage } from '../support-stages.ts'

let store: RunStore
beforeEach(() => {
  store = createMemoryStore()
})
afterEach(() => store.close())

/** As `createEngine` makes one, with a self-test of the test's. */
function engineOn(selfTest: SelfTest) {
  const kinds = kindsOf()
  return createPipelineEngine({
    store,
    kinds,
    clock: systemClock,
    logger: silentLogger,
    newId: randomId,
    leaseMs: 60_000,
    selfTest,
    lowering: () => lowerAs('flow', selfTest),
    stageHost: (plan) => ({
      kinds,
      lists: createLists(),
      evaluator: createEvaluator(),
      validators: createValidators(),
      clock: systemClock,
      random: Math.random,
      env: {},
      logger: silentLogger,
      semaphore: createSemaphore(plan.limits.concurrency),
      services: { functions: new Map(), models: new Map(), fetch: globalThis.fetch },
    }),
    knownDurations: durationsFrom(store),
  })
}

const plan = planOf([stage('a', { kind: 'echo', value: 1 }), stage('b', { kind: 'echo', value: 2 })])
const list = async (events: AsyncIterable<RunEvent>) => {
  const all: RunEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

describe('an engine on a LangGraph with something broken', () => {
  it('runs what starts here by stages, and says once why', async () => {
    await using engine = engineOn(createSelfTest(breakages.of.edge_to_self))
    const run = await engine.start(plan)
    expect((await run.result).status).toBe('succeeded')
    const events = await list(engine.events(run.id))
    expect(events[0]).toMatchObject({ type: 'run.started', lowering: 'stages' })
    const warnings = events.filter(({ type }) => type === 'run.warned')
    expect(warnings).toMatchObject([{ code: 'flow_unsupported', message: expect.stringContaining('edge_to_self') }])
  })

  it('does not go on with a run of flow, and says what is missing', async () => {
    await using sound = engineOn(createSelfTest())
    const run = await sound.start(plan, {}, { threadId: 't', until: 'a' })
    expect((await run.result).status).toBe('paused')
    await using engine = engineOn(createSelfTest(breakages.of.edge_to_self))
    await expect(engine.resume('t')).rejects.toMatchObject({
      code: 'unsupported_option',
      message: expect.stringContaining('edge_to_self'),
    })
    expect((await (await sound.resume('t')).result).status).toBe('succeeded')
  })
})

it('an engine on a sound LangGraph runs by flow, and says nothing', async () => {
  await using engine = engineOn(createSelfTest())
  const run = await engine.start(plan)
  await run.result
  const events = await list(engine.events(run.id))
  expect(events[0]).toMatchObject({ type: 'run.started', lowering: 'flow' })
  expect(events.filter(({ type }) => type === 'run.warned')).toEqual([])
})

/**
 * Two graphs of one plan: whatever `stages` computes, `flow` computes, also when its process dies at any write of its
 * checkpointer and another goes on; and no stage whose row was written runs again.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as tick } from 'node:timers/promises'
import { MemorySaver } from '@langchain/langgraph'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import type { PipelineState } from '../../src/compiler/lower/pipeline-state.ts'
import { createMemoryStore } from '../../src/execution/stores/memory.ts'
import { openSqliteStore } from '../../src/execution/stores/sqlite.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import { randomBodies } from '../support-bodies.ts'
import { type Pick, randomPlan } from '../support-dags.ts'
import { type Death, forever, MortalSaver } from '../support-savers.ts'
import { type Deeds, lower, lowerFlow, thread } from '../support-stages.ts'

/** What both lowerings have to agree on: everything but clocks, attempts and messages. */
function essence(plan: Plan, state: PipelineState) {
  return {
    stages: plan.stages.map(({ id }) => {
      const { status, reason, tolerated, output, error, set, parts, body } = state.stages[id] ?? { status: 'absent' }
      const inside = status === 'succeeded' && { parts, body }
      return { id, status, reason, tolerated, output, code: error?.code, failed: error?.stage, set, ...inside }
    }),
    variables: Object.keys(plan.vars).map((name) => [name, state[`vars.${name}`]]),
    outputs: state.outputs,
    run: { status: state.run.status, code: state.run.error?.code, stage: state.run.error?.stage },
  }
}

/** Stages that take a few turns of the event loop, and never end once their process is dead. */
function deeds(delays: () => number, saver: { readonly dead: boolean }): Deeds {
  const pause = async () => {
    for (let left = delays(); left > 0; left--) await tick()
    return saver.dead ? forever() : undefined
  }
  return {
    wait: async ({ stage: id }) => {
      await pause()
      return id
    },
    break: async () => {
      await pause()
      throw new Error('broken')
    },
  }
}

/** Runs a plan through as many processes as there are deaths and one more. */
async function survive(plan: Plan, data: BaseCheckpointSaver, deaths: readonly Death[], delays: () => number) {
  const recorded = new Set<string>()
  const again: string[] = []
  for (const death of [...deaths, undefined]) {
    const checkpointer = new MortalSaver(data, death)
    const { graph, events } = lowerFlow(plan, deeds(delays, checkpointer), { checkpointer, onFailure: 'return' })
    const { values } = await graph.getState(thread('t'))
    if (values.run?.status !== undefined) return { state: values as PipelineState, again }
    const input = values.run === undefined ? { inputs: {} } : null
    const ended = await Promise.race([graph.invoke(input, thread('t')), checkpointer.died])
    again.push(...events.flatMap((event) => ('stage' in event && recorded.has(event.stage) ? [event.stage] : [])))
    for (const path of checkpointer.recorded) recorded.add(path)
    if (ended !== 'died') return { state: ended as PipelineState, again }
  }
  throw new Error('The last process has no death.')
}

/** Flat ones by default. */
type MakePlan = (pick: Pick, count: number) => Plan

const property = (open: () => BaseCheckpointSaver, makePlan: MakePlan = randomPlan) =>
  fc.asyncProperty(fc.gen(), async (gen) => {
    const pick: Pick = (...choices) => choices[gen(fc.nat, { max: choices.length - 1 })] as (typeof choices)[number]
    const plan = makePlan(pick, gen(fc.integer, { min: 1, max: 12 }))
    const delays = () => gen(fc.nat, { max: 3 })
    const stages = lower(plan, deeds(delays, { dead: false }), { onFailure: 'return' })
    const expected = essence(plan, (await stages.graph.invoke({ inputs: {} })) as PipelineState)

    const whole = lowerFlow(plan, deeds(delays, { dead: false }), { onFailure: 'return' })
    expect(essence(plan, (await whole.graph.invoke({ inputs: {} })) as PipelineState)).toEqual(expected)

    const deaths = Array.from({ length: pick(0, 1, 1, 2, 3) }, () => ({
      at: gen(fc.integer, { min: 1, max: 16 }),
      stored: pick(true, false),
    }))
    const { state, again } = await survive(plan, open(), deaths, delays)
    expect(again).toEqual([])
    expect(essence(plan, state)).toEqual(expected)
  })

const folder = mkdtempSync(join(tmpdir(), 'stagegraph-lowerings-'))
const stores = { count: 0, close: [] as (() => Promise<void>)[] }
afterAll(async () => {
  for (const close of stores.close) await close()
  rmSync(folder, { recursive: true, force: true })
})

function sqlite(): BaseCheckpointSaver {
  const store = openSqliteStore(join(folder, `${++stores.count}.db`))
  stores.close.push(() => store.close())
  return store.saver
}

it('agree on random pipelines, whenever the process of `flow` dies (MemorySaver, fixed seed)', async () => {
  await fc.assert(
    property(() => new MemorySaver()),
    { seed: 20_261_124, numRuns: 200 },
  )
}, 60_000)

it('agree on random pipelines, whenever the process of `flow` dies (MemorySaver, a new seed each time)', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`lowerings: seed ${seed}`)
  await fc.assert(
    property(() => new MemorySaver()),
    { seed, numRuns: 50 },
  )
}, 60_000)

it.each([
  ['memory store', () => createMemoryStore().saver],
  ['SQLite store', sqlite],
] as const)(
  'agree on random pipelines, whenever the process of `flow` dies (our %s)',
  async (_, open) => {
    await fc.assert(property(open), { seed: 7, numRuns: 25 })
  },
  60_000,
)

const nested: MakePlan = (pick, count) => randomBodies(pick, Math.min(count, 5), 3)

it('agree on random pipelines with stages inside stages, whenever the process of `flow` dies (fixed seed)', async () => {
  await fc.assert(
    property(() => new MemorySaver(), nested),
    { seed: 20_261_124, numRuns: 300 },
  )
}, 60_000)

it('agree on random pipelines with stages inside stages (SQLite store, a new seed each time)', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`nested lowerings: seed ${seed}`)
  await fc.assert(property(sqlite, nested), { seed, numRuns: 25 })
}, 60_000)

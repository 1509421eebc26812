/**
 * Random pipelines whose stages ask, answered in random portions: both lowerings end the same, whatever the order, and
 * also when processes of `flow` die on the way.
 */
import { setImmediate as tick } from 'node:timers/promises'
import { Command, type Interrupt, MemorySaver } from '@langchain/langgraph'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PipelineState } from '../../src/compiler/lower/pipeline-state.ts'
import { compileTemplate } from '../../src/foundation/expression/template.ts'
import type { Plan, StagePlan } from '../../src/foundation/plan.ts'
import { mapLists, randomBodies } from '../support-bodies.ts'
import { type Pick, randomPlan } from '../support-dags.ts'
import { type Death, forever, MortalSaver } from '../support-savers.ts'
import { type Deeds, lower, lowerFlow, thread } from '../support-stages.ts'

/** What both lowerings have to agree on: everything but clocks, attempts and messages. */
function essence(plan: Plan, state: PipelineState) {
  return {
    stages: plan.stages.map(({ id }) => {
      const { status, reason, tolerated, output, error, set } = state.stages[id] ?? { status: 'absent' }
      return { id, status, reason, tolerated, output, code: error?.code, failed: error?.stage, set }
    }),
    variables: Object.keys(plan.vars).map((name) => [name, state[`vars.${name}`]]),
    outputs: state.outputs,
    run: { status: state.run.status, code: state.run.error?.code, stage: state.run.error?.stage },
  }
}

/** Some of the stages that take their time ask instead, once or twice. */
function asking(plan: Plan, pick: Pick): Plan {
  return { ...plan, stages: plan.stages.map(asks) }

  function asks(stage: StagePlan): StagePlan {
    if (stage.body) return { ...stage, body: mapLists(stage.body, (stages) => stages.map(asks)) }
    if (!JSON.stringify(stage.config).includes('wait')) return stage
    return { ...stage, config: compileTemplate(pick('wait', 'ask once', 'ask twice')) }
  }
}

function deeds(delays: () => number, process: { readonly dead: boolean }): Deeds {
  const pause = async () => {
    for (let left = delays(); left > 0; left--) await tick()
    return process.dead ? forever() : undefined
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
    'ask once': async ({ stage: id, wait }) => {
      await pause()
      return `${id}: ${await wait({ value: `${id} 1?` })}`
    },
    'ask twice': async ({ stage: id, wait }) => {
      const first = await wait({ value: `${id} 1?` })
      await pause()
      return `${id}: ${first}, ${await wait({ value: `${id} 2?` })}`
    },
  }
}

type Open = readonly Interrupt[]

/** What is asked is answered by its own text, so that the order of answers cannot matter. */
const command = (some: Open) =>
  new Command({ resume: Object.fromEntries(some.map(({ id, value }) => [String(id), `to ${value}`])) }) as never

async function answerAll(
  lowering: typeof lower,
  plan: Plan,
  portion: (open: Open) => Open,
  delays: () => number,
  deaths: Death[] = [],
): Promise<PipelineState> {
  const data = new MemorySaver()
  let open: Open | undefined
  for (let step = 0; step < 200; step++) {
    const saver = new MortalSaver(data, deaths.pop())
    const { graph } = lowering(plan, deeds(delays, saver), { checkpointer: saver, onFailure: 'return' })
    const { values } = await lowering(plan, {}, { checkpointer: data }).graph.getState(thread('t'))
    if (values.run?.status !== undefined) return values
    const input = values.run === undefined ? { inputs: {} } : open && open.length > 0 ? command(portion(open)) : null
    const ended = await Promise.race([graph.invoke(input, thread('t')), saver.died])
    if (ended === 'died') continue // whoever answered asks again, or answers something else
    open = (ended as { __interrupt__?: Interrupt[] }).__interrupt__ ?? []
  }
  throw new Error('It never ended.')
}

const property = (told: string[], makePlan: (pick: Pick, count: number) => Plan = randomPlan) =>
  fc.asyncProperty(fc.gen(), async (gen) => {
    const pick: Pick = (...choices) => choices[gen(fc.nat, { max: choices.length - 1 })] as (typeof choices)[number]
    const plan = asking(makePlan(pick, gen(fc.integer, { min: 1, max: 10 })), pick)
    const delays = () => gen(fc.nat, { max: 2 })
    const portion = (open: Open): Open => {
      told.push(...open.map(({ value }) => String(value)))
      const some = open.filter(() => pick(true, false))
      return some.length > 0 ? some : open.slice(-1)
    }
    const expected = essence(plan, await answerAll(lower, plan, portion, delays))
    expect(expected.run.status).toBeDefined()
    expect(essence(plan, await answerAll(lowerFlow, plan, portion, delays))).toEqual(expected)
    const deaths = Array.from({ length: pick(1, 2, 3, 4) }, () => ({
      at: gen(fc.integer, { min: 1, max: 12 }),
      stored: pick(true, false),
    }))
    expect(essence(plan, await answerAll(lowerFlow, plan, portion, delays, [...deaths]))).toEqual(expected)
    expect(essence(plan, await answerAll(lower, plan, portion, delays, [...deaths]))).toEqual(expected)
  })

it('end the same (fixed seed)', async () => {
  const told: string[] = []
  await fc.assert(property(told), { seed: 3, numRuns: 30 })
  expect(told.filter((question) => question.endsWith('2?')).length).toBeGreaterThan(20)
}, 60_000)

it('end the same (a new seed each time)', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`waits: seed ${seed}`)
  await fc.assert(property([]), { seed, numRuns: 10 })
}, 60_000)

const nested = (pick: Pick, count: number): Plan => randomBodies(pick, Math.min(count, 4), 3)

it('end the same with stages inside stages (fixed seed)', async () => {
  const told: string[] = []
  await fc.assert(property(told, nested), { seed: 11, numRuns: 100 })
  expect(told.filter((question) => /[.].*2[?]$/.test(question)).length).toBeGreaterThan(20)
}, 60_000)

it('end the same with stages inside stages (a new seed each time)', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`nested waits: seed ${seed}`)
  await fc.assert(property([], nested), { seed, numRuns: 10 })
}, 60_000)

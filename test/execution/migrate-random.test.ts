/**
 * Random nested pipelines, stopped or left anywhere, edited anyhow: a run that goes on by the edited plan ends as a new
 * run of that plan does, and what has to do with no edit and had come to a good end does not run again.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import type { PipelineEngine } from '../../src/execution/pipeline-engine.ts'
import { compileTemplate } from '../../src/foundation/expression/template.ts'
import { digest, type Json } from '../../src/foundation/json.ts'
import { topOf } from '../../src/foundation/paths.ts'
import type { Plan, StagePlan } from '../../src/foundation/plan.ts'
import { createEngine, createMemoryStore, defineStage, type RunStore } from '../../src/index.ts'
import { mapLists, randomBodies } from '../support-bodies.ts'
import { type Pick, randomPlan } from '../support-dags.ts'
import { stage } from '../support-stages.ts'

const withHash = ({ hash: _, ...rest }: Plan): Plan => ({ ...rest, hash: digest(rest as unknown as Json) })

/** The stages that an edit has to do with by itself, tops only, by id. */
interface Edited {
  readonly plan: Plan
  readonly touched: ReadonlySet<string>
}

let made = 0

/** What it gives follows from what is upstream of it. */
const doing = (deed: string) => compileTemplate({ deed, log: '${{ vars.log }}' })

const seeing = (each: StagePlan): StagePlan =>
  each.body
    ? { ...each, body: mapLists(each.body, (stages) => stages.map(seeing)) }
    : { ...each, config: doing(JSON.stringify(each.config).includes('break') ? 'break' : 'wait') }

function edit(plan: Plan, pick: Pick): Edited {
  const touched = new Set<string>()
  const stages = editList(plan.stages, pick, (id) => touched.add(id))
  const log = pick(true, false, false, false)
  if (log) for (const { id } of stages) touched.add(id)
  const vars = log ? { ...plan.vars, log: { ...plan.vars.log, default: ['begin'] } } : plan.vars
  return { plan: withHash({ ...plan, vars: vars as Plan['vars'], stages }), touched }
}

function editList(stages: readonly StagePlan[], pick: Pick, touch: (id: string) => void): StagePlan[] {
  const needed = new Set(stages.flatMap(({ needs }) => (needs === 'all_above' ? [] : needs.map((need) => need.stage))))
  const kept = stages.filter(({ id }, at) => {
    if (stages.length === 1 || needed.has(id) || !pick(true, false, false, false, false, false)) return true
    for (const below of stages.slice(at)) touch(below.id)
    return false
  })
  const edited = kept.map((each) => {
    const after = editStage(each, pick)
    if (after !== each) touch(each.id)
    return after
  })
  if (pick(true, false, false, false)) {
    const id = `new${made++}`
    touch(id)
    const added = stage(id, {
      kind: 'do',
      value: 'wait',
      needs: pick<'all_above' | []>('all_above', []),
      set: pick({}, { log: [id] }),
    })
    const place = pick(0, edited.length)
    for (const below of edited.slice(place)) touch(below.id)
    edited.splice(place, 0, added)
  }
  if (edited.length > 1 && pick(true, false, false, false, false)) {
    const [one, two, ...rest] = edited as [StagePlan, StagePlan, ...StagePlan[]]
    if (!needsAbove([two, one, ...rest])) return edited
    for (const each of edited) touch(each.id)
    return [two, one, ...rest]
  }
  return edited
}

/** Otherwise `all_above` could make a cycle. */
const needsAbove = (stages: readonly StagePlan[]): boolean =>
  stages.every(({ needs }, at) => {
    const above = stages.slice(0, at).map(({ id }) => id)
    return needs === 'all_above' || needs.every((need) => above.includes(need.stage))
  })

function editStage(each: StagePlan, pick: Pick): StagePlan {
  if (each.body) {
    const changed = new Set<string>()
    const body = mapLists(each.body, (stages) => editList(stages, pick, (id) => changed.add(id)))
    return changed.size > 0 ? { ...each, body } : each
  }
  switch (pick('not', 'not', 'not', 'not', 'deed', 'set', 'title')) {
    case 'deed':
      return { ...each, config: doing(pick('wait', 'other')) }
    case 'set':
      return { ...each, set: { ...each.set, log: compileTemplate([`${each.id}!`]) } }
    case 'title':
      return { ...each, title: 'Another' }
    default:
      return each
  }
}

/** Whatever is in reach of what was touched, by the needs of either plan. */
function inReach(before: Plan, { plan, touched }: Edited, badly: readonly string[]): ReadonlySet<string> {
  const reached = new Set([...touched, ...badly])
  for (let size = -1; size !== reached.size; ) {
    size = reached.size
    for (const { stages } of [before, plan]) {
      const positions = new Map(stages.map(({ id }, at) => [id, at]))
      for (const [at, { id, needs }] of stages.entries()) {
        const own = needs === 'all_above' ? stages.slice(0, at).map((each) => each.id) : needs.map((need) => need.stage)
        if (own.some((need) => positions.has(need) && reached.has(need))) reached.add(id)
      }
    }
  }
  return reached
}

/** How a run ended, but for clocks, attempts and messages. */
async function essence(engine: PipelineEngine, thread: string) {
  const state = await engine.get(thread)
  return {
    status: state?.status,
    outputs: state?.result?.outputs ?? null,
    stages: state?.stages.map(({ id, status, reason, tolerated, output, error }) => [
      id,
      status,
      reason,
      tolerated,
      output,
      error?.code,
    ]),
  }
}

/** The store of a process that dies with its `at`th commit, before or after it. */
function mortal(store: RunStore, at: number, stored: boolean): RunStore {
  let left = at
  return new Proxy(store, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver)
      if (name !== 'append') return typeof member === 'function' ? member.bind(target) : member
      return async (...given: Parameters<RunStore['append']>) => {
        left--
        if (left > 0 || (left === 0 && stored)) await target.append(...given)
        if (left <= 0) throw new Error('The process died.')
      }
    },
  })
}

const property = (makePlan: (pick: Pick, count: number) => Plan, seen: { kept: number; again: number }) =>
  fc.asyncProperty(fc.gen(), async (gen) => {
    const pick: Pick = (...choices) => choices[gen(fc.nat, { max: choices.length - 1 })] as (typeof choices)[number]
    const store = createMemoryStore()
    const ran: string[] = []
    let leftToRun = Number.POSITIVE_INFINITY
    let stop = (): void => undefined
    const begin = (path: string): void => {
      ran.push(path)
      if (--leftToRun === 0) stop()
    }
    const deeds = defineStage({
      name: 'do',
      docs: { summary: '', output: '', example: '' },
      schema: z.object({ deed: z.string(), log: z.unknown() }),
      run: ({ deed, log }, { stage: path }) => {
        begin(path)
        if (deed === 'break') throw new Error('broken')
        return JSON.stringify([path, deed, log])
      },
    })
    const lowering = pick('flow', 'stages')
    const on = (store: RunStore) => createEngine({ store, stages: [deeds], lowering, env: {} })
    const plan = makePlan(pick, gen(fc.integer, { min: 1, max: 6 }))
    const before = withHash({ ...plan, stages: plan.stages.map(seeing) })
    const edited = edit(before, pick)

    leftToRun = pick(Number.POSITIVE_INFINITY, gen(fc.integer, { min: 1, max: 8 }))
    const run = await on(store).start(before, {}, { threadId: 't' })
    stop = run.abandon
    await run.result
    leftToRun = Number.POSITIVE_INFINITY

    const stood = (await on(store).get('t'))?.stages ?? []
    const isWell = ({ status, tolerated, reason }: (typeof stood)[number]): boolean =>
      status === 'succeeded' || tolerated || (status === 'skipped' && reason === 'condition')
    const badly = stood.filter((each) => each.status !== 'pending' && !isWell(each)).map(({ id }) => id)
    const finished = new Set(stood.filter(isWell).map(({ id }) => id))

    const planned = await on(store).planRecovery('t', { migrate: edited.plan })
    ran.length = 0
    if (pick(true, false)) {
      const dies = on(mortal(store, gen(fc.integer, { min: 1, max: 4 }), pick(true, false)))
      await (await dies.resume('t', { migrate: edited.plan })).result
    }
    await (await on(store).resume('t', { migrate: edited.plan })).result
    const reused = new Set(planned.filter(({ does }) => does === 'reused').map((each) => each.stage))
    const mayRun = inReach(before, edited, badly)
    for (const path of ran) {
      expect(reused).not.toContain(topOf(path))
      expect(!finished.has(topOf(path)) || mayRun.has(topOf(path))).toBe(true)
    }
    seen.kept += reused.size
    seen.again += new Set(ran).size

    await on(store).execute(edited.plan, {}, { threadId: 'new' })
    expect(await essence(on(store), 't')).toEqual(await essence(on(store), 'new'))
    await store.close()
  })

const nested = (pick: Pick, count: number): Plan => randomBodies(pick, Math.min(count, 4), 2)

it.each([
  ['lists', randomPlan],
  ['lists in lists', nested],
] as const)(
  'end as a new run does: %s (fixed seed)',
  async (_, make) => {
    const seen = { kept: 0, again: 0 }
    await fc.assert(property(make, seen), { seed: 5, numRuns: 60, endOnFailure: true })
    expect(Math.min(seen.kept, seen.again)).toBeGreaterThan(20)
  },
  120_000,
)

it('end as a new run does (a new seed each time)', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`migrate: seed ${seed}`)
  await fc.assert(property(nested, { kept: 0, again: 0 }), { seed, numRuns: 15, endOnFailure: true })
}, 120_000)

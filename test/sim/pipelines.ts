/**
 * Random pipelines, and how their stages behave: how long each execution takes, and how it fails.
 *
 * Behaviour follows the number of the *execution*, not of the attempt: a stage that is to fail for good fails every time,
 * and one that recovers does so before its retries are spent. So a crash, which repeats an execution, changes how often a
 * stage runs and never how it ends; and a run with faults can be compared with one without.
 */
import type { FailureCategory } from '../../src/foundation/errors.ts'
import type { Json } from '../../src/foundation/json.ts'
import type { NeedPlan, Plan, RetryCategory, RollbackPlan, StagePlan } from '../../src/foundation/plan.ts'
import { joinNames, type MergeName } from '../../src/foundation/plan.ts'
import { pick, type Random, times, upTo } from '../fuzz/random.ts'
import { planOf, type StageSketch, stage } from '../support-stages.ts'
import { holderOf } from './bodies.ts'

/** What goes wrong with an execution. `slow`: it takes longer than the stage's timeout. `crash`: its process dies. */
export type Trouble =
  | { readonly is: 'error'; readonly category: FailureCategory; readonly retryAfterMs?: number }
  | { readonly is: 'slow' }
  | { readonly is: 'not_json' }
  | { readonly is: 'crash' }

export interface Behaviour {
  readonly durationMs: number
  /** Of the first executions, one by one. */
  readonly first: readonly Trouble[]
  /** Of all others. */
  readonly always?: Trouble
  /** It does not listen to its signal, and ends up to this much later than it is told to. Milliseconds. */
  readonly deafMs: number
}

export interface RandomPipeline {
  readonly plan: Plan
  readonly behaviours: ReadonlyMap<string, Behaviour>
  /** How often stages ask for an answer. */
  readonly questions: number
  /** Stages have timeouts, so how they end depends on how fast their process is. */
  readonly isTimed: boolean
}

export const timeoutMs = 1_000

const variables = {
  log: { schema: true, merge: 'append', default: ['start'] },
  total: { schema: true, merge: 'sum', default: 100 },
  last: { schema: true, merge: 'last' },
  first: { schema: true, merge: 'first' },
  seen: { schema: true, merge: 'union', default: [] },
  low: { schema: true, merge: 'min', default: 50 },
  map: { schema: true, merge: 'merge', default: {} },
} as const satisfies Record<string, { schema: true; merge: MergeName; default?: Json }>

const everything =
  '${{ {"log": vars.log, "total": vars.total, "last": vars.last, "first": vars.first, "map": vars.map} }}'

export function randomPipeline(random: Random): RandomPipeline {
  const count = stageCount(random)
  const needs = randomNeeds(random, count)
  const behaviours = new Map<string, Behaviour>()
  const isTimed = random() < 0.4
  const isCrashing = random() < 0.1
  const style: Style = { isTimed, asks: random() < 0.2, isOnce: random() < 0.2, saves: random() < 0.2 }
  const isSlow = !isTimed && random() < 0.3 // slow enough for leases to run out, and to be renewed
  const holds = random() < 0.4
  const undoes = random() < 0.25 // a failure is rolled back
  const stages = needs.map((own, index) => {
    const sketch = { ...sketchOf(random, index, needs, style), needs: own }
    const made = stage(idOf(index), sketch)
    if (holds && random() < 0.4) return holderOf(random, made, { make: inside })
    return behaving(made)
  })

  function behaving(made: StagePlan): StagePlan {
    const behaviour = behaviourOf(random, made, isSlow && random() < 0.3)
    behaviours.set(made.id, isCrashing && random() < 0.3 ? crashing(random, behaviour) : behaviour)
    return undoes && made.kind === 'effect' && random() < 0.6 ? { ...made, rollback: undoing(made) } : made
  }

  /** It behaves like the stage that it is of, and is tried as often. */
  function undoing({ id, retry }: StagePlan): RollbackPlan {
    const value = { questions: 0, vars: null, reads: ['${{ output }}'] }
    const made = stage(id, { kind: 'effect', needs: [], join: 'all_done', value, ...(retry && { retry }) })
    return { stage: made, alsoOnFailure: random() < 0.3 }
  }

  function lastStage(id: string): StagePlan {
    const value = { questions: 0, vars: everything, reads: ['${{ run.status }}'] }
    return behaving(stage(id, { kind: 'effect', join: 'all_done', value, retry: retryOf(random) }))
  }

  function inside(id: string, own: StagePlan['needs']): StagePlan {
    const { checkpoint: _, ...sketch } = sketchOf(random, 0, [[]], style)
    return behaving(stage(id, { ...sketch, needs: own }))
  }
  const ends = random() < 0.2 ? times(1 + upTo(random, 2), (at) => lastStage(`end${at}`)) : []
  const plan = planOf(stages, {
    ...(ends.length > 0 && { finally: ends }),
    ...(undoes && { onError: { do: 'rollback' } }),
    vars: variables,
    outputs: { all: everything, ends: `\${{ ${endsOf(random, count)} }}` },
    limits: { concurrency: pick(random, [1, 2, 8, 8]), ...(random() < 0.05 && { timeoutMs: upTo(random, 10_000) }) },
    recursionLimit: 2 * count + 10,
  })
  return { plan, behaviours, isTimed, questions: style.asks ? (holds ? 30 : 2) * count : 0 }
}

/** Mostly few, so that many pipelines can be tried. */
const stageCount = (random: Random): number => (random() < 0.1 ? 12 + upTo(random, 14) : 3 + upTo(random, 7))

const idOf = (index: number): string => `s${index}`

const endsOf = (random: Random, count: number): string =>
  `[${times(1 + upTo(random, 3), () => `stages.${idOf(upTo(random, count))}.status`).join(', ')}]`

interface Style {
  readonly isTimed: boolean
  /** Some stages ask before they do anything. */
  readonly asks: boolean
  /** Some stages may not be begun twice without a person's word. */
  readonly isOnce: boolean
  /** After some stages there is to be a checkpoint. */
  readonly saves: boolean
}

function sketchOf(
  random: Random,
  index: number,
  needs: readonly StagePlan['needs'][],
  { isTimed, asks, isOnce, saves }: Style,
): StageSketch {
  const above = upstreamOf(needs, index)
  const isPure = random() < 0.2
  const condition = conditionOf(random, above)
  return {
    ...(isPure ? { value: pureValue(random, above) } : { kind: 'effect', value: effectValue(random, above, asks) }),
    ...(saves && random() < 0.2 && { checkpoint: true }),
    ...(!isPure && isOnce && random() < 0.5 && { once: true }),
    join: random() < 0.5 ? 'none_failed' : pick(random, joinNames),
    ...(condition !== undefined && { if: condition }),
    set: setsOf(random, index),
    ...(random() < 0.3 && {
      onError: pick<NonNullable<StageSketch['onError']>>(random, [
        'continue',
        { continue: everything },
        { continue: 7 },
      ]),
    }),
    ...(!isPure && random() < 0.4 && { retry: retryOf(random) }),
    ...(isTimed && !isPure && random() < 0.5 && { timeout: { total: { kind: 'literal', value: timeoutMs } } }),
  }
}

function conditionOf(random: Random, above: readonly number[]): string | undefined {
  const roll = random()
  if (roll < 0.6) return undefined
  if (roll < 0.65) return 'false'
  if (roll < 0.8) return pick(random, ['size(vars.log) % 2 == 0', 'vars.total < 110', 'vars.last != null'])
  if (roll < 0.83) return 'vars.last.nothing > 1' // fails
  const other = pick(random, above)
  return other === undefined ? 'true' : `stages.${idOf(other)}.status == "succeeded"`
}

function effectValue(random: Random, above: readonly number[], asks = false): Json {
  const reads = times(upTo(random, 3), () => pick(random, above)).filter((at) => at !== undefined)
  return {
    questions: asks && random() < 0.4 ? 1 + upTo(random, 2) : 0,
    vars: random() < 0.5 ? everything : null,
    reads: reads.map((at) => `\${{ stages.${idOf(at)}.output }}`),
  }
}

function pureValue(random: Random, above: readonly number[]): Json {
  if (random() < 0.1) return '${{ vars.total + vars.last.nothing }}' // fails
  return { pure: effectValue(random, above) }
}

function setsOf(random: Random, index: number): Record<string, Json> {
  const id = idOf(index)
  const all: Record<string, Json> = {
    log: [id],
    total: index + 1,
    last: random() < 0.5 ? id : '${{ output }}',
    first: id,
    seen: [id, 'x'],
    low: 40 - index,
    map: { [id]: index, common: id },
  }
  const chosen = Object.keys(all).filter(() => random() < 0.25)
  return Object.fromEntries(chosen.map((name) => [name, all[name] as Json]))
}

function retryOf(random: Random): NonNullable<StagePlan['retry']> {
  return {
    attempts: 2 + upTo(random, 3),
    delayMs: pick(random, [0, 10, 700, 5_000]),
    backoff: pick(random, ['constant', 'linear', 'exponential']),
    maxDelayMs: 10_000,
    jitter: random() < 0.5,
    on: pick<readonly RetryCategory[]>(random, [
      ['network', 'timeout', 'rate_limit'],
      ['network', 'internal'],
      ['timeout'],
    ]),
  }
}

function behaviourOf(random: Random, made: StagePlan, isSlow: boolean): Behaviour {
  const durationMs = isSlow ? upTo(random, 40_000) : pick(random, [0, 1, 1, 5, 20, 100, 400])
  const deafMs = random() < 0.1 ? upTo(random, 4_000) : 0
  const roll = random()
  if (made.kind !== 'effect' || roll < 0.6) return { durationMs, deafMs, first: [] }
  if (roll < 0.75) return { durationMs, deafMs, first: [], always: anyTrouble(random, made) }
  return { durationMs, deafMs, first: recoverable(random, made) }
}

/** Its first executions take their process with them. */
const crashing = (random: Random, behaviour: Behaviour): Behaviour => ({
  ...behaviour,
  first: [...times(1 + upTo(random, 4), (): Trouble => ({ is: 'crash' })), ...behaviour.first],
})

/** The same where no process dies. */
export const withoutCrashes = (pipeline: RandomPipeline): RandomPipeline => ({
  ...pipeline,
  behaviours: new Map(
    [...pipeline.behaviours].map(([id, each]) => [
      id,
      { ...each, first: each.first.filter(({ is }) => is !== 'crash') },
    ]),
  ),
})

function anyTrouble(random: Random, { timeout }: StagePlan): Trouble {
  if (timeout && random() < 0.4) return { is: 'slow' }
  if (random() < 0.1) return { is: 'not_json' }
  return { is: 'error', category: pick(random, ['network', 'internal', 'validation', 'http_5xx', 'rate_limit']) }
}

/** Fewer than the retries forgive. */
function recoverable(random: Random, { retry, timeout }: StagePlan): Trouble[] {
  if (!retry) return []
  return times(1 + upTo(random, retry.attempts - 1), () => {
    const category = pick(random, retry.on)
    if (category === 'timeout') return timeout ? { is: 'slow' } : { is: 'error', category }
    return { is: 'error', category, ...(random() < 0.3 && { retryAfterMs: upTo(random, 3_000) }) }
  })
}

/** Needs that point up or down the list, without cycles. */
function randomNeeds(random: Random, count: number): StagePlan['needs'][] {
  const style = random() // some pipelines are lists, some are wide
  const all = times<StagePlan['needs']>(count, () => (random() < style * 0.5 ? 'all_above' : []))
  for (const index of all.keys()) {
    if (all[index] === 'all_above') continue
    for (let tries = upTo(random, 4); tries > 0; tries--) addNeed(random, all, index)
  }
  return all
}

function addNeed(random: Random, all: StagePlan['needs'][], index: number): void {
  const other = upTo(random, all.length)
  const own = all[index] as readonly NeedPlan[]
  if (own.some((need) => need.stage === idOf(other)) || isAbove(all, index, other)) return
  const status = pick<NeedPlan['status']>(random, [
    undefined,
    undefined,
    undefined,
    ['failed'],
    ['succeeded', 'failed'],
  ])
  all[index] = [...own, { stage: idOf(other), ...(status && { status }) }]
}

export const directNeeds = (all: readonly StagePlan['needs'][], index: number): number[] => {
  const own = all[index] ?? []
  return own === 'all_above' ? times(index, (at) => at) : own.map((need) => Number(need.stage.slice(1)))
}

/** Whether `from` is `to`, or upstream of it. */
function isAbove(all: readonly StagePlan['needs'][], from: number, to: number): boolean {
  const seen = new Set<number>()
  const open = [to]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === from) return true
    if (seen.has(at)) continue
    seen.add(at)
    open.push(...directNeeds(all, at))
  }
  return false
}

function upstreamOf(all: readonly StagePlan['needs'][], index: number): number[] {
  return [...all.keys()].filter((other) => other !== index && isAbove(all, other, index))
}

/** Random pipelines. */
import type { Json } from '../../src/foundation/json.ts'
import type {
  FailureActionPlan,
  OnErrorPlan,
  Plan,
  RetryCategory,
  RollbackPlan,
  StagePlan,
} from '../../src/foundation/plan.ts'
import { joinNames, type MergeName } from '../../src/foundation/plan.ts'
import { pick, type Random, times, upTo } from '../fuzz/random.ts'
import { planOf, type StageSketch, stage, templates } from '../support-stages.ts'
import { anyTrouble, type Behaviour, behaviourOf, crashing, passing, timeoutMs } from './behaviour.ts'
import { holderOf, type InnerStages } from './bodies.ts'
import { idOf, randomNeeds, upstreamOf } from './needs.ts'
import { waitingOf } from './waits.ts'

export interface RandomPipeline {
  readonly plan: Plan
  readonly behaviours: ReadonlyMap<string, Behaviour>
  /** How often stages ask for an answer. */
  readonly questions: number
  /** Stages have timeouts, so how they end depends on how fast their process is. */
  readonly isTimed: boolean
  /** Some stages wait for time to pass. */
  readonly hasTimers: boolean
}

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

/** `more`: decides what pipelines have beyond lists and bodies of stages with effects. */
export function randomPipeline(random: Random, more: Random): RandomPipeline {
  const count = stageCount(random)
  const needs = randomNeeds(random, count)
  const behaviours = new Map<string, Behaviour>()
  const isTimed = random() < 0.4
  const isCrashing = random() < 0.1
  const style: Style = { isTimed, asks: random() < 0.2, isOnce: random() < 0.2, saves: random() < 0.2 }
  const isSlow = !isTimed && random() < 0.3 // slow enough for leases to run out, and to be renewed
  const holds = random() < 0.4
  const undoes = random() < 0.25 // a failure is rolled back
  const child = more() < 0.3 ? { vars: variables, outputs: templates({ all: everything }) } : undefined
  const waits = more() < 0.3
  const handles = more() < 0.3
  const inner: InnerStages = { make: inside, last, ...(child && { child }) }
  const stages = needs.map((own, index) => {
    const sketch = { ...sketchOf(random, index, needs, style), needs: own }
    const made = stage(idOf(index), maybeWaiting(idOf(index), sketch))
    if (holds && random() < 0.4) return holderOf(random, made, inner)
    return behaving(made)
  })

  /** In a run in which something failed nobody is asked any more: so not much fails. */
  function maybeWaiting(id: string, sketch: StageSketch): StageSketch {
    if (!waits) return sketch
    const { needs, ...rest } = sketch
    if (more() < 0.3) return { ...(needs && { needs }), ...waitingOf(more, id, rest) }
    return more() < 0.7 ? { onError: 'continue', ...sketch } : sketch
  }

  function behaving(made: StagePlan): StagePlan {
    const behaviour = behaviourOf(random, made, isSlow && random() < 0.3)
    behaviours.set(made.id, isCrashing && random() < 0.3 ? crashing(random, behaviour) : behaviour)
    const own = handles && made.kind === 'effect' && more() < 0.4 ? handled(made) : made
    return undoes && made.kind === 'effect' && random() < 0.6 ? { ...own, rollback: undoing(made) } : own
  }

  function handled({ retry, ...made }: StagePlan): StagePlan {
    const action = pick<FailureActionPlan['do']>(more, ['fail', 'continue', 'continue', 'pause', 'rollback'])
    const behaviour = behaviours.get(made.id)
    const passes = action === 'pause' && more() < 0.7
    if (behaviour && passes) behaviours.set(made.id, { ...behaviour, always: undefined, first: passing(more) })
    else if (behaviour && more() < 0.5) behaviours.set(made.id, { ...behaviour, always: anyTrouble(more, made) })
    return { ...made, ...(retry && !passes && { retry }), onError: handlerOf(made.id, action) }
  }

  function handlerOf(id: string, action: FailureActionPlan['do']): OnErrorPlan {
    if (more() < 0.2) return { do: action }
    const stages = times(upTo(more, 3), (at) => last(`${id}_h${at}`))
    const whens = [undefined, 'error.category == "network"', 'error.nothing.x > 1']
    const when = pick(more, action === 'pause' ? whens.slice(0, 2) : whens) // what passes has to be tried again
    return { do: 'handle', handlers: [{ ...(when && { when }), stages, then: { do: action } }] }
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

  /** Of a handler, or of what a pipeline inside does in the end. */
  function last(id: string): StagePlan {
    const value = { questions: 0, vars: everything, reads: [] }
    const made = stage(id, { kind: 'effect', join: 'all_done', value, ...(more() < 0.5 && { retry: retryOf(more) }) })
    behaviours.set(id, behaviourOf(more, made, false))
    return made
  }

  function inside(id: string, own: StagePlan['needs']): StagePlan {
    const { checkpoint: _, ...sketch } = sketchOf(random, 0, [[]], style)
    return behaving(stage(id, maybeWaiting(id, { ...sketch, needs: own })))
  }
  const ends = random() < 0.2 ? times(1 + upTo(random, 2), (at) => lastStage(`end${at}`)) : []
  const handlers = [
    {
      stages: times(upTo(more, 2), (at) => last(`handler${at}`)),
      then: { do: pick<'fail' | 'rollback'>(more, ['fail', 'rollback']) },
    },
  ]
  const plan = planOf(stages, {
    ...(ends.length > 0 && { finally: ends }),
    ...(undoes && { onError: { do: 'rollback' } }),
    ...(handles && more() < 0.4 && { onError: { do: 'handle', handlers } }),
    vars: variables,
    outputs: { all: everything, ends: `\${{ ${endsOf(random, count)} }}` },
    limits: { concurrency: pick(random, [1, 2, 8, 8]), ...(random() < 0.05 && { timeoutMs: upTo(random, 10_000) }) },
    recursionLimit: 2 * count + 10,
  })
  const asked = (style.asks ? 1 : 0) + (waits ? 2 : 0) + (handles ? 3 : 0)
  return { plan, behaviours, isTimed, hasTimers: waits, questions: asked * (holds ? 30 : 2) * count }
}

/** Mostly few, so that many pipelines can be tried. */
const stageCount = (random: Random): number => (random() < 0.1 ? 12 + upTo(random, 14) : 3 + upTo(random, 7))

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

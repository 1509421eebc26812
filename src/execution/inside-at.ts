/**
 * The state that a stage inside others was in, put together from what is recorded: for whatever is done about it once the
 * stages around it have ended.
 */
import type { Json, JsonObject } from '../foundation/json.ts'
import type { Outcome } from '../foundation/outcome.ts'
import type { Past } from '../foundation/past.ts'
import { topOf } from '../foundation/paths.ts'
import { type BodyPlan, listsOf, type StagePlan } from '../foundation/plan.ts'
import { childInputs } from './bodies/child.ts'
import { itemNames } from './bodies/foreach.ts'
import { type Inner, innerView } from './bodies/inner-list.ts'
import { joinParts, partsOf } from './bodies/list-end.ts'
import { describeIteration, iterationNames } from './bodies/loop.ts'
import { noNames, type View } from './view.ts'
import { scopeOf, type Workshop } from './workshop.ts'

/** A stage, and the state of the list that it stands in. */
export interface StageInPlace {
  readonly stage: StagePlan
  readonly view: View
}

/** Undefined for a path that the plan does not have. */
export function stageAt(shop: Workshop, past: Past, top: View, path: string): StageInPlace | undefined {
  const [first, ...steps] = stepsOf(path)
  const stage = shop.plan.stages.find(({ id }) => id === first?.id)
  if (!first || !stage) return undefined
  return steps.length === 0 ? { stage, view: top } : inside(shop, past, { stage, view: top }, first, steps)
}

/** An id, and which of the lists inside the stage the next step is in: an item, an iteration, or the only one. */
interface Step {
  readonly id: string
  readonly index: number | undefined
}

function stepsOf(path: string): Step[] {
  return path.split('.').map((text) => {
    const index = /(?:\[|#)(\d+)\]?$/.exec(text)?.[1]
    return { id: topOf(text), index: index === undefined ? undefined : Number(index) }
  })
}

function inside(
  shop: Workshop,
  past: Past,
  at: StageInPlace,
  { index }: Step,
  [next, ...steps]: readonly Step[],
): StageInPlace | undefined {
  const { body } = at.stage
  const stages = listsOf(at.stage).find((list) => list.some(({ id }) => id === next?.id))
  if (!body || !next || !stages) return undefined
  const view = viewOfList(shop, past, at, body, stages, index ?? 0)
  const stage = stages.find(({ id }) => id === next.id) as StagePlan
  return steps.length === 0 ? { stage, view } : inside(shop, past, { stage, view }, next, steps)
}

function viewOfList(
  shop: Workshop,
  past: Past,
  { stage, view }: StageInPlace,
  body: BodyPlan,
  stages: readonly StagePlan[],
  index: number,
): View {
  const path = (view.inside?.prefix ?? '') + stage.id
  const begun = past.of(path).begun
  const prefixOf = (at: number): string => {
    if (body.kind === 'foreach') return `${path}[${at}].`
    return body.kind === 'loop' ? `${path}#${at}.` : `${path}.`
  }
  const outcomesOf = (at: number) => recordedOf(past, stages, prefixOf(at))
  const before = body.kind === 'loop' ? Array.from({ length: index }, (_, at) => outcomesOf(at)) : []
  const inner: Inner = {
    stages,
    prefix: prefixOf(index),
    names: namesOf(body, view.inside?.names ?? noNames, index, begun?.fixed ?? null, before.map(describeIteration)),
    earlier: joinParts(before.map((outcomes) => partsOf(stages, outcomes))),
    since: latestEnd(before) ?? begun?.at ?? view.run.started_at,
    stop: undefined,
    ...(body.kind === 'pipeline' && {
      child: childInputs(shop, { stage, path, view, scope: scopeOf(shop, view, stage), past: past.of(path) }, body),
    }),
  }
  return innerView({ shop, at: { stage, view } }, inner, outcomesOf(index))
}

function recordedOf(past: Past, stages: readonly StagePlan[], prefix: string): Record<string, Outcome> {
  const outcomes: Record<string, Outcome> = {}
  for (const { id } of stages) {
    const { outcome } = past.of(prefix + id)
    if (outcome) outcomes[id] = outcome
  }
  return outcomes
}

function namesOf(
  body: BodyPlan,
  outer: JsonObject,
  index: number,
  fixed: Json,
  history: readonly JsonObject[],
): JsonObject {
  if (body.kind === 'foreach') return itemNames(outer, body.as, index, (fixed as readonly Json[])[index] ?? null)
  if (body.kind === 'loop') return iterationNames(outer, index, history.slice(Math.max(0, history.length - body.keep)))
  return body.kind === 'pipeline' ? noNames : outer
}

function latestEnd(iterations: readonly Readonly<Record<string, Outcome>>[]): string | undefined {
  const ends = Object.values(iterations.at(-1) ?? {}).map(({ ended_at }) => ended_at)
  return ends.length === 0 ? undefined : ends.reduce((latest, end) => (end > latest ? end : latest))
}

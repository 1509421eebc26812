/**
 * Stages that run once more in the same run: the one that is named, and those that did not come to a good end, with
 * everything that waits for them. They begin anew, under keys of their own; all others keep what is recorded of them, and
 * so does what ended well inside of a stage that failed for something else inside of it.
 */
import { createTopology } from '../compiler/lower/topology.ts'
import { ThreadError } from '../foundation/errors.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { Outcome, RunStatus } from '../foundation/outcome.ts'
import type { DatedEvent, Past } from '../foundation/past.ts'
import { topOf } from '../foundation/paths.ts'
import type { Plan } from '../foundation/plan.ts'
import { endedWell } from '../foundation/renewal.ts'
import { patchesOf } from './fork.ts'

export interface Again {
  /** Id of a stage of the pipeline's own list. Absent: what did not come to a good end. */
  readonly from?: string
  /** New values of variables, for what runs once more. */
  readonly set?: JsonObject
}

/** Runs that can be gone on with like this. What a rollback took back is gone, and what follows from it, too. */
export function refuseReopening({ id, status }: { readonly id: string; readonly status: RunStatus }): void {
  if (status !== 'rolled_back' && status !== 'rollback_failed') return
  throw new ThreadError(
    'thread_finished',
    `What thread "${id}" did was taken back, so there is nothing to go on from.`,
    {
      hint: 'Start a new run.',
    },
  )
}

/** The events that tell of it. */
export function reopenEvents(plan: Plan, past: Past, { from, set = {} }: Again, at: string): DatedEvent[] {
  const bad = badIn(plan, past)
  const stages = onceMore(plan, bad, from)
  const whole = new Set(onceMore(plan, from === undefined ? [] : [from]))
  const partly = stages.filter((id) => !whole.has(id) && hasBadInside(past, id))
  const anew = new Set(stages)
  const kept = Object.keys(past.outcomes).filter((path) => !anew.has(topOf(path)))
  const opened: DatedEvent = {
    type: 'run.reopened',
    stages,
    ...(partly.length > 0 && { partly }),
    ...(from !== undefined && { from }),
    at,
  }
  return [opened, ...patchesOf(set, kept).map((patch) => ({ ...patch, at }))]
}

/** Ids of stages that did not end well. */
const badIn = ({ stages }: Plan, { outcomes }: Past): string[] =>
  stages.flatMap(({ id }) => (Object.hasOwn(outcomes, id) && !endedWell(outcomes[id] as Outcome) ? [id] : []))

/** Some of what is inside of it did not end well, so the rest need not run again. */
const hasBadInside = (past: Past, id: string): boolean =>
  past.ended.some((path) => path !== id && topOf(path) === id && !endedWell(past.of(path).outcome as Outcome))

/** Those, the one that is named, and all that wait for them: ids, in the order of the plan. */
function onceMore({ stages }: Plan, ids: readonly string[], from?: string): string[] {
  const topology = createTopology({ stages })
  const wanted = new Set(from === undefined ? ids : [...ids, from])
  const first = stages.flatMap(({ id }, index) => (wanted.has(id) ? [index] : []))
  return stages.flatMap(({ id }, index) => {
    const isAfter = first.some((each) => each === index || topology.isUpstream(each, index))
    return isAfter ? [id] : []
  })
}

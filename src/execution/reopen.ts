/**
 * Stages that run once more in the same run: the one that is named, or those that did not come to a good end, and
 * everything that waits for them. They begin anew, under keys of their own; all others keep what is recorded of them.
 */
import { createTopology } from '../compiler/lower/topology.ts'
import { ThreadError } from '../foundation/errors.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { Outcome, RunStatus } from '../foundation/outcome.ts'
import type { DatedEvent, Past } from '../foundation/past.ts'
import { topOf } from '../foundation/paths.ts'
import type { Plan } from '../foundation/plan.ts'
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
  const stages = onceMore(plan, past, from)
  const anew = new Set(stages)
  const kept = Object.keys(past.outcomes).filter((path) => !anew.has(topOf(path)))
  const opened: DatedEvent = { type: 'run.reopened', stages, ...(from !== undefined && { from }), at }
  return [opened, ...patchesOf(set, kept).map((patch) => ({ ...patch, at }))]
}

/** Ids, in the order of the plan. */
function onceMore({ stages }: Plan, { outcomes }: Past, from: string | undefined): string[] {
  const topology = createTopology({ stages })
  const first = stages.flatMap(({ id }, index) => {
    const isBad = Object.hasOwn(outcomes, id) && !isGood(outcomes[id] as Outcome)
    return id === from || isBad ? [index] : []
  })
  return stages.flatMap(({ id }, index) => {
    const isAfter = first.some((each) => each === index || topology.isUpstream(each, index))
    return isAfter ? [id] : []
  })
}

const isGood = ({ status, reason, tolerated }: Outcome): boolean =>
  status === 'succeeded' || tolerated || (status === 'skipped' && reason === 'condition')

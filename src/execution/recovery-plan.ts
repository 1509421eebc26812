/** What a resume would do, stage by stage, read off the log before anything is done. */
import type { TerminalStatus } from '../foundation/outcome.ts'
import { openWaitOf, type Past, type StagePast } from '../foundation/past.ts'
import { idIn, isInside, topOf } from '../foundation/paths.ts'
import { allStages, type Plan, type StagePlan } from '../foundation/plan.ts'
import type { AgainReason } from './migration.ts'

export interface PlannedStage {
  /** Its path. */
  readonly stage: string
  /**
   * `reused`: how it ended is recorded, and it does not run again. `runs`: when its turn comes, unless its join or its
   * `if` says otherwise. `waits`: for an answer, before it does anything more. `removed`: the other plan does not have
   * it, and what is recorded of it counts no more.
   */
  readonly does: 'reused' | 'runs' | 'waits' | 'removed'
  readonly because: RecoveryReason | AgainReason | 'removed'
  /** Of what runs again for another plan: what was edited, is read, or is waited for. */
  readonly of?: readonly string[]
  /** Ids of the waits of it that are cancelled. */
  readonly cancels?: readonly string[]
  /** How it ended, when that is recorded. */
  readonly status?: TerminalStatus
  /** Attempts that were started so far. */
  readonly attempts: number
  /** The next attempt does not start before. ISO 8601, UTC. */
  readonly next_at?: string
  /** Id of the wait that is to be answered; absent where the question is only asked on resuming. */
  readonly wait?: string
  /**
   * Its last attempt may have had its effect although nothing is recorded: it runs again with the same idempotency key,
   * or, with `once`, asks first.
   */
  readonly ambiguous: boolean
}

/**
 * - `recorded`: its end is.
 * - `not_started`: it had not begun.
 * - `interrupted`: a pause stopped its last attempt.
 * - `unknown_end`: the process died while its last attempt was running.
 * - `retry`: its last attempt failed, and another is due.
 * - `waiting`: it asked and has no answer yet.
 * - `answered`: it asked and has its answer.
 */
export type RecoveryReason =
  | 'recorded'
  | 'not_started'
  | 'interrupted'
  | 'unknown_end'
  | 'retry'
  | 'waiting'
  | 'answered'

/**
 * In the order of the plan; after a stage that is not at its end, those inside of it that have begun and are not at theirs.
 * `hasEffects`: whether a stage may have done something outside.
 */
export function planRecovery(plan: Plan, past: Past, hasEffects: (stage: StagePlan) => boolean): PlannedStage[] {
  const byId = new Map(allStages(plan.stages).map((stage) => [stage.id, stage]))
  const open = past.paths.filter((path) => isInside(path) && !past.of(path).outcome)
  const planned = (path: string): PlannedStage[] => {
    const stage = byId.get(idIn(path))
    return stage ? [planStage(stage, path, past.of(path), hasEffects(stage))] : []
  }
  return plan.stages.flatMap(({ id }) => {
    const inside = past.of(id).outcome ? [] : open.filter((path) => topOf(path) === id)
    return [id, ...inside].flatMap(planned)
  })
}

function planStage({ once, body }: StagePlan, path: string, past: StagePast, hasEffects: boolean): PlannedStage {
  const { outcome, attempts, nextAt } = past
  const stage = { stage: path, attempts, ambiguous: false }
  if (outcome) return { ...stage, does: 'reused', because: 'recorded', status: outcome.status }
  if (body) return { ...stage, does: 'runs', because: past.begun ? 'interrupted' : 'not_started' }
  const wait = openWaitOf(path, past)
  if (wait) return { ...stage, does: 'waits', because: 'waiting', wait: wait.id, ambiguous: wait.ambiguous ?? false }
  if (past.decision !== undefined) return { ...stage, does: 'runs', because: 'answered' }
  if ((past.open ?? past.lost) !== undefined) {
    return { ...stage, does: once && hasEffects ? 'waits' : 'runs', because: 'unknown_end', ambiguous: hasEffects }
  }
  if (past.waits?.length) return { ...stage, does: 'runs', because: 'answered' }
  if (attempts === 0) return { ...stage, does: 'runs', because: 'not_started' }
  if (nextAt !== undefined) return { ...stage, does: 'runs', because: 'retry', next_at: nextAt }
  return { ...stage, does: 'runs', because: 'interrupted', ambiguous: hasEffects }
}

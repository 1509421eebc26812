/**
 * `join`: may a stage run, now that everything it needs is terminal? (language.md §2)
 *
 * A skip for another reason than its own `if` passes to every dependant, whatever its join. A need that names statuses
 * must match, and the join looks only at the others.
 */
import { type Outcome, type Outcomes, type SkipReason, skipReasons } from '../foundation/outcome.ts'
import type { JoinName, NeedPlan, NeedStatus } from '../foundation/plan.ts'

/** The reason to skip the stage, or undefined: go on. `explicit` = the needs were written, not `all_above`. */
export function judgeJoin(
  join: JoinName,
  needs: readonly NeedPlan[],
  explicit: boolean,
  outcomes: Outcomes,
): SkipReason | undefined {
  const judged: Judged[] = []
  let reason: SkipReason | undefined
  for (const need of needs) {
    const outcome = outcomes[need.stage]
    const passed = outcome ? passedOn(outcome) : 'need' // without an outcome it can never run
    if (passed) reason = strongest(reason, passed)
    else if (outcome && need.status && !matches(outcome, need.status)) reason = strongest(reason, 'condition')
    else if (outcome && !need.status) judged.push(judge(outcome))
  }
  return strongest(reason, unmet(join, judged, explicit))
}

type Judged = 'succeeded' | 'skipped' | 'failed'

/** What passes to every dependant, whatever its join. */
function passedOn({ status, reason }: Outcome): SkipReason | undefined {
  if (status === 'cancelled') return 'cancelled'
  return status === 'skipped' && reason !== 'condition' ? (reason ?? 'need') : undefined
}

const matches = ({ status }: Outcome, wanted: readonly NeedStatus[]): boolean =>
  (wanted as readonly string[]).includes(status)

function judge({ status, tolerated }: Outcome): Judged {
  if (status === 'skipped') return 'skipped'
  return status === 'succeeded' || tolerated ? 'succeeded' : 'failed'
}

function unmet(join: JoinName, judged: readonly Judged[], explicit: boolean): SkipReason | undefined {
  if (judged.length === 0 || join === 'all_done') return undefined
  const failed = judged.includes('failed')
  const succeeded = judged.includes('succeeded')
  switch (join) {
    case 'none_failed':
      if (failed) return 'failed'
      return explicit && !succeeded ? 'need' : undefined
    case 'all_succeeded':
      if (failed) return 'failed'
      return judged.includes('skipped') ? 'need' : undefined
    case 'any_succeeded':
      if (succeeded) return undefined
      return failed ? 'failed' : 'need'
  }
}

function strongest(a: SkipReason | undefined, b: SkipReason | undefined): SkipReason | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return skipReasons.indexOf(a) <= skipReasons.indexOf(b) ? a : b
}

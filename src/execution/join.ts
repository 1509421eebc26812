/**
 * `join`: may a stage run, now that everything it needs is terminal? (language.md §2)
 *
 * A skip for another reason than its own `if` passes to every dependant, whatever its join. A need that names statuses
 * must match, and the join looks only at the others.
 */
import { type Outcome, type Outcomes, type SkipReason, skipReasons } from '../foundation/outcome.ts'
import type { JoinName, NeedPlan, NeedStatus, Plan } from '../foundation/plan.ts'
import type { Gates } from './gates.ts'

/**
 * The reason to skip the stage, or undefined: go on. `explicit` = the needs were written, not `all_above`. `unmatched`:
 * the reason when a need has another status than it names.
 */
export function judgeJoin(
  join: JoinName,
  needs: readonly NeedPlan[],
  explicit: boolean,
  outcomes: Outcomes,
  { gates, unmatched = 'condition' }: { readonly gates: Gates['gates']; readonly unmatched?: SkipReason } = noGates,
): SkipReason | undefined {
  let tally = nothing
  for (const { stage, status } of needs) {
    tally = count(tally, outcomes[stage], { isGate: gates.has(stage), ...(status && { wanted: status }), unmatched })
  }
  return verdict(join, tally, explicit)
}

const noGates: Pick<Gates, 'gates'> = { gates: new Set() }

/**
 * The same for stages with `all_above`, which would make a long list quadratic: what was counted for one of them is gone
 * on with for the next, as long as both are asked about the same, growing outcomes.
 */
export function createAboveJudge({ stages }: Pick<Plan, 'stages'>) {
  const counts = new WeakMap<Outcomes, { upTo: number; tally: Tally }>()

  function countOf(outcomes: Outcomes, index: number) {
    const known = counts.get(outcomes)
    if (known && known.upTo <= index) return known
    const made = { upTo: 0, tally: nothing }
    counts.set(outcomes, made)
    return made
  }
  return (
    join: JoinName,
    index: number,
    outcomes: Outcomes,
    { gates }: Pick<Gates, 'gates'> = noGates,
  ): SkipReason | undefined => {
    const counted = countOf(outcomes, index)
    for (; counted.upTo < index; counted.upTo++) {
      const id = stages[counted.upTo]?.id ?? ''
      counted.tally = count(counted.tally, outcomes[id], { isGate: gates.has(id), unmatched: 'condition' })
    }
    return verdict(join, counted.tally, false)
  }
}

/** What a join looks at. */
interface Tally {
  /** The strongest reason that passes on. */
  readonly reason: SkipReason | undefined
  /** What the join itself judges. */
  readonly judged: Readonly<Record<Judged, boolean>>
}

type Judged = 'succeeded' | 'skipped' | 'failed'

const nothing: Tally = { reason: undefined, judged: { succeeded: false, skipped: false, failed: false } }

/** What a need is to the stage that has it. */
interface Needed {
  readonly isGate: boolean
  readonly wanted?: readonly NeedStatus[]
  /** Why the stage is skipped when it has another status. */
  readonly unmatched: SkipReason
}

function count(tally: Tally, outcome: Outcome | undefined, { isGate, wanted, unmatched }: Needed): Tally {
  const isShut = outcome?.shut || (isGate && !wanted?.includes('failed'))
  const passed = outcome ? passedOn(outcome, isShut) : 'need' // without one it can never run
  if (passed) return { ...tally, reason: strongest(tally.reason, passed) }
  if (!outcome) return tally
  if (wanted) return matches(outcome, wanted) ? tally : { ...tally, reason: strongest(tally.reason, unmatched) }
  const kind = judge(outcome)
  return tally.judged[kind] ? tally : { ...tally, judged: { ...tally.judged, [kind]: true } }
}

const verdict = (join: JoinName, { reason, judged }: Tally, explicit: boolean): SkipReason | undefined =>
  strongest(reason, unmet(join, judged, explicit))

/** What passes to every dependant, whatever its join. A gate that failed, for whatever reason, stays shut. */
function passedOn({ status, reason }: Outcome, isShut: boolean): SkipReason | undefined {
  if (status === 'cancelled') return 'cancelled'
  if (status === 'failed' && isShut) return 'rejected'
  return status === 'skipped' && reason !== 'condition' ? (reason ?? 'need') : undefined
}

const matches = ({ status }: Outcome, wanted: readonly NeedStatus[]): boolean =>
  (wanted as readonly string[]).includes(status)

function judge({ status, tolerated }: Outcome): Judged {
  if (status === 'skipped') return 'skipped'
  return status === 'succeeded' || tolerated ? 'succeeded' : 'failed'
}

function unmet(join: JoinName, judged: Tally['judged'], explicit: boolean): SkipReason | undefined {
  const { failed, succeeded, skipped } = judged
  if (join === 'all_done' || !(failed || succeeded || skipped)) return undefined
  switch (join) {
    case 'none_failed':
      if (failed) return 'failed'
      return explicit && !succeeded ? 'need' : undefined
    case 'all_succeeded':
      if (failed) return 'failed'
      return skipped ? 'need' : undefined
    case 'any_succeeded':
      if (succeeded) return undefined
      return failed ? 'failed' : 'need'
  }
}

function strongest(a: SkipReason | undefined, b: SkipReason | undefined): SkipReason | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return skipReasons.indexOf(a) <= skipReasons.indexOf(b) ? a : b
}

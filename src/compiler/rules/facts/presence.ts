/**
 * Can a stage run although another one, which it reads, has no output? (language.md §2)
 *
 * For one absent stage and one way of being absent it is worked out, in order, what certainly happens to the stages
 * after it: nothing, or skipped, or skipped for a reason that passes to every dependant. "Everything above stage k" is
 * kept once per k, so that list order stays cheap; results are remembered per absent stage and grow only as far as the
 * readers that are asked about.
 */
import type { WhyAbsent } from '../../../foundation/diagnostics/order.ts'
import type { JoinName } from '../../../foundation/plan.ts'
import { implies } from './conditions.ts'
import type { ListedStage, Need } from './stage-list.ts'
import type { StageOrder } from './stage-order.ts'

/** How the stage that is asked about ended. */
type Ending = WhyAbsent | 'succeeded'

/** What certainly happens to a stage then. `blocked` = skipped for another reason than `condition`. */
type Fate = 'open' | 'skipped' | 'blocked'

export interface Presence {
  /** Why the output of `stage` may be null where `reader`, which waits for it, reads it; undefined when it cannot be. */
  whyAbsent(stage: number, reader: number): WhyAbsent | undefined
  /** The same for `outputs:`, which are evaluated when nothing failed untolerated. */
  whyAbsentAtEnd(stage: number): WhyAbsent | undefined
  /** `reader` can run when `stage` ended so. */
  canRunWhen(stage: number, ending: Ending, reader: number): boolean
}

export function createPresence(stages: readonly ListedStage[], order: StageOrder): Presence {
  const positions = new Map(order.sequence.map((stage, position) => [stage, position]))
  const fates = new Map<string, Fates>()
  const lenient = stages.some(runsAfterFailure)
  let atEnd: ReadonlySet<number> | undefined

  function canRunWhen(stage: number, ending: Ending, reader: number): boolean {
    const key = `${stage} ${ending}`
    const known = fates.get(key) ?? createFates(stages, order, positions, stage, ending)
    fates.set(key, known)
    return known.of(reader) === 'open'
  }

  return {
    canRunWhen,
    whyAbsent(stage, reader) {
      const listed = stages[stage] as ListedStage
      if (mayBeSkippedItself(listed) && canRunWhen(stage, 'skipped', reader)) return 'skipped'
      if (listed.onFailure === 'continue_without_value' && canRunWhen(stage, 'tolerated', reader)) return 'tolerated'
      if (listed.onFailure === 'fail' && lenient && canRunWhen(stage, 'failed', reader)) return 'failed'
      return undefined
    },
    whyAbsentAtEnd(stage) {
      atEnd ??= mayBeSkippedAtEnd(stages, order)
      if (atEnd.has(stage)) return 'skipped'
      return stages[stage]?.onFailure === 'continue_without_value' ? 'tolerated' : undefined
    },
  }
}

/** Only by its own `if`, or because a need has another status: the skips that do not pass to every dependant. */
const mayBeSkippedItself = ({ condition, needs }: ListedStage): boolean =>
  condition !== undefined || (needs !== 'all_above' && needs.some(({ statuses }) => statuses !== undefined))

const runsAfterFailure = ({ join, needs }: ListedStage): boolean =>
  join === 'all_done' ||
  join === 'any_succeeded' ||
  (needs !== 'all_above' && needs.some(({ statuses }) => statuses?.includes('failed')))

interface Fates {
  of(stage: number): Fate
}

/** All the stages above one, taken together: the worst fate, and whether any of them may have succeeded. */
interface Above {
  readonly worst: Fate
  readonly noneSucceeded: boolean
  readonly failed: boolean
}

function createFates(
  stages: readonly ListedStage[],
  order: StageOrder,
  positions: ReadonlyMap<number, number>,
  absent: number,
  ending: Ending,
): Fates {
  const known = new Map<number, Fate>()
  const aboves: Above[] = []
  let done = positions.get(absent) ?? order.sequence.length

  const fateOf = (stage: number): Fate => known.get(stage) ?? 'open'

  function judge(stage: ListedStage): Fate {
    const own = stage.needs === 'all_above' ? judgeAbove(stage) : judgeNeeds(stage, stage.needs)
    if (own !== 'open' || ending !== 'skipped') return own
    const { condition } = stages[absent] as ListedStage
    const byItsIf = condition !== undefined && !hasStatuses(stages[absent] as ListedStage)
    return byItsIf && implies(stage.condition, condition) ? 'skipped' : 'open'
  }

  function judgeNeeds({ join }: ListedStage, needs: readonly Need[]): Fate {
    let skipped = false
    const plain: ('absent' | 'failed' | 'maybe')[] = []
    for (const need of needs) {
      if (need.stage === absent) {
        if (need.statuses) skipped ||= !matches(need.statuses, ending)
        else plain.push(judged(ending))
        continue
      }
      const fate = fateOf(need.stage)
      if (fate === 'blocked') return 'blocked'
      if (need.statuses) skipped ||= fate === 'skipped'
      else plain.push(fate === 'skipped' ? 'absent' : 'maybe')
    }
    if (isUnmet(join, plain)) return 'blocked'
    return skipped ? 'skipped' : 'open'
  }

  function judgeAbove({ join, index }: ListedStage): Fate {
    const { worst, noneSucceeded, failed } = above(index)
    if (worst === 'blocked') return 'blocked'
    if (join === 'all_done') return 'open'
    if (join === 'any_succeeded') return noneSucceeded ? 'blocked' : 'open'
    if (failed) return 'blocked'
    return join === 'all_succeeded' && worst === 'skipped' ? 'blocked' : 'open'
  }

  /** Grown from the first stage on; a stage that is not judged yet stands below the absent one in no list that asks. */
  function above(index: number): Above {
    for (let at = aboves.length; at <= index; at++) {
      const before: Above = at === 0 ? nothing : (aboves[at - 1] as Above)
      aboves.push(at === 0 ? before : withStage(before, at - 1))
    }
    return aboves[index] as Above
  }

  function withStage(before: Above, stage: number): Above {
    const fate: Fate = stage === absent ? (judged(ending) === 'absent' ? 'skipped' : 'open') : fateOf(stage)
    const succeeded = stage === absent ? judged(ending) === 'maybe' : fate === 'open'
    return {
      worst: worse(before.worst, fate),
      noneSucceeded: before.noneSucceeded && !succeeded,
      failed: before.failed || (stage === absent && judged(ending) === 'failed'),
    }
  }

  return {
    of(stage) {
      const last = positions.get(stage) ?? -1
      while (done < last) {
        done++
        const next = stages[order.sequence[done] as number] as ListedStage
        const fate = judge(next)
        if (fate !== 'open') known.set(next.index, fate)
      }
      return fateOf(stage)
    },
  }
}

const nothing: Above = { worst: 'open', noneSucceeded: true, failed: false }

const severity: readonly Fate[] = ['open', 'skipped', 'blocked']
const worse = (a: Fate, b: Fate): Fate => (severity.indexOf(a) > severity.indexOf(b) ? a : b)

const hasStatuses = ({ needs }: ListedStage): boolean =>
  needs !== 'all_above' && needs.some(({ statuses }) => statuses !== undefined)

/** A tolerated failure is a failure by its status, and a success for joins. */
const matches = (statuses: readonly string[], ending: Ending): boolean =>
  statuses.includes(ending === 'tolerated' ? 'failed' : ending)

const judged = (ending: Ending): 'absent' | 'failed' | 'maybe' =>
  ending === 'skipped' ? 'absent' : ending === 'failed' ? 'failed' : 'maybe'

/** A join over needs that were written. `maybe` counts for whatever lets it go on. */
function isUnmet(join: JoinName, judged: readonly ('absent' | 'failed' | 'maybe')[]): boolean {
  if (judged.length === 0 || join === 'all_done') return false
  const none = !judged.includes('maybe')
  if (join === 'any_succeeded') return none
  if (judged.includes('failed')) return true
  return join === 'all_succeeded' ? judged.includes('absent') : none
}

/** Stages that a run which succeeded may have skipped: by themselves, or because of what they need. */
function mayBeSkippedAtEnd(stages: readonly ListedStage[], order: StageOrder): ReadonlySet<number> {
  const bySelf = new Set<number>()
  const byNeeds = new Set<number>()
  let above = { skipped: false, blocked: false, all: true }
  const isSkipped = (stage: number): boolean => bySelf.has(stage) || byNeeds.has(stage)
  const marks: (typeof above)[] = []
  for (const index of order.sequence) {
    const stage = stages[index] as ListedStage
    if (mayBeSkippedItself(stage)) bySelf.add(index)
    const needs = stage.needs === 'all_above' ? markAbove(index) : markNeeds(stage.needs)
    if (needs.blocked || isUnmetAtEnd(stage, needs)) byNeeds.add(index)
  }
  return new Set([...bySelf, ...byNeeds])

  /** What stands above a stage, gathered once per list position. */
  function markAbove(index: number): typeof above {
    for (let at = marks.length; at < index; at++) {
      above = {
        skipped: above.skipped || isSkipped(at),
        blocked: above.blocked || byNeeds.has(at),
        all: above.all && isSkipped(at),
      }
      marks.push(above)
    }
    return marks[index - 1] ?? { ...above, all: false }
  }

  function markNeeds(needs: readonly Need[]): typeof above {
    const known = needs.filter(({ stage }) => stage !== -1)
    const plain = known.filter(({ statuses }) => statuses === undefined)
    return {
      skipped: plain.some(({ stage }) => isSkipped(stage)),
      blocked: known.some(({ stage }) => byNeeds.has(stage)),
      all: plain.length > 0 && plain.every(({ stage }) => isSkipped(stage)),
    }
  }
}

/** Whether a join may go unmet where nothing failed: `skipped` and `all` are of what may be skipped among its needs. */
function isUnmetAtEnd({ join, needs }: ListedStage, { skipped, all }: { skipped: boolean; all: boolean }): boolean {
  switch (join) {
    case 'all_done':
      return false
    case 'all_succeeded':
      return skipped
    case 'any_succeeded':
      return all
    default:
      return all && needs !== 'all_above' // list order asks for no success
  }
}

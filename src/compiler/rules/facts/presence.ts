/**
 * Can a stage run although another one, which it reads, has no output? (language.md §2)
 *
 * For one absent stage and one way of being absent it is worked out, in order, what certainly happens to the stages
 * after it: nothing, or skipped, or skipped for a reason that passes to every dependant. Results are remembered per absent
 * stage, hold only what is skipped, and grow only as far as the readers that are asked about.
 */
import type { WhyAbsent } from '../../../foundation/diagnostics/order.ts'
import type { JoinName } from '../../../foundation/plan.ts'
import { type ListedStage, mayTakeNone, type Need } from '../../stage-tree.ts'
import { type Conditions, createConditions } from './conditions.ts'
import type { StageOrder } from './stage-order.ts'

/** How the stage that is asked about ended. */
type Ending = 'skipped' | 'failed' | 'tolerated' | 'succeeded'

/** What certainly happens to a stage then. `blocked` = skipped for another reason than `condition`. */
type Fate = 'open' | 'skipped' | 'blocked'

export interface Presence {
  /**
   * Why the output of `stage` may be null where `reader`, which waits for it, reads it; undefined when it cannot be.
   * `also` are conditions that hold besides, where something inside the reader reads.
   */
  whyAbsent(stage: number, reader: number, also?: readonly string[]): WhyAbsent | undefined
  /** The same for `outputs:`, which are evaluated when nothing failed untolerated. */
  whyAbsentAtEnd(stage: number): WhyAbsent | undefined
  /**
   * The same for what is evaluated at the end of a body. A skip that passes to every dependant leaves the body, and then
   * nothing is evaluated.
   */
  whyAbsentInBody(stage: number): WhyAbsent | undefined
  /** Some stage may be skipped for a reason that passes to every dependant, although nothing failed. */
  mayBlockAtEnd(): boolean
  /** `reader` can run when `stage` ended so. */
  canRunWhen(stage: number, ending: Ending, reader: number): boolean
}

/** `mayBlock(stage)`: stages inside it may have it skipped for a reason that passes to every dependant. */
export function createPresence(
  stages: readonly ListedStage[],
  order: StageOrder,
  mayBlock: (stage: ListedStage) => boolean = () => false,
): Presence {
  const positions = new Map(order.sequence.map((stage, position) => [stage, position]))
  const fates = new Map<string, Fates>()
  const conditions = createConditions()
  const lenient = stages.some(runsAfterFailure)
  let skips: SkipsAtEnd | undefined
  const atEnd = (): SkipsAtEnd => {
    skips ??= findSkipsAtEnd(stages, order, mayBlock)
    return skips
  }

  function canRunWhen(stage: number, ending: Ending, reader: number): boolean {
    const key = `${stage} ${ending}`
    const known = fates.get(key) ?? createFates(stages, order, positions, stage, ending, conditions)
    fates.set(key, known)
    return known.of(reader) === 'open'
  }

  return {
    canRunWhen,
    whyAbsent(stage, reader, also = []) {
      const listed = stages[stage] as ListedStage
      if (mayBeSkippedItself(listed) && !isExcluded(listed, also) && canRunWhen(stage, 'skipped', reader))
        return 'skipped'
      const { continuesWithoutValue, fails } = listed.onFailure
      if (continuesWithoutValue && canRunWhen(stage, 'tolerated', reader)) return 'tolerated'
      if (fails && lenient && canRunWhen(stage, 'failed', reader)) return 'failed'
      return undefined
    },
    whyAbsentAtEnd(stage) {
      const { bySelf, byNeeds } = atEnd()
      return bySelf.has(stage) || byNeeds.has(stage) ? 'skipped' : whyTolerated(stage)
    },
    whyAbsentInBody: (stage) => (mayBeSkippedItself(stages[stage] as ListedStage) ? 'skipped' : whyTolerated(stage)),
    mayBlockAtEnd: () => atEnd().byNeeds.size > 0,
  }

  function whyTolerated(stage: number): WhyAbsent | undefined {
    return stages[stage]?.onFailure.continuesWithoutValue ? 'tolerated' : undefined
  }

  /** One of the conditions implies its own, so it was not skipped. */
  function isExcluded(stage: ListedStage, also: readonly string[]): boolean {
    return onlyByCondition(stage) && also.some((condition) => conditions.implies(condition, stage.condition))
  }
}

/** What it is skipped by, if it is by itself, is its `if` and nothing else. */
const onlyByCondition = (stage: ListedStage): boolean => !hasStatuses(stage.needs) && !mayTakeNone(stage)

/**
 * Only by its own `if`, because no case is taken, or because a need has another status: the skips that do not pass to
 * every dependant.
 */
const mayBeSkippedItself = (stage: ListedStage): boolean => stage.condition !== undefined || !onlyByCondition(stage)

const runsAfterFailure = ({ join, needs }: ListedStage): boolean =>
  join === 'all_done' ||
  join === 'any_succeeded' ||
  (needs !== 'all_above' && needs.some(({ statuses }) => statuses?.includes('failed')))

interface Fates {
  of(stage: number): Fate
}

/** What a need contributes to the join. */
type Part = 'succeeded' | 'skipped' | 'failed' | 'unknown'

function createFates(
  stages: readonly ListedStage[],
  order: StageOrder,
  positions: ReadonlyMap<number, number>,
  absent: number,
  ending: Ending,
  conditions: Conditions,
): Fates {
  const known = new Map<number, Exclude<Fate, 'open'>>()
  const above = createAbove(absent, partOf(ending), known)
  const listed = stages[absent] as ListedStage
  const skippedBy = ending === 'skipped' && onlyByCondition(listed) ? listed.condition : undefined
  let done = positions.get(absent) ?? order.sequence.length

  function judge(stage: ListedStage): Fate {
    const fate = stage.needs === 'all_above' ? above.judge(stage) : judgeNeeds(stage, stage.needs)
    return fate === 'open' && conditions.implies(stage.condition, skippedBy) ? 'skipped' : fate
  }

  function judgeNeeds({ join }: ListedStage, needs: readonly Need[]): Fate {
    let matched = true
    const parts: Part[] = []
    for (const { stage, statuses } of needs) {
      const fate = known.get(stage)
      if (fate === 'blocked') return 'blocked'
      if (!statuses) parts.push(stage === absent ? partOf(ending) : (fate ?? 'unknown'))
      else if (stage === absent ? !matches(statuses, ending) : fate === 'skipped') matched = false
    }
    if (isUnmet(join, parts)) return 'blocked'
    return matched ? 'open' : 'skipped'
  }

  function learn(stage: ListedStage): void {
    const fate = judge(stage)
    if (fate === 'open') return
    known.set(stage.index, fate)
    above.note(stage.index, fate)
  }

  return {
    of(stage) {
      const last = positions.get(stage) ?? -1
      while (done < last) learn(stages[order.sequence[++done] as number] as ListedStage)
      return known.get(stage) ?? 'open'
    },
  }
}

const partOf = (ending: Ending): Part => (ending === 'tolerated' ? 'succeeded' : ending)

/** A tolerated failure is a failure by its status, and a success for joins. */
const matches = (statuses: readonly string[], ending: Ending): boolean =>
  statuses.includes(ending === 'tolerated' ? 'failed' : ending)

const isMissing = (part: Part): boolean => part === 'skipped' || part === 'failed'

/** A join over needs that were written. `unknown` counts for whatever lets it go on. */
function isUnmet(join: JoinName, parts: readonly Part[]): boolean {
  if (parts.length === 0 || join === 'all_done') return false
  const none = parts.every(isMissing)
  if (join === 'any_succeeded') return none
  if (parts.includes('failed')) return true
  return join === 'all_succeeded' ? parts.includes('skipped') : none
}

/**
 * The stages above one, taken together; asked only when all of them have been judged. What matters is where the first of
 * each kind stands, so a question costs nothing however long the list is.
 */
function createAbove(absent: number, part: Part, known: ReadonlyMap<number, unknown>) {
  let firstBlocked = Number.POSITIVE_INFINITY
  let firstSkipped = part === 'skipped' ? absent : Number.POSITIVE_INFINITY
  const firstFailed = part === 'failed' ? absent : Number.POSITIVE_INFINITY
  /** How many stages at the head of the list have certainly not succeeded. */
  let head = 0
  const hasNotSucceeded = (stage: number) => (stage === absent ? isMissing(part) : known.has(stage))

  return {
    note(stage: number, fate: Fate): void {
      if (fate === 'blocked') firstBlocked = Math.min(firstBlocked, stage)
      else firstSkipped = Math.min(firstSkipped, stage)
    },
    judge({ join, index }: ListedStage): Fate {
      if (firstBlocked < index) return 'blocked'
      if (join === 'all_done' || index === 0) return 'open'
      while (head < index && hasNotSucceeded(head)) head++
      if (join === 'any_succeeded') return head >= index ? 'blocked' : 'open'
      if (firstFailed < index) return 'blocked'
      return join === 'all_succeeded' && firstSkipped < index ? 'blocked' : 'open'
    },
  }
}

const hasStatuses = (needs: ListedStage['needs']): boolean =>
  needs !== 'all_above' && needs.some(({ statuses }) => statuses !== undefined)

/** Stages that a run which succeeded may have skipped: by themselves, or because of what they need or hold. */
interface SkipsAtEnd {
  readonly bySelf: ReadonlySet<number>
  readonly byNeeds: ReadonlySet<number>
}

function findSkipsAtEnd(
  stages: readonly ListedStage[],
  order: StageOrder,
  mayBlock: (stage: ListedStage) => boolean,
): SkipsAtEnd {
  const bySelf = new Set<number>()
  const byNeeds = new Set<number>()
  let above = { skipped: false, blocked: false, all: true }
  const isSkipped = (stage: number): boolean => bySelf.has(stage) || byNeeds.has(stage)
  const marks: (typeof above)[] = []
  for (const index of order.sequence) {
    const stage = stages[index] as ListedStage
    if (mayBeSkippedItself(stage)) bySelf.add(index)
    const needs = stage.needs === 'all_above' ? markAbove(index) : markNeeds(stage.needs)
    if (needs.blocked || isUnmetAtEnd(stage, needs) || mayBlock(stage)) byNeeds.add(index)
  }
  return { bySelf, byNeeds }

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

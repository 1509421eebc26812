/**
 * `foreach`: the stages once per item, at most so many items at once, results in the order of the list.
 *
 * An item that waits takes no place. What is kept of an item that ended is its value, what it set and its failure.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { StageError } from '../../foundation/errors.ts'
import { deepFreeze, type Json, type JsonObject } from '../../foundation/json.ts'
import type { ItemError, SkipReason } from '../../foundation/outcome.ts'
import type { Begun } from '../../foundation/past.ts'
import type { ForeachPlan } from '../../foundation/plan.ts'
import { PauseRequested, StageWaits } from '../../foundation/stage-runner.ts'
import type { OpenWait } from '../../foundation/wait.ts'
import { asStageError } from '../failures.ts'
import { type PoolPorts, runPool } from '../pool.ts'
import { evaluate, type StageAtWork } from '../stage-work.ts'
import { noNames, type Parts, type View } from '../view.ts'
import { rootOf, type Workshop } from '../workshop.ts'
import type { BodyGuard } from './body-guard.ts'
import { createBodyProgress } from './body-progress.ts'
import { type BodyWork, done, type ListEnd, type Ran } from './body-work.ts'
import { runInner } from './inner-list.ts'
import { combined, joinParts, listValue, partsOf } from './list-end.ts'

/** Throws StageError, ExpressionError. */
export function decideItems(shop: Workshop, at: StageAtWork, { list }: ForeachPlan): Json {
  const items = evaluate(shop, at, list)
  if (Array.isArray(items)) return items
  const found = items === null ? 'null' : typeof items === 'object' ? 'a map' : `the ${typeof items} ${items}`
  throw new StageError(`"foreach" needs a list, and this is ${found}.`, {
    category: 'validation',
    code: 'not_a_list',
    retryable: false,
  })
}

/** After so many items the event loop gets a turn. */
const turnEvery = 64

/** Turns of the event loop, one for all who come meanwhile: items that went in step go on in step, and share commits. */
function createTurns(): () => Promise<void> | undefined {
  let begun = 0
  let turn: Promise<void> | undefined
  const begin = async (): Promise<void> => {
    await nextTurn()
    turn = undefined
  }
  return () => {
    if (++begun % turnEvery === 0) turn ??= begin()
    return turn
  }
}

export async function runForeach(work: BodyWork, body: ForeachPlan, begun: Begun, guard: BodyGuard): Promise<Ran> {
  const { shop, at } = work
  const items = deepFreeze(begun.fixed) as readonly Json[]
  const limit = body.concurrency ?? shop.plan.limits.concurrency
  const tally = new ItemTally(work, body, items)
  const report = createBodyProgress(work)
  const names = at.view.inside?.names ?? noNames
  const turn = createTurns()
  let stopListening: (() => void) | undefined
  const runItem = async (index: number): Promise<void> => {
    await turn()
    const inner = {
      stages: body.stages,
      prefix: `${at.path}[${index}].`,
      names: itemNames(names, body.as, index, items[index] as Json),
      since: begun.at,
      stop: guard.stop,
      isDoomed: () => tally.isDoomed,
    }
    const { view, end, waits } = await runInner(work, inner)
    if (!end) return tally.waits(index, waits)
    tally.ended(index, end, view)
    report(tally.fraction)
  }
  const ports: PoolPorts = {
    goesOn: () => tally.goesOn,
    onOpen(again) {
      stopListening = work.line.recorded?.onNews?.(() => tally.takeWaiting().forEach(again))
    },
  }
  await runPool(items.length, limit, runItem, ports).finally(() => stopListening?.())
  // Those that wait are come by again where that is in vain by now.
  for (const index of tally.isDoomed ? tally.takeWaiting() : []) await runItem(index)
  return tally.result()
}

/** What stages inside read of their item. */
export function itemNames(outer: JsonObject, as: string, index: number, item: Json): JsonObject {
  return Object.freeze({ ...outer, [as]: item, index, [`${as}_index`]: index })
}

type FailedList = Extract<ListEnd, { is: 'failed' }>

/** Nothing was running when everything was stopped. */
const cutOff: ListEnd = { is: 'cut', error: null }

/** What came of the items so far. */
class ItemTally {
  private readonly work: BodyWork
  private readonly body: ForeachPlan
  private readonly items: readonly Json[]
  private readonly values: Json[]
  private readonly parts: (Parts | undefined)[] = []
  private readonly open: (readonly OpenWait[] | undefined)[] = []
  private readonly errors: ItemError[] = []
  private readonly failures = new Map<number, FailedList>()
  private rejected = false
  /** An item's failure for which the run is to be rolled back: no item's own business. */
  private rollback: ListEnd | undefined
  private cut: Extract<ListEnd, { is: 'cut' }> | undefined
  private count = 0

  constructor(work: BodyWork, body: ForeachPlan, items: readonly Json[]) {
    this.work = work
    this.body = body
    this.items = items
    this.values = new Array<Json>(items.length).fill(null)
  }

  /** The foreach will fail, whatever becomes of the other items. */
  get isDoomed(): boolean {
    return this.rollback !== undefined || (this.body.onItemError === 'fail' && this.failures.size > 0)
  }

  /** Whether another item may be started. */
  get goesOn(): boolean {
    return !this.isDoomed && !this.cut && !this.work.way.stop.aborted
  }

  get fraction(): number {
    return this.count / Math.max(1, this.items.length)
  }

  waits(index: number, waits: readonly OpenWait[]): void {
    this.open[index] = waits
  }

  /** Items that wait, which are to be come by again. */
  takeWaiting(): number[] {
    const waiting = [...this.open.keys()].filter((index) => this.open[index] !== undefined)
    for (const index of waiting) this.open[index] = undefined
    return waiting
  }

  ended(index: number, end: ListEnd, view: View): void {
    this.count++
    if (end.is === 'done') this.succeeded(index, view)
    else if (end.is === 'failed') {
      if (end.rollback) this.rollback ??= end
      this.failed(index, end)
    } else if (end.is === 'cut') this.cut ??= end
    else this.failed(index, this.write(skippedItem(end.reason), index))
  }

  /** Throws StageWaits, PauseRequested. */
  result(): Ran {
    const body = { errors: this.errors.toSorted((a, b) => a.index - b.index) }
    const first = this.failures.size > 0 ? Math.min(...this.failures.keys()) : undefined
    const failure = first === undefined ? undefined : this.failures.get(first)
    const { aborted, reason } = this.work.way.stop
    if (aborted && this.count < this.items.length && reason instanceof PauseRequested) throw reason
    if (aborted && (this.cut || this.count < this.items.length)) return { end: this.cut ?? cutOff, body }
    const waits = this.open.flatMap((each) => each ?? [])
    if (waits.length > 0) throw new StageWaits(...waits)
    if (this.rollback) return { end: this.rollback, body }
    if (failure && this.body.onItemError === 'fail') return { end: this.endFor(failure), body }
    if (this.cut) return { end: this.cut, body }
    if (failure && this.failures.size === this.items.length) return { end: this.allFailed(failure), body }
    const root = rootOf(this.work.shop, this.work.at.view)
    const parts = combined(root, joinParts(this.parts.filter((each) => each !== undefined)))
    return { end: done, value: this.values, body, ...(parts && { parts }) }
  }

  private succeeded(index: number, view: View): void {
    const { shop, at } = this.work
    const { stages, result } = this.body
    try {
      const { output: schema, limits } = at.stage
      const value = listValue(shop, view, stages, result)
      const isKept = schema === undefined && result === undefined // it is an output that was kept already
      this.values[index] = isKept ? value : shop.keepOutput(value, { schema, maxBytes: limits.outputBytes })
      const parts = partsOf(stages, view.outcomes)
      if (Object.keys(parts).length > 0) this.parts[index] = parts
    } catch (thrown) {
      this.failed(index, this.write(asStageError(thrown), index))
    }
  }

  private failed(index: number, end: FailedList): void {
    const { failure } = end
    this.failures.set(index, end)
    if (failure.category === 'rejected') this.rejected = true
    const prefix = `${this.work.at.path}[${index}].`
    const stage = failure.stage?.startsWith(prefix) ? failure.stage.slice(prefix.length) : this.work.at.stage.id
    this.errors.push({ index, item: this.items[index] as Json, stage, error: failure })
  }

  private write(error: StageError, index: number): FailedList {
    return { is: 'failed', failure: this.work.shop.failures.failure(error, `${this.work.at.path}[${index}]`, 1) }
  }

  /** A rejection that stops the run is no failure of anything. */
  private endFor(end: FailedList): ListEnd {
    const { failure } = end
    if (failure.code === 'item_skipped' && failure.category === 'rejected') return { is: 'skipped', reason: 'rejected' }
    return end
  }

  private allFailed({ failure: first }: FailedList): ListEnd {
    if (this.rejected) return { is: 'skipped', reason: 'rejected' }
    const { category, message } = first
    const count = this.items.length
    const error = new StageError(
      `${count === 1 ? 'The only item' : `All ${count} items`} failed, the first: ${message}`,
      {
        category,
        code: 'all_items_failed',
        details: { failed: count },
        retryable: false,
      },
    )
    return { is: 'failed', failure: this.work.shop.failures.failure(error, this.work.at.path, 1) }
  }
}

/** A skip that leaves an item counts as its failure. */
function skippedItem(reason: SkipReason): StageError {
  const category = reason === 'rejected' || reason === 'timeout' || reason === 'cancelled' ? reason : 'internal'
  const why: Readonly<Record<SkipReason, string>> = {
    rejected: 'it was rejected',
    timeout: 'what it waited for did not come in time',
    cancelled: 'it was cancelled',
    failed: 'a stage that it needs failed',
    need: 'a stage that it needs was skipped',
    condition: 'its condition did not hold',
  }
  return new StageError(`A stage of the item was skipped: ${why[reason]}.`, {
    category,
    code: 'item_skipped',
    details: { reason },
    retryable: false,
  })
}

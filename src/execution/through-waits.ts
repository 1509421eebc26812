/**
 * A stage on its way through its waits: what is due of them is said, and the stage goes on when it was the one it stood
 * at.
 *
 * Everything that needs nothing but the clock and the state of the run is done here, whenever the stage is come by; so
 * it works wherever the graph runs, and whoever wakes a run need not know more than that something is due.
 */
import type { Outcome } from '../foundation/outcome.ts'
import { advance, openWaitOf, openWaitsIn, type Past } from '../foundation/past.ts'
import { holdersOf } from '../foundation/paths.ts'
import { StageWaits } from '../foundation/stage-runner.ts'
import { dueEvents, waitStarted } from '../foundation/wait-events.ts'
import { isFailure } from './bodies/list-end.ts'
import type { StageAtWork } from './stage-work.ts'
import type { Stop } from './stop.ts'
import type { View } from './view.ts'
import { type Say, scopeOf, type Workshop } from './workshop.ts'

interface Way {
  readonly stop: Stop
  readonly say: Say
}

/** What the stage does when it is not kept by a wait. Rejects with StageWaits. */
export interface Steps<W, E> {
  run(at: StageAtWork, way: W): Promise<E>
  /** Something went wrong with a condition. */
  failed(at: StageAtWork, thrown: unknown): E
  cancelled(): E
}

/** The stage stands at a wait. */
export const isAtWait = ({ path, past }: StageAtWork): boolean => openWaitOf(path, past) !== undefined

/**
 * For a stage that stands at a wait, or that has just come to one: `reached`. Rejects with StageWaits when there is
 * nothing to do before it is answered.
 */
export async function throughWaits<W extends Way, E extends Pick<Outcome, 'status'>>(
  shop: Workshop,
  given: StageAtWork,
  way: W,
  steps: Steps<W, E>,
  reached?: StageWaits,
): Promise<E> {
  const { path } = given
  const { clock, deadline } = shop.deps
  const runDue = deadline === undefined ? {} : { run_due_at: deadline }
  let { past } = given
  const say: Say = (event, at) => {
    way.say(event, at)
    const dated = { ...event, at: at ?? new Date(clock.now()).toISOString() }
    if ('wait' in dated) past = advance(past, dated)
  }
  const ended = (end: E): E => {
    const left = openWaitOf(path, past)
    if (left) say({ type: 'wait.cancelled', stage: path, wait: left.id })
    return end
  }
  /** Undefined: it is to be come by again, for what it asks is on record now. */
  const stopAt = (waits: StageWaits): E | undefined => {
    const known = openWaitOf(path, past)?.id
    const fresh = waits.waits.filter((wait) => wait.stage === path && wait.id !== known)
    if (fresh.length === 0) throw waits
    if (isInVain(shop, given) && fresh.every(({ ambiguous }) => !ambiguous)) return steps.cancelled()
    for (const wait of fresh) say(waitStarted({ ...wait, ...runDue }, past.generation))
    return undefined
  }
  const before = reached && stopAt(reached)
  if (before) return before
  for (;;) {
    const open = openWaitOf(path, past)
    if (open && !open.ambiguous && !way.stop.aborted) {
      if (isInVain(shop, given)) return ended(steps.cancelled())
      const now = clock.now()
      const holds = (condition: string): boolean =>
        shop.deps.evaluator.condition(condition, liveScope(shop, given, condition, now))
      try {
        for (const event of dueEvents(open, now, holds)) say(event, new Date(now).toISOString())
      } catch (thrown) {
        return ended(steps.failed(given, thrown))
      }
    }
    try {
      return ended(await steps.run({ ...given, past }, { ...way, say }))
    } catch (thrown) {
      if (!(thrown instanceof StageWaits)) throw thrown
      const end = stopAt(thrown)
      if (end) return end
    }
  }
}

/**
 * Something failed, so the run will have failed in the end: nobody is to be asked any more. A kind that does something
 * besides waiting is to come to its end.
 */
const isInVain = ({ deps }: Workshop, { stage, view }: StageAtWork): boolean =>
  deps.kinds.get(stage.kind)?.waits !== undefined && hasFailure(view)

/** In its own list, in one around it, or beside one of these. */
function hasFailure(view: View): boolean {
  const outer = view.inside?.holder
  if (view.inside?.isDoomed() || Object.values(view.outcomes).some(isFailure)) return true
  return outer !== undefined && hasFailure(outer.view)
}

/** A stage that ends because everything is stopped does not come by those inside it that wait. */
export function cancelInside(path: string, past: Past, say: Say): void {
  for (const { stage, id } of openWaitsIn(past)) {
    if (holdersOf(stage).includes(path)) say({ type: 'wait.cancelled', stage, wait: id })
  }
}

/** What the stage sees, with every variable as it is now. */
function liveScope(shop: Workshop, { scope, view }: StageAtWork, condition: string, nowMs: number) {
  const { vars } = scopeOf(shop, view)([condition]).names
  const { names } = scope([condition])
  return { names: { ...names, ...(vars !== undefined && { vars }) }, nowMs }
}

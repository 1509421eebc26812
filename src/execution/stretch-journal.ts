/** The log of a stretch as its stages see it: a journal that watches what is said. */
import { isTransient, type RunEventBody } from '../foundation/events.ts'
import type { Journal, Recorded } from '../foundation/journal.ts'
import { amend, type Past, type StageEvent } from '../foundation/past.ts'
import { isInside, topOf } from '../foundation/paths.ts'
import type { StretchControl } from './control.ts'

/**
 * The journal and what it held. A graph may come back to a stage that is not at its end: so what is said of waits here, and
 * whatever happens inside of stages, is known at once, until the stage of the pipeline's own list is. `onEnd` is told of
 * each stage that ended.
 */
export function followOpen(
  journal: Journal,
  before: Past,
  {
    reread,
    now,
    onEnd,
  }: { readonly reread: Recorded['reread']; readonly now: () => string; readonly onEnd: () => void },
): Recorded {
  const open = new Map<string, ReturnType<typeof amend>>()
  function follow(event: StageEvent): void {
    const top = topOf(event.stage)
    const known = open.get(top) ?? amend(before)
    open.set(top, known)
    known.add(event)
  }
  const past: Past = {
    of: (path) => (open.size === 0 ? before : (open.get(topOf(path))?.past ?? before)).of(path),
    get paths() {
      return [...new Set([before, ...[...open.values()].map((each) => each.past)].flatMap(({ paths }) => paths))]
    },
    outcomes: before.outcomes,
    ended: before.ended,
    open: before.open,
    patches: before.patches,
  }
  return {
    past,
    async reread() {
      await journal.commit()
      return reread()
    },
    journal: {
      say(event, at) {
        if (isClosing(event)) onEnd()
        journal.say(event, at)
        if (!('stage' in event)) return
        if (isInside(event.stage) ? !isTransient(event) : isBeginning(event)) follow({ ...event, at: at ?? now() })
        else if (open.size > 0 && isClosing(event)) open.delete(event.stage)
      },
      commit: () => journal.commit(),
    },
  }
}

/** A stage of the pipeline's own list waits, or stages inside of it begin. */
const isBeginning = (event: RunEventBody): boolean =>
  'wait' in event ||
  (event.type === 'stage.started' && event.fixed !== undefined) ||
  (event.type === 'stage.interrupted' && event.active_ms !== undefined)

/** The same journal; the run is paused when the stage is terminal. */
export function pausingAt(until: string | undefined, journal: Journal, control: StretchControl): Journal {
  if (until === undefined) return journal
  return {
    say(event, at) {
      journal.say(event, at)
      if (isClosing(event) && event.stage === until) control.pause('until')
    },
    commit: () => journal.commit(),
  }
}

const isClosing = (event: RunEventBody) =>
  event.type === 'stage.succeeded' ||
  event.type === 'stage.failed' ||
  event.type === 'stage.skipped' ||
  event.type === 'stage.cancelled'

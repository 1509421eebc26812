/** The log of a stretch as its stages see it: a journal that watches what is said. */
import type { RunEventBody } from '../foundation/events.ts'
import type { Journal, Recorded } from '../foundation/journal.ts'
import { amend, type Past } from '../foundation/past.ts'
import type { StretchControl } from './control.ts'

/** The journal and what it held; what is said of waits here is known at once, so that nothing is asked twice. */
export function followWaits(journal: Journal, before: Past, now: () => string, onEnd: () => void): Recorded {
  const { past, add } = amend(before)
  return {
    past,
    journal: {
      say(event, at) {
        if ('wait' in event) add({ ...event, at: at ?? now() })
        if (isClosing(event)) onEnd()
        journal.say(event, at)
      },
      commit: () => journal.commit(),
    },
  }
}

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

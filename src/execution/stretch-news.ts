/**
 * What comes for the waits of a run while it runs here: answers, events, and the time. It becomes part of the log, and
 * the stages that wait are come by again.
 */
import type { RunEventBody } from '../foundation/events.ts'
import type { Recorded } from '../foundation/journal.ts'
import type { DatedEvent } from '../foundation/past.ts'
import { isOpen } from '../foundation/wait.ts'
import type { EngineHost } from './engine-host.ts'
import type { RunRecord } from './store.ts'

interface NewsHost extends Pick<EngineHost, 'store' | 'clock' | 'logger'> {
  /** How many stages have ended: what they set may be what others wait for. */
  ended(): number
  /** What has come, as the store has it. */
  newsOf(run: RunRecord): Promise<readonly DatedEvent[]>
}

export interface StretchNews {
  /** Tells the log what has come. True: something had. */
  take(): Promise<boolean>
  /** Calls back when something has come or is due, until it is told to stop. */
  onNews(listener: () => void): () => void
}

/** How often is looked for it. Milliseconds of the machine's time. */
const lookEveryMs = 250

export function createStretchNews(host: NewsHost, record: RunRecord, recorded: Recorded): StretchNews {
  const { store, clock, logger } = host
  const listeners = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  let taking: Promise<unknown> = Promise.resolve()
  let looking = false
  let ended = 0

  /** One after the other: what the store says has come may be in the log already, and not yet in the store. */
  function take(): Promise<boolean> {
    const taken = taking.then(async () => {
      const came = (await host.newsOf(record)).filter(isNew)
      for (const { at, ...event } of came) recorded.journal.say(event, at)
      return came.length > 0
    })
    taking = taken.catch(() => undefined)
    return taken
  }

  function isNew(event: RunEventBody): boolean {
    if (!('wait' in event)) return true
    const wait = recorded.past.of(event.stage).waits?.find(({ id }) => id === event.wait)
    if (!wait || !isOpen(wait)) return false
    return (
      event.type !== 'wait.evaluated' || Object.keys(event.came).some((name) => !Object.hasOwn(wait.came ?? {}, name))
    )
  }

  const isDue = async (): Promise<boolean> =>
    (await store.listWaits({ thread: record.id, dueMs: clock.now() })).length > 0

  async function look(): Promise<void> {
    if (looking) return
    looking = true
    try {
      const before = ended
      ended = host.ended()
      const mayGoOn = ended > before || (await isDue())
      if ((await take()) || mayGoOn) for (const listener of [...listeners]) listener()
    } catch (error) {
      logger.warn('what came for a run could not be read', { run: record.id, error: String(error) })
    } finally {
      looking = false
    }
  }

  return {
    take,
    onNews(listener) {
      listeners.add(listener)
      timer ??= setInterval(() => void look(), lookEveryMs).unref()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}

/** What is left of a run: its log, as it stands in the store, and the file of its effects. */
import type { RunEvent } from '../../src/foundation/events.ts'
import { type Effect, readEffects } from './effects.ts'
import { open } from './engine.ts'

export interface Trace {
  readonly events: readonly RunEvent[]
  readonly effects: readonly Effect[]
}

/** One round: the traces found after each kill, and the one in the end. */
export interface Evidence {
  readonly before: readonly Trace[]
  readonly final: Trace
}

/** More events than any run here has. */
const allEvents = 100_000

export async function traceOf(storePath: string, effectsPath: string, thread: string): Promise<Trace> {
  const store = open(storePath)
  try {
    const known = await store.getRun(thread)
    const events = known ? await store.readEvents(thread, 0, allEvents) : []
    return { events, effects: readEffects(effectsPath) }
  } finally {
    await store.close()
  }
}

type Closing = Extract<RunEvent, { type: 'stage.succeeded' | 'stage.failed' | 'stage.skipped' | 'stage.cancelled' }>

export const isClosing = (event: RunEvent): event is Closing =>
  event.type === 'stage.succeeded' ||
  event.type === 'stage.failed' ||
  event.type === 'stage.skipped' ||
  event.type === 'stage.cancelled'

/** Paths of stages whose end is recorded. */
export const recorded = ({ events }: Trace): ReadonlySet<string> =>
  new Set(events.filter(isClosing).map(({ stage }) => stage))

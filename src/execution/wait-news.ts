/**
 * What has come for the waits of a run while nobody ran it: answers that were handed in, and events that match.
 */
import type { Evaluator } from '../foundation/expression/evaluate.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { DatedEvent } from '../foundation/past.ts'
import type { WaitEnd } from '../foundation/wait.ts'
import { type Arrival, arrive } from '../foundation/wait-events.ts'
import type { EngineHost } from './engine-host.ts'
import type { RunRecord, RunStore, Signal, StoredSignal, WaitRecord } from './store.ts'

export interface News {
  /** The events that tell of it, to be added to the log. */
  of(run: Pick<RunRecord, 'id' | 'created_at'>): Promise<readonly DatedEvent[]>
  /** The wait takes this event, if it was not given to its stage before. */
  takes(wait: WaitRecord, signal: StoredSignal, startedAt: string): boolean
}

type Ports = Pick<EngineHost, 'clock' | 'logger'> & { readonly store: RunStore; readonly evaluator: Evaluator }

export function createNews({ store, clock, logger, evaluator }: Ports): News {
  function matches(end: WaitEnd, signal: StoredSignal, { due_at }: WaitRecord, startedAt: string): boolean {
    if (end.event !== signal.event || (due_at !== undefined && signal.at > due_at)) return false
    if (end.match === undefined) return signal.at >= startedAt
    try {
      const names = { ...end.names, event: asJson(signal) }
      return evaluator.condition(end.match, { names, nowMs: Date.parse(signal.at) })
    } catch (error) {
      logger.warn('an event could not be matched', { event: signal.event, id: signal.id, error: String(error) })
      return false
    }
  }

  async function arrivalsFor(wait: WaitRecord, startedAt: string): Promise<readonly Arrival[]> {
    const { ends, came = {}, thread, stage } = wait
    const open = (ends?.entries ?? []).filter(({ name, event }) => event !== undefined && !Object.hasOwn(came, name))
    if (open.length === 0) return []
    const given = await store.signalsGiven(thread, stage)
    const found: { readonly n: number; readonly arrival: Arrival }[] = []
    for (const end of open) {
      const signals = await store.listSignals({ event: end.event ?? '' }, clock.now())
      const first = signals.find((signal) => !given.has(signal.id) && matches(end, signal, wait, startedAt))
      if (first) found.push({ n: first.n, arrival: { name: end.name, event: asJson(first) } })
    }
    return found.toSorted((a, b) => a.n - b.n).map(({ arrival }) => arrival)
  }

  return {
    async of({ id, created_at }) {
      const events: DatedEvent[] = []
      for (const wait of await store.listWaits({ thread: id })) {
        const { answered, stage } = wait
        if (answered) {
          events.push({ type: 'wait.fired', stage, wait: wait.id, ...answered })
          continue
        }
        const event = arrive(wait, await arrivalsFor(wait, created_at))
        if (event) events.push({ ...event, at: new Date(clock.now()).toISOString() })
      }
      return events
    },
    takes: (wait, signal, startedAt) => (wait.ends?.entries ?? []).some((end) => matches(end, signal, wait, startedAt)),
  }
}

const asJson = ({ id, event, at, data }: Signal): JsonObject & { readonly id: string } => ({ id, event, at, data })

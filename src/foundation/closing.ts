/** How a stage ended, as the event that closes it tells. */
import type { RunEventBody } from './events.ts'
import { nothingSet, type Outcome } from './outcome.ts'

type Dated = RunEventBody & { readonly at: string }
export type Closing = Extract<Dated, { type: 'stage.succeeded' | 'stage.failed' | 'stage.skipped' | 'stage.cancelled' }>

/** The outcome that a closing event tells of. What it set follows in events of its own. */
export function outcomeOf(event: Closing, generation: number): Outcome {
  const ends = { ended_at: event.at, set: nothingSet, ...(generation > 1 && { generation }) }
  switch (event.type) {
    case 'stage.skipped':
      return { ...nothing, ...ends, status: 'skipped', reason: event.reason, started_at: event.at }
    case 'stage.succeeded': {
      const { output, attempts, cached, body } = event
      const begin = { attempts, started_at: startOf(event) }
      const more = { ...(cached && { cached }), ...(body && { body }) }
      return { ...nothing, ...ends, ...begin, status: 'succeeded', output, ...more }
    }
    case 'stage.failed': {
      const { output, error, tolerated, attempts, body } = event
      const begin = { attempts, started_at: startOf(event) }
      const more = {
        ...(body && { body }),
        ...(event.rollback && { rollback: event.rollback }),
        ...(event.shut && { shut: event.shut }),
      }
      return { ...nothing, ...ends, ...begin, status: 'failed', output, error, tolerated, ...more }
    }
    case 'stage.cancelled': {
      const { error, attempts, body } = event
      const begin = { attempts, started_at: startOf(event) }
      return { ...nothing, ...ends, ...begin, status: 'cancelled', error, ...(body && { body }) }
    }
  }
}

const nothing = { output: null, error: null, reason: null, tolerated: false, attempts: 0 } as const

const startOf = ({ at, duration_ms }: { readonly at: string; readonly duration_ms: number }): string =>
  duration_ms === 0 ? at : new Date(Date.parse(at) - duration_ms).toISOString()

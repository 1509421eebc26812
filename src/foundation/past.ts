/**
 * What a journal says of each stage: a fold of its events, oldest first.
 */
import type { RunEventBody } from './events.ts'
import { deepFreeze, type Json } from './json.ts'
import type { Outcome, Outcomes, VariablePatch } from './outcome.ts'

/** A stage as its journal knows it. */
export interface StagePast {
  /** How it ended, when it did. */
  readonly outcome?: Outcome
  /** Attempts that were started. */
  readonly attempts: number
  /** Failures that spent an attempt; crashes and `Retry-After` are not among them. */
  readonly failures: number
  /** Attempts whose process died. */
  readonly crashes: number
  /** How often it was begun anew. */
  readonly generation: number
  /** The attempt that was started and of which nothing more is known. */
  readonly open?: number
  /** The next attempt does not start before. ISO 8601, UTC. */
  readonly nextAt?: string
  /** Hash of what its last attempt was given. */
  readonly input?: string
}

export interface Past {
  of(path: string): StagePast
  /** Every outcome that was recorded, frozen. */
  readonly outcomes: Outcomes
  /** Paths with an attempt that nothing more is known of. */
  readonly open: readonly string[]
  readonly patches: readonly VariablePatch[]
}

/** An event with its time. */
export type DatedEvent = RunEventBody & { readonly at: string }

const untouched: StagePast = { attempts: 0, failures: 0, crashes: 0, generation: 1 }

export const noPast: Past = { of: () => untouched, outcomes: {}, open: [], patches: [] }

/** Folds events one after the other; `past` may be asked for at any time. */
export function createFold(): { add(event: DatedEvent): void; past(): Past } {
  const stages = new Map<string, StagePast>()
  const patches: VariablePatch[] = []
  const outcomes: Record<string, Outcome> = Object.create(null)

  function add(event: DatedEvent): void {
    if (event.type === 'variable.patched') patches.push(event)
    else if (event.type === 'run.ended' && event.result.status === 'quarantined') forgive(stages)
    else if ('stage' in event) {
      const before = stages.get(event.stage) ?? untouched
      const after = next(before, event)
      if (after === before) return
      stages.set(event.stage, after)
      if (after.outcome) outcomes[event.stage] = after.outcome
    }
  }
  return {
    add,
    past: () => ({
      of: (path) => stages.get(path) ?? untouched,
      outcomes: deepFreeze({ ...outcomes } as unknown as Json) as unknown as Outcomes,
      open: [...stages].flatMap(([path, { open }]) => (open === undefined ? [] : [path])),
      patches,
    }),
  }
}

/** All at once. */
export function foldPast(events: Iterable<DatedEvent>): Past {
  const fold = createFold()
  for (const event of events) fold.add(event)
  return fold.past()
}

/** A person looked at a run that crashed again and again, and lets it try once more. */
function forgive(stages: Map<string, StagePast>): void {
  for (const [path, stage] of stages) if (stage.crashes > 0) stages.set(path, { ...stage, crashes: 0 })
}

function next(stage: StagePast, event: DatedEvent & { readonly stage: string }): StagePast {
  switch (event.type) {
    case 'stage.started': {
      const { open: _, nextAt: __, ...rest } = stage
      const { attempt, generation = 1, input } = event
      return { ...rest, attempts: attempt, open: attempt, generation, ...(input !== undefined && { input }) }
    }
    case 'stage.retrying':
      return { ...closed(stage), failures: stage.failures + (event.counts ? 1 : 0), nextAt: event.next_at }
    case 'stage.interrupted':
      return closed(stage)
    case 'stage.crashed':
      return { ...closed(stage), crashes: event.crashes }
    case 'stage.succeeded':
    case 'stage.failed':
    case 'stage.skipped':
    case 'stage.cancelled':
      return { ...closed(stage), outcome: outcomeOf(event) }
    case 'variable.changed': {
      const { outcome } = stage
      if (!outcome) return stage
      return { ...stage, outcome: { ...outcome, set: { ...outcome.set, [event.variable]: event.value } } }
    }
    default:
      return stage
  }
}

function closed({ open: _, ...stage }: StagePast): StagePast {
  return stage
}

type Closing = Extract<DatedEvent, { type: 'stage.succeeded' | 'stage.failed' | 'stage.skipped' | 'stage.cancelled' }>

/** The outcome that a closing event tells of. What it set follows in events of its own. */
function outcomeOf(event: Closing): Outcome {
  const ends = { ended_at: event.at, set: {} }
  switch (event.type) {
    case 'stage.skipped':
      return { ...nothing, ...ends, status: 'skipped', reason: event.reason, started_at: event.at }
    case 'stage.succeeded': {
      const { output, attempts, cached } = event
      const begin = { attempts, started_at: startOf(event) }
      return { ...nothing, ...ends, ...begin, status: 'succeeded', output, ...(cached && { cached }) }
    }
    case 'stage.failed': {
      const { output, error, tolerated, attempts } = event
      return { ...nothing, ...ends, status: 'failed', output, error, tolerated, attempts, started_at: startOf(event) }
    }
    case 'stage.cancelled': {
      const { error, attempts } = event
      return { ...nothing, ...ends, status: 'cancelled', error, attempts, started_at: startOf(event) }
    }
  }
}

const nothing = { output: null, error: null, reason: null, tolerated: false, attempts: 0 } as const

const startOf = ({ at, duration_ms }: { readonly at: string; readonly duration_ms: number }): string =>
  new Date(Date.parse(at) - duration_ms).toISOString()

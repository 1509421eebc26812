/**
 * What a journal says of each stage: a fold of its events, oldest first.
 */
import { outcomeOf } from './closing.ts'
import type { Failure } from './errors.ts'
import type { RunEventBody } from './events.ts'
import { copyOutcomes } from './join-outcomes.ts'
import { deepFreeze, isJsonObject, type Json } from './json.ts'
import type { Outcome, Outcomes, VariablePatch } from './outcome.ts'
import { holdersOf, isInside, lastTops, topOf } from './paths.ts'
import { endedWell, isOver, type Renewal, renewedBy } from './renewal.ts'
import { isOpen, type OpenWait, type Wait } from './wait.ts'
import { foldWait, waitOf } from './wait-events.ts'

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
  /** The last attempt, when its process died: nobody knows how far it came, and nothing came of it since. */
  readonly lost?: number
  /** The next attempt does not start before. ISO 8601, UTC. */
  readonly nextAt?: string
  /** Hash of what its last attempt was given. */
  readonly input?: string
  /** What it asked, oldest first. */
  readonly waits?: readonly Wait[]
  /** How a person decided on an attempt of which nobody knew how it ended; gone once another is started. */
  readonly decision?: Json
  /** The failure that its `on_error` is at work on. */
  readonly handling?: Failure
  /** What it did was taken back. */
  readonly undone?: true
  /** Its end is that of another run, which this one was forked from. */
  readonly inherited?: true
  /** Of a stage with stages inside, once it has begun: when, what was decided then, and how long it was active. */
  readonly begun?: Begun
}

export interface Begun {
  /** ISO 8601, UTC. */
  readonly at: string
  /** As of `stage.started`. */
  readonly fixed: Json
  /** Milliseconds, up to its last interruption. */
  readonly activeMs: number
}

export interface Past {
  of(path: string): StagePast
  /** Everything that anything is known of, stages inside others too. */
  readonly paths: readonly string[]
  /** Every outcome that was recorded of stages of the pipeline's own list, frozen. */
  readonly outcomes: Outcomes
  /** Paths of all that ended, stages inside others too, in the order in which they did. */
  readonly ended: readonly string[]
  /** Paths with an attempt that nothing more is known of. */
  readonly open: readonly string[]
  readonly patches: readonly VariablePatch[]
}

/** An event with its time. */
export type DatedEvent = RunEventBody & { readonly at: string }

/** One that tells of a stage. */
export type StageEvent = DatedEvent & { readonly stage: string }

const untouched: StagePast = { attempts: 0, failures: 0, crashes: 0, generation: 1 }

export const noPast: Past = { of: () => untouched, paths: [], outcomes: {}, ended: [], open: [], patches: [] }

export interface Fold {
  add(event: DatedEvent): void
  /**
   * Path → the highest generation it has in another branch of the thread. A stage that has not ended here is begun anew,
   * unless it was already.
   */
  beginAnew(elsewhere: Readonly<Record<string, number>>): void
  /** May be asked for at any time. */
  past(): Past
}

/** Folds events one after the other. `before`: what is known of stages already. */
export function createFold(before: Readonly<Record<string, StagePast>> = {}): Fold {
  const stages = new Map<string, StagePast>(Object.entries(before))
  const patches: VariablePatch[] = []
  const outcomes: Record<string, Outcome> = Object.create(null)
  const ended = new Set<string>()
  let inherits = 0

  function add(event: DatedEvent): void {
    const isInherited = inherits > 0 && inherits-- > 0
    if (event.type === 'run.forked') inherits = event.inherits ?? 0
    else if (event.type === 'run.reopened') reopen(event.stages, event.partly)
    else if (event.type === 'run.migrated') renew(event)
    else if (event.type === 'variable.patched') patches.push(event)
    else if (event.type === 'run.ended' && event.result.status === 'quarantined') forgive(stages)
    else if ('stage' in event) {
      const before = stages.get(event.stage) ?? untouched
      const after = next(before, event)
      if (after === before) return
      stages.set(event.stage, isInherited && after.outcome ? { ...after, inherited: true } : after)
      if (after.outcome) ended.add(event.stage)
      if (after.outcome && !isInside(event.stage)) outcomes[event.stage] = after.outcome
    }
  }
  function reopen(tops: readonly string[], partly: readonly string[] = []): void {
    const anew = new Set([...tops, ...lastTops])
    const kept = new Set(partly)
    for (const [path, { generation, begun, outcome }] of stages) {
      const top = topOf(path)
      if (!anew.has(top)) continue
      const isKept = kept.has(top)
      if (isKept && path !== top && outcome && endedWell(outcome)) continue
      again(path, generation, isKept ? begun : undefined)
    }
  }
  function renew(renewal: Renewal): void {
    const renewed = renewedBy(renewal)
    for (const [path, { generation, begun, outcome }] of stages) {
      const what = renewed(path, isOver(outcome))
      if (what !== 'kept') again(path, generation, what === 'partly' ? begun : undefined)
    }
  }
  function again(path: string, generation: number, begun: Begun | undefined): void {
    stages.set(path, { ...untouched, generation: generation + 1, ...(begun && { begun }) })
    ended.delete(path)
    delete outcomes[path]
  }
  function beginAnew(elsewhere: Readonly<Record<string, number>>): void {
    for (const [path, highest] of Object.entries(elsewhere)) {
      const stage = stages.get(path) ?? untouched
      if (!stage.outcome) stages.set(path, ofGeneration(stage, highest + 1))
    }
  }
  return {
    add,
    beginAnew,
    past: () => ({
      of: (path) => stages.get(path) ?? untouched,
      get paths() {
        return [...stages.keys()]
      },
      outcomes: deepFreeze(copyOutcomes(outcomes)),
      ended: [...ended],
      open: [...stages].flatMap(([path, { open }]) => (open === undefined ? [] : [path])),
      patches,
    }),
  }
}

/** What was known, and what was said since. May be added to while it is asked. */
export function amend(
  past: Past,
  events: Iterable<DatedEvent> = [],
): { readonly past: Past; add(event: DatedEvent): void } {
  const stages = new Map<string, StagePast>()
  const of = (path: string): StagePast => stages.get(path) ?? past.of(path)
  const add = (event: DatedEvent): void => {
    if ('stage' in event) stages.set(event.stage, next(of(event.stage), event))
  }
  for (const event of events) add(event)
  const { outcomes, ended, open, patches } = past
  const amended: Past = {
    of,
    get paths() {
      return [...new Set([...past.paths, ...stages.keys()])]
    },
    outcomes,
    ended,
    open,
    patches,
  }
  return { past: amended, add }
}

/** The outcome that the events of one stage tell of. */
export const endOf = (events: readonly StageEvent[]): Outcome | undefined => events.reduce(next, untouched).outcome

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

function next(stage: StagePast, event: StageEvent): StagePast {
  switch (event.type) {
    case 'stage.started': {
      const { nextAt: _, decision: __, ...rest } = closed(ofGeneration(stage, event.generation))
      const { attempt, input, fixed } = event
      if (fixed !== undefined) return { ...rest, attempts: attempt, begun: { at: event.at, fixed, activeMs: 0 } }
      return { ...rest, attempts: attempt, open: attempt, ...(input !== undefined && { input }) }
    }
    case 'wait.started':
      return asked(ofGeneration(stage, event.generation), event)
    case 'wait.evaluated':
    case 'wait.fired':
    case 'wait.timed_out':
    case 'wait.cancelled':
    case 'approval.requested':
      return heard(stage, event)
    case 'stage.retrying':
      return { ...closed(stage), failures: stage.failures + (event.counts ? 1 : 0), nextAt: event.next_at }
    case 'stage.interrupted': {
      const { begun } = stage
      return begun ? { ...stage, begun: { ...begun, activeMs: event.active_ms ?? 0 } } : closed(stage)
    }
    case 'stage.handling':
      return { ...closed(stage), handling: event.error }
    case 'stage.undone':
      return { ...stage, undone: true }
    case 'stage.crashed':
      return { ...closed(stage), crashes: event.crashes, lost: event.attempt }
    case 'stage.succeeded':
    case 'stage.failed':
    case 'stage.skipped':
    case 'stage.cancelled':
      return { ...closed(stage), outcome: outcomeOf(event, stage.generation) }
    case 'variable.changed': {
      const { outcome } = stage
      if (!outcome) return stage
      if (!event.parts)
        return { ...stage, outcome: { ...outcome, set: { ...outcome.set, [event.variable]: event.value } } }
      const parts = { ...outcome.parts, [event.variable]: event.value as readonly Json[] }
      return { ...stage, outcome: { ...outcome, parts } }
    }
    default:
      return stage
  }
}

/** What a stage that is begun anew was before is none of its business. */
const ofGeneration = (stage: StagePast, generation = 1): StagePast =>
  stage.generation >= generation ? stage : { ...untouched, generation }

/** An attempt that asks is no attempt yet: the one that has the answer takes its number. */
function asked(stage: StagePast, event: Extract<DatedEvent, { type: 'wait.started' }>): StagePast {
  const attempts = stage.open === undefined || event.ambiguous ? stage.attempts : stage.attempts - 1
  return { ...closed(stage), attempts, waits: [...(stage.waits ?? []), waitOf(event)] }
}

/** What became of a wait. The first answer stands. */
function heard(stage: StagePast, event: Extract<DatedEvent, { readonly wait: string }>): StagePast {
  const wait = stage.waits?.find((each) => each.id === event.wait)
  if (!wait || !isOpen(wait)) return stage
  const after = foldWait(wait, event)
  const waits = stage.waits?.map((each) => (each === wait ? after : each)) ?? []
  if (!wait.ambiguous || !('answer' in after)) return { ...stage, waits }
  const decision = after.answer as Json
  if (!isRetry(decision)) return { ...stage, waits, decision }
  const { handling: _, ...anew } = stage // tried again, as if it had not failed yet
  return { ...anew, waits, failures: stage.handling ? 0 : stage.failures, decision }
}

const isRetry = (answer: Json): boolean => isJsonObject(answer) && answer.decision === 'retry'

/** The stage after one more event. */
export const advance = (stage: StagePast, event: StageEvent): StagePast => next(stage, event)

/** The wait that a stage stands at. */
export function openWaitOf(stage: string, past: StagePast): OpenWait | undefined {
  const last = past.waits?.at(-1)
  if (past.outcome || !last || !isOpen(last)) return undefined
  return { stage, ...last }
}

/** All waits that are open: neither the stage nor one that it is inside of has ended. */
export const openWaitsIn = (past: Past): OpenWait[] =>
  past.paths.flatMap((path) => {
    const isOver = holdersOf(path).some((holder) => past.of(holder).outcome !== undefined)
    return isOver ? [] : (openWaitOf(path, past.of(path)) ?? [])
  })

function closed(stage: StagePast): StagePast {
  const { open: _, lost: __, ...rest } = stage
  return rest
}

/**
 * Outcomes that the log of a run holds already are not kept a second time: what a checkpoint keeps of them is where they
 * stand in the log.
 *
 * The log holds how a stage ended, and right behind that what it set. Whoever appends such events, or reads them of a run
 * that is held here, has them noted; an outcome that a fold of them gives back is written down as their place. Everything
 * else is written down as it is, in a list of its own, so that no data can be taken for a place.
 */
import { StoreError } from '../../foundation/errors.ts'
import { deepFreeze, isJsonObject, type Json, mapMembers } from '../../foundation/json.ts'
import type { Outcome, Outcomes } from '../../foundation/outcome.ts'
import { type DatedEvent, endOf, type StageEvent } from '../../foundation/past.ts'

/** The channel that holds outcomes by path. */
export const outcomesChannel = 'stages'

/** Where an outcome stands: the `seq` of its closing event, or the same and how many changes follow it. */
type Standing = number | readonly [seq: number, changes: number]

/** An outcome written down: where it stands, or as it is. */
type Written = Standing | readonly [asItIs: Json]

/** Outcomes by path, each written down. */
export type OutcomesForm = Readonly<Record<string, Written>>

/** Where events stand: the run's number and the `seq` of the first. */
export interface Place {
  readonly run: number
  readonly seq: number
  readonly changes: number
}

export interface Places {
  /** From now on what is noted of the run is kept, until it is forgotten. */
  begin(run: number): void
  /** These events stand in the log of the run, from `first` on. What may still be changed is not gone by. */
  note(run: number, first: number, events: readonly DatedEvent[]): void
  /** The same of events that were just read, and are frozen from now on. */
  noteRead(run: number, first: number, events: readonly DatedEvent[]): void
  forget(run: number): void
  /** Undefined when nothing of it is known to be in the log. */
  toForm(run: number, value: unknown): OutcomesForm | undefined
  /** `eventsAt` reads the log: `count` events from `seq` on. The outcomes are frozen. */
  fromForm(run: number, form: OutcomesForm, eventsAt: EventsAt): Outcomes
}

export type EventsAt = (places: readonly Place[]) => readonly (readonly DatedEvent[])[]

interface Ended {
  readonly seq: number
  /** The closing event and the changes behind it. */
  readonly events: DatedEvent[]
  /** The outcome of which it is known that they say just that. */
  outcome?: object | undefined
}

/** What was read of a run last. */
interface Loaded {
  readonly form: OutcomesForm
  readonly outcomes: WeakRef<Outcomes>
}

/** Of how many runs it is known what was read last. */
const mostLoaded = 64

export function createPlaces(): Places {
  /** Run → path → its last end that was noted. */
  const noted = new Map<number, Map<string, Ended>>()
  const loaded = new Map<number, Loaded>()
  /** What a form, which never changes, was read as. */
  const read = new WeakMap<OutcomesForm, WeakRef<Outcomes>>()

  function remember(run: number, form: OutcomesForm, outcomes: Outcomes): void {
    const ref = new WeakRef(outcomes)
    loaded.delete(run)
    loaded.set(run, { form, outcomes: ref })
    if (loaded.size > mostLoaded) loaded.delete(loaded.keys().next().value as number)
    if (Object.isFrozen(form)) read.set(form, ref)
  }

  /** Where the outcomes stand that are in the log of the run. */
  function standings(run: number): (path: string, outcome: unknown) => Standing | undefined {
    const ends = noted.get(run)
    const before = loaded.get(run)
    const known = before?.outcomes.deref()
    return (path, outcome) => {
      if (typeof outcome !== 'object' || outcome === null) return undefined
      const read = known && Object.hasOwn(known, path) && known[path] === outcome && before?.form[path]
      if (read && isStanding(read)) return read
      const ended = ends?.get(path)
      return ended && saysJust(ended, path, outcome) ? standingOf(ended) : undefined
    }
  }

  return {
    begin(run) {
      if (!noted.has(run)) noted.set(run, new Map())
    },
    note(run, first, events) {
      const ends = noted.get(run)
      if (!ends) return
      for (const [index, event] of events.entries()) {
        if (!isOfItem(event)) noteEvent(ends, first + index, event, areFrozen)
      }
    },
    noteRead(run, first, events) {
      const ends = noted.get(run)
      if (!ends) return
      for (const [index, event] of events.entries()) {
        if (isPartOfEnd(event)) noteEvent(ends, first + index, deepFreeze(event), alreadyFrozen)
      }
    },
    forget(run) {
      noted.delete(run)
    },
    toForm(run, value) {
      if (!isJsonObject(value)) return undefined
      const standing = standings(run)
      let stands = false
      const form = mapMembers(value, (outcome, path): Written => {
        const found = standing(path, outcome)
        if (found === undefined) return [outcome]
        stands = true
        return found
      })
      return stands ? form : undefined
    },
    fromForm(run, form, eventsAt) {
      const outcomes = read.get(form)?.deref() ?? readForm(run, form, noted.get(run), eventsAt)
      remember(run, form, outcomes)
      return outcomes
    },
  }
}

/** `noted` saves reading what is in memory. */
function readForm(
  run: number,
  form: OutcomesForm,
  noted: ReadonlyMap<string, Ended> | undefined,
  eventsAt: EventsAt,
): Outcomes {
  const wanted = Object.entries(form).flatMap(([path, written]) => {
    const place = placeIn(run, written)
    return place ? [{ path, place, ended: endedAt(place, noted?.get(path)) }] : []
  })
  const found = eventsAt(wanted.flatMap(({ place, ended }) => (ended ? [] : [place]))).values()
  const outcomes = new Map<string, Outcome>()
  for (const { path, place, ended } of wanted) {
    const outcome = outcomeIn(path, ended?.events ?? found.next().value ?? [])
    if (!outcome) throw damaged(path, place)
    outcomes.set(path, deepFreeze(outcome))
  }
  return Object.freeze(mapMembers(form, (written, path) => outcomes.get(path) ?? asItIs(written))) as Outcomes
}

const endedAt = ({ seq, changes }: Place, ended: Ended | undefined): Ended | undefined =>
  ended?.seq === seq && ended.events.length === changes + 1 ? ended : undefined

const standingOf = ({ seq, events }: Ended): Standing => (events.length === 1 ? seq : [seq, events.length - 1])

const isStanding = (written: Written): written is Standing => typeof written === 'number' || written.length === 2

/** Whether the end tells of just this outcome; then it is remembered, for the next time it is asked. */
function saysJust(ended: Ended, path: string, outcome: object): boolean {
  if (ended.outcome === outcome) return true
  if (!isFrozen(outcome) || !isSameOutcome(outcome, outcomeIn(path, ended.events))) return false
  ended.outcome = outcome
  return true
}

const endTypes: ReadonlySet<string> = new Set([
  'stage.succeeded',
  'stage.failed',
  'stage.skipped',
  'stage.cancelled',
  'variable.changed',
])

const isPartOfEnd = ({ type }: DatedEvent): boolean => endTypes.has(type)

/** Of an item of a list: checkpoints hold the outcome of the whole list, and there may be very many of them. */
const isOfItem = (event: DatedEvent): boolean => 'stage' in event && event.stage.endsWith(']')

function noteEvent(
  ends: Map<string, Ended>,
  seq: number,
  event: DatedEvent,
  canBeKept: (event: DatedEvent) => boolean,
): void {
  switch (event.type) {
    case 'stage.succeeded':
    case 'stage.failed':
    case 'stage.skipped':
    case 'stage.cancelled': {
      const known = ends.get(event.stage)
      if (known && known.seq >= seq) return
      if (canBeKept(event)) ends.set(event.stage, { seq, events: [event] })
      else ends.delete(event.stage)
      return
    }
    case 'variable.changed': {
      const known = ends.get(event.stage)
      if (!known || known.seq + known.events.length !== seq) return
      known.outcome = undefined
      if (canBeKept(event)) known.events.push(event)
      else ends.delete(event.stage)
    }
  }
}

/** The members: the event itself is whoever's who says it. */
function areFrozen(event: DatedEvent): boolean {
  for (const key of Object.keys(event)) if (!Object.isFrozen(event[key as keyof DatedEvent])) return false
  return true
}

const alreadyFrozen = (): boolean => true

type Members = Readonly<Record<string, unknown>>

function isSameOutcome(outcome: object, other: Outcome | undefined): boolean {
  const keys = Object.keys(outcome)
  if (!other || keys.length !== Object.keys(other).length) return false
  return keys.every((key) => isSame((outcome as Members)[key], (other as unknown as Members)[key]))
}

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))

/** Only what is frozen all the way down still is what was appended. */
function isFrozen(value: object): boolean {
  if (!Object.isFrozen(value)) return false
  for (const key of Object.keys(value)) {
    const inner = (value as Members)[key]
    if (typeof inner === 'object' && inner !== null && !isFrozen(inner)) return false
  }
  return true
}

/** The outcome that an end tells of; nothing where it is not of the path, or is none. */
const outcomeIn = (path: string, events: readonly DatedEvent[]): Outcome | undefined =>
  events.every((event) => isOf(path, event)) ? endOf(events) : undefined

const isOf = (path: string, event: DatedEvent): event is StageEvent => 'stage' in event && event.stage === path

function placeIn(run: number, written: Written | undefined): Place | undefined {
  if (written === undefined) return undefined
  if (!isStanding(written)) return undefined
  const [seq, changes] = typeof written === 'number' ? [written, 0] : written
  return { run, seq, changes }
}

const asItIs = (written: Written): unknown => (typeof written === 'number' ? undefined : written[0])

const damaged = (path: string, { run, seq }: Place) =>
  new StoreError(
    'store_corrupt',
    `The store is damaged: event ${seq} of run ${run} does not say how "${path}" ended.`,
    {
      hint: 'Restore the file from a backup, or use another store.',
    },
  )

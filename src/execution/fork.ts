/**
 * A fork: a new run that begins with what another had recorded up to some place in its log.
 *
 * Any prefix of the order of commits is a consistent cut: a stage is in it only after everything it had read. What was
 * under way there is not taken over; it runs anew, under the fork's own idempotency keys.
 */
import { isRecorded, type RunEvent, type RunEventBody } from '../foundation/events.ts'
import type { Json } from '../foundation/json.ts'
import { createFold, type DatedEvent } from '../foundation/past.ts'

/** Where to fork: after an event, or after a stage ended. */
export type ForkPoint = { readonly seq: number } | { readonly stage: string }

/** The events that a fork takes over, and where in the log it was cut; undefined when there is no such place. */
export function forkEvents(
  events: readonly RunEvent[],
  point: ForkPoint,
): { readonly events: readonly DatedEvent[]; readonly seq: number } | undefined {
  const end = 'seq' in point ? placeIn(events, point.seq) : lastEndOf(events, point.stage)
  if (end === undefined) return undefined
  const seq = wholeStage(events, end)
  const before = standing(events.filter((event) => event.seq <= seq))
  const ended = new Set(before.flatMap((event) => (isEnd(event) ? [event.stage] : [])))
  const kept = before.filter((event) => {
    if (event.type === 'variable.patched') return true
    if (event.type === 'stage.started' && event.fixed !== undefined) return true // what is inside may have ended
    return isRecorded(event) && 'stage' in event && ended.has(event.stage)
  })
  return { events: kept.map(withoutPlace), seq }
}

/** Without what is told of stages before they began anew, or were gone. */
function standing(events: readonly RunEvent[]): readonly RunEvent[] {
  if (!events.some(isRenewal)) return events
  const fold = createFold()
  let rows: RunEvent[] = []
  for (const event of events) {
    if (!isRenewal(event)) {
      fold.add(event)
      rows.push(event)
      continue
    }
    const known = fold.past()
    const generations = new Map(known.paths.map((path) => [path, known.of(path).generation]))
    fold.add(event)
    const left = fold.past()
    const isAnew = (path: string): boolean => left.of(path).generation !== generations.get(path)
    const isOfBegun = (row: RunEvent & { readonly stage: string }): boolean =>
      row.type === 'stage.started' && row.fixed !== undefined && left.of(row.stage).begun !== undefined
    rows = rows.filter((row) => !('stage' in row) || !isAnew(row.stage) || isOfBegun(row))
  }
  return rows
}

const isRenewal = ({ type }: RunEvent): boolean => type === 'run.reopened' || type === 'run.migrated'

/** Paths of what ended. */
export const endedIn = (events: readonly RunEventBody[]): string[] =>
  events.flatMap((event) => (isEnd(event) ? [event.stage] : []))

/** Variables set from outside: they stand for what the stages in `covers` had set by then. */
export function patchesOf(set: Readonly<Record<string, Json>>, covers: readonly string[]): RunEventBody[] {
  return Object.entries(set).map(([variable, value]) => ({ type: 'variable.patched', variable, value, covers }))
}

const isEnd = (event: RunEventBody): event is Extract<RunEventBody, { readonly stage: string }> =>
  /^stage\.(succeeded|failed|skipped|cancelled)$/.test(event.type)

const placeIn = (events: readonly RunEvent[], seq: number): number | undefined =>
  Number.isInteger(seq) && seq >= 0 && seq <= (events.at(-1)?.seq ?? 0) ? seq : undefined

function lastEndOf(events: readonly RunEvent[], stage: string): number | undefined {
  return events.findLast((event) => isEnd(event) && event.stage === stage)?.seq
}

/** What a stage set is told right after its end, and belongs to it. */
function wholeStage(events: readonly RunEvent[], seq: number): number {
  let last = seq
  while (events[last]?.type === 'variable.changed') last++ // the event of seq n stands at n - 1
  return last
}

function withoutPlace(placed: RunEvent): DatedEvent {
  const { v: _, run: __, seq: ___, sub: ____, progress: _____, eta_ms: ______, ...event } = placed
  return event as DatedEvent
}

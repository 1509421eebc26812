/** How a run ended, as far as it must not depend on what went wrong on the way. */
import type { RunEvent } from '../../src/foundation/events.ts'
import type { Json } from '../../src/foundation/json.ts'
import type { RunStatus } from '../../src/foundation/outcome.ts'
import { isInside, lastTops } from '../../src/foundation/paths.ts'
import { type Doubt, isFailure } from './doubt.ts'
import { timeless } from './waits.ts'

export interface StageEnd {
  readonly status: string
  readonly output: Json
  readonly code: string | null
  readonly reason: string | null
  readonly tolerated: boolean
}

export interface End {
  readonly status: RunStatus | 'none'
  readonly outputs: Json
  readonly code: string | null
  /** The stage whose failure is the run's. */
  readonly failed: string | null
  readonly tolerated: readonly string[]
  readonly stages: ReadonlyMap<string, StageEnd>
  /** Stages of the pipeline's own list that were taken back. */
  readonly undone: readonly string[]
}

export function endOf(events: readonly RunEvent[]): End {
  const stages = new Map<string, StageEnd>()
  const undone = new Set<string>()
  let end: Omit<End, 'stages' | 'undone'> = { status: 'none', outputs: null, code: null, failed: null, tolerated: [] }
  for (const event of events) {
    if (event.type === 'run.ended') {
      const { status, outputs, error, tolerated } = event.result
      end = { status, outputs: timeless(outputs), code: error?.code ?? null, failed: error?.stage ?? null, tolerated }
    }
    if (event.type === 'stage.undone' && !isInside(event.stage)) undone.add(event.stage)
    const stage = stageEndOf(event)
    if (stage && 'stage' in event) stages.set(event.stage, stage)
  }
  return { ...end, stages, undone: [...undone].sort() }
}

function stageEndOf(event: RunEvent): StageEnd | undefined {
  const nothing = { output: null, code: null, reason: null, tolerated: false }
  switch (event.type) {
    case 'stage.succeeded':
      return { ...nothing, status: 'succeeded', output: timeless(event.output) }
    case 'stage.failed':
      return {
        ...nothing,
        status: 'failed',
        output: timeless(event.output),
        code: event.error.code,
        tolerated: event.tolerated,
      }
    case 'stage.cancelled':
      return { ...nothing, status: 'cancelled', code: event.error.code }
    case 'stage.skipped':
      return { ...nothing, status: 'skipped', reason: event.reason }
    default:
      return undefined
  }
}

/**
 * What differs from the run to which nothing happened. A run that was cancelled, or over its time limit, may have stages
 * that were cut off; what was not, is as it would have been.
 */
export function compareEnds(quiet: End, real: End, doubt: Doubt): string[] {
  const differences: string[] = []
  const isCertain = doubt.isEmpty || ![...quiet.stages.values(), ...real.stages.values()].some(isFailure)
  for (const [path, wanted] of quiet.stages) {
    const found = real.stages.get(path)
    if (!isCertain && doubt.of(path)) continue
    if (isLast(path) && (wasCut(real) || wasCut(quiet))) continue // it reads how the run ends
    if (!found && isInside(path)) continue // whoever holds it did not come to it, or keeps it to itself
    if (!found) differences.push(`${path} has no end`)
    else if ((wasCut(real) && isCut(found)) || (wasCut(quiet) && isCut(wanted))) continue
    else if (text(found) !== text(wanted)) differences.push(`${path} is ${text(found)} instead of ${text(wanted)}`)
  }
  if (wasCut(real) || wasCut(quiet) || (!isCertain && (doubt.ofRun(quiet.stages) || doubt.ofRun(real.stages))))
    return differences
  const [found, wanted] = isCertain ? [runOf(real), runOf(quiet)] : [endingOf(real), endingOf(quiet)]
  if (text(found) !== text(wanted)) differences.push(`the run is ${text(found)} instead of ${text(wanted)}`)
  return differences
}

/** What failed may be another stage, which is rolled back or not. */
const endingOf = ({ status }: End): object => ({ status: status.startsWith('roll') ? 'failed' : status })

const runOf = ({ stages: _, ...run }: End): Omit<End, 'stages'> => run

/** It runs when all others have ended. */
const isLast = (path: string): boolean => path.split('.').some((step) => lastTops.includes(step))

const wasCut = ({ status, code }: End): boolean => status === 'cancelled' || code === 'run_timeout'

const isCut = ({ status, reason }: StageEnd): boolean => status === 'cancelled' || reason === 'cancelled'

/** Keys in one order. */
const text = (value: object): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

/** Progress of a run, as its events carry it. */
import type { RunEventBody } from '../foundation/events.ts'
import type { Outcome } from '../foundation/outcome.ts'
import type { Past } from '../foundation/past.ts'
import type { Plan } from '../foundation/plan.ts'
import { createProgress, type Progress } from './progress.ts'

/** The time left is worked out at most this often. Milliseconds. */
export const etaEveryMs = 250

/** Progress as the past left it, not below `reached`. `known`: how long stages took before. */
export function resumeProgress(plan: Plan, past: Past, known: ReadonlyMap<string, number>, reached: number): Progress {
  const progress = createProgress(plan, known, reached)
  for (const path of Object.keys(past.outcomes)) {
    const { status, started_at, ended_at } = past.outcomes[path] as Outcome
    progress.finished(path, status === 'skipped' ? undefined : between(started_at, ended_at))
  }
  return progress
}

/** Milliseconds. */
const between = (start: string, end: string): number => (start === end ? 0 : Date.parse(end) - Date.parse(start))

/** Takes an event into the progress, and says what goes with it. */
export function createAnnotator(progress: Progress, nowMs: () => number) {
  let lastEta = Number.NEGATIVE_INFINITY
  return (body: RunEventBody): { progress?: number; eta_ms?: number | null } => {
    if (!('stage' in body)) return { progress: progress.percentage }
    const now = nowMs()
    if (body.type === 'stage.started') progress.started(body.stage, now)
    else if (body.type === 'stage.progressed') progress.advanced(body.stage, body.fraction)
    else if (body.type === 'stage.skipped') progress.finished(body.stage, undefined)
    else if (body.type === 'stage.succeeded' || body.type === 'stage.failed' || body.type === 'stage.cancelled')
      progress.finished(body.stage, body.duration_ms)
    else return {}
    if (now - lastEta < etaEveryMs) return { progress: progress.percentage }
    lastEta = now
    return { progress: progress.percentage, eta_ms: progress.etaMs(now) }
  }
}

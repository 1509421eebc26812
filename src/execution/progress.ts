/**
 * How far a run is, and how long it will still take.
 *
 * Percentage = the sum over stages of weight × fraction done. Weights are fixed per plan (one each); skipped counts as
 * done; retries do not count. It never goes backwards. The time left is the longest chain of what is not done, with the
 * durations that are known: of the same stage in an earlier run, else the mean of this run's finished stages; null when
 * neither is known.
 */
import type { Plan } from '../foundation/plan.ts'

export interface Progress {
  started(stage: string, atMs: number): void
  /** Only raises what the stage has reached. */
  advanced(stage: string, fraction: number): void
  finished(stage: string, durationMs: number | undefined): void
  /** 0–100, one decimal; 100 only when every stage is done. */
  readonly percentage: number
  /** Milliseconds until the run ends, or null. */
  etaMs(nowMs: number): number | null
}

interface StageProgress {
  fraction: number
  startedMs?: number
  durationMs?: number
}

/** `already`: what was reached before; less is never told. */
export function createProgress(plan: Plan, known: ReadonlyMap<string, number>, already = 0): Progress {
  const stages = new Map<string, StageProgress>(plan.stages.map(({ id }) => [id, { fraction: 0 }]))
  let sum = 0
  let open = stages.size
  let reached = already

  function raise(stage: StageProgress, fraction: number): void {
    if (fraction <= stage.fraction) return
    sum += fraction - stage.fraction
    stage.fraction = fraction
    if (fraction === 1) open--
    reached = Math.max(reached, open === 0 ? 100 : Math.min(99.9, Math.floor((sum / stages.size) * 1_000) / 10))
  }

  return {
    started(id, atMs) {
      const stage = stages.get(id)
      if (stage) stage.startedMs ??= atMs
    },
    advanced(id, fraction) {
      const stage = stages.get(id)
      if (stage && stage.fraction < 1) raise(stage, Math.min(0.99, Math.max(0, fraction)))
    },
    finished(id, durationMs) {
      const stage = stages.get(id)
      if (!stage) return
      if (durationMs !== undefined) stage.durationMs = durationMs
      raise(stage, 1)
    },
    get percentage() {
      return stages.size === 0 ? 100 : reached
    },
    etaMs: (nowMs) => remaining(plan, stages, known, nowMs),
  }
}

function remaining(
  plan: Plan,
  stages: ReadonlyMap<string, StageProgress>,
  known: ReadonlyMap<string, number>,
  nowMs: number,
): number | null {
  const mean = meanOf(stages)
  const endsIn = new Map<string, number>()
  let latestAbove = 0 // of every stage above in the list: what `all_above` waits for, without walking it
  for (const stage of plan.stages) {
    const state = stages.get(stage.id) as StageProgress
    const own = timeLeft(state, known.get(stage.id) ?? mean, nowMs)
    if (own === undefined) return null
    let startsIn = stage.needs === 'all_above' ? latestAbove : 0
    if (stage.needs !== 'all_above') {
      for (const need of stage.needs) startsIn = Math.max(startsIn, endsIn.get(need.stage) ?? 0)
    }
    const end = state.fraction === 1 ? 0 : startsIn + own
    endsIn.set(stage.id, end)
    latestAbove = Math.max(latestAbove, end)
  }
  return Math.round(latestAbove)
}

/** Of the finished stages; undefined when there are none. */
function meanOf(stages: ReadonlyMap<string, StageProgress>): number | undefined {
  let sum = 0
  let count = 0
  for (const { durationMs } of stages.values()) {
    if (durationMs === undefined) continue
    sum += durationMs
    count++
  }
  return count > 0 ? sum / count : undefined
}

function timeLeft(
  { fraction, startedMs }: StageProgress,
  expected: number | undefined,
  nowMs: number,
): number | undefined {
  if (fraction === 1) return 0
  if (startedMs !== undefined && fraction > 0) return ((nowMs - startedMs) / fraction) * (1 - fraction)
  if (expected === undefined) return undefined
  return startedMs === undefined ? expected : Math.max(0, expected - (nowMs - startedMs))
}

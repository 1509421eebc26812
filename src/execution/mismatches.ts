/** Outcomes that are used although their stages would be given something else by now: told, never run again by itself. */
import type { RunEventBody } from '../foundation/events.ts'
import type { Past } from '../foundation/past.ts'
import type { Plan } from '../foundation/plan.ts'
import type { RunView, StageRunner } from '../foundation/stage-runner.ts'

/** To be asked when something was edited: otherwise what a stage is given follows from what is recorded. */
export function mismatches(
  { stages }: Plan,
  runner: Pick<StageRunner, 'inputHash'>,
  view: RunView,
  past: Past,
): readonly RunEventBody[] {
  return stages.flatMap((stage): RunEventBody[] => {
    const { outcome, input: recorded } = past.of(stage.id)
    if (!outcome || recorded === undefined) return []
    const found = runner.inputHash(stage, view)
    return found === undefined || found === recorded
      ? []
      : [{ type: 'journal.mismatch', stage: stage.id, recorded, found }]
  })
}

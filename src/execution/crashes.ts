/** What is said of attempts whose process died, and when a run that crashes again and again is left alone. */
import type { Failure } from '../foundation/errors.ts'
import type { RunEventBody } from '../foundation/events.ts'
import type { Past } from '../foundation/past.ts'

/** A stage that took its process down so often is not started again by itself (engine.md §2). */
export const maxCrashes = 3

export interface Crashes {
  readonly events: readonly RunEventBody[]
  /** Why the run is quarantined, if it is. */
  readonly quarantined: Failure | undefined
}

export function describeCrashes(past: Past): Crashes {
  const events = past.open.map((path): Extract<RunEventBody, { type: 'stage.crashed' }> => {
    const { crashes, open = 0 } = past.of(path)
    return { type: 'stage.crashed', stage: path, attempt: open, crashes: crashes + 1 }
  })
  const worst = events.find(({ crashes }) => crashes >= maxCrashes)
  return { events, quarantined: worst && quarantine(worst.stage, worst.crashes) }
}

const quarantine = (stage: string, crashes: number): Failure => ({
  stage,
  category: 'internal',
  code: 'crash_loop',
  message: `The process died ${crashes} times while "${stage}" was running. The run is left alone until someone resumes it.`,
  details: { crashes },
})

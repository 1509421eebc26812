/** The events that close a stage: how it ended, then what it set. */
import type { Failure } from '../foundation/errors.ts'
import type { RunEventBody } from '../foundation/events.ts'
import type { Json } from '../foundation/json.ts'
import type { Outcome } from '../foundation/outcome.ts'

export function closeStage(stage: string, outcome: Outcome): RunEventBody[] {
  const events = [endOf(stage, outcome)]
  for (const [variable, value] of Object.entries(outcome.parts ?? {})) {
    events.push({ type: 'variable.changed', stage, variable, value, parts: true })
  }
  for (const variable of Object.keys(outcome.set)) {
    events.push({ type: 'variable.changed', stage, variable, value: outcome.set[variable] as Json })
  }
  return events
}

function endOf(stage: string, outcome: Outcome): RunEventBody {
  const { attempts, output, tolerated, body } = outcome
  const duration_ms = durationOf(outcome)
  const ends = { attempts, duration_ms, ...(body && { body }) }
  const error = outcome.error ?? unsaid(stage)
  switch (outcome.status) {
    case 'succeeded':
      return { type: 'stage.succeeded', stage, output, ...ends, ...(outcome.cached && { cached: true }) }
    case 'failed':
      return {
        type: 'stage.failed',
        stage,
        error,
        tolerated,
        output,
        ...ends,
        ...(outcome.rollback && { rollback: true }),
        ...(outcome.shut && { shut: true }),
      }
    case 'skipped':
      return { type: 'stage.skipped', stage, reason: outcome.reason ?? 'condition' }
    case 'cancelled':
      return { type: 'stage.cancelled', stage, error, ...ends }
  }
}

/** Most stages end within the millisecond they begin in. */
const durationOf = ({ started_at, ended_at }: Outcome): number =>
  started_at === ended_at ? 0 : Math.max(0, Date.parse(ended_at) - Date.parse(started_at))

const unsaid = (stage: string): Failure => ({
  stage,
  category: 'internal',
  code: 'internal',
  message: 'The stage ended without saying why.',
})

/**
 * What must be true at all times of a graph that runs without an engine: its journal is in its checkpointer, and whoever
 * invokes it sees to it that nobody else does.
 */
import type { RunEvent } from '../../src/foundation/events.ts'
import { type Json, jsonEqual } from '../../src/foundation/json.ts'
import type { Lowering, Outcome, Outcomes } from '../../src/foundation/outcome.ts'
import type { DatedEvent } from '../../src/foundation/past.ts'
import { idIn } from '../../src/foundation/paths.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import { everyStage } from './bodies.ts'
import type { SimProcess } from './process.ts'
import type { Watcher } from './simulation.ts'
import type { Execution } from './world.ts'

interface StageRecord {
  /** Its end, once it is durable. */
  end: Pick<Outcome, 'status' | 'output' | 'error' | 'reason'> | undefined
  starts: number
  key: string | undefined
  /** Who began it last. */
  by: SimProcess | undefined
  /** Something was stored since that lets it be begun again. */
  cleared: boolean
}

export interface GraphWatcher extends Watcher {
  outcomes(): ReadonlyMap<string, StageRecord['end']>
}

export function createGraphWatcher(plan: Plan, lowering: Lowering, wrong: (what: string) => void): GraphWatcher {
  const stages = new Map(plan.stages.map(({ id }) => [id, fresh()]))
  const known = new Set(everyStage(plan).map(({ id }) => id))
  const once = new Set(
    everyStage(plan)
      .filter((stage) => stage.once)
      .map(({ id }) => id),
  )
  const mayRunOnce = (path: string): boolean => once.has(idIn(path)) && !path.startsWith('rollback.')
  const ambiguous = new Set<string>()
  const keys = new Map<string, string>()

  function recordOf(path: string): StageRecord {
    const record = stages.get(path) ?? fresh()
    stages.set(path, record)
    if (!known.has(idIn(path))) wrong(`there is a word of a stage "${path}" that the plan does not have`)
    return record
  }

  function ended(id: string, end: NonNullable<StageRecord['end']>): void {
    const record = recordOf(id)
    if (record.end && !jsonEqual(record.end as unknown as Json, end as unknown as Json))
      wrong(`the outcome of ${id} changed from ${JSON.stringify(record.end)} to ${JSON.stringify(end)}`)
    record.end = end
  }

  function note(event: DatedEvent): void {
    if (event.type === 'wait.started' && event.ambiguous) ambiguous.add(event.wait)
    if (!('stage' in event)) return
    const record = recordOf(event.stage)
    const end = endIn(event)
    if (end) ended(event.stage, end)
    if (event.type === 'stage.started') record.starts++
    if (event.type === 'stage.started' && record.end) wrong(`${event.stage} was started again after it ended`)
    if (event.type === 'stage.retrying' || event.type === 'stage.interrupted') record.cleared = true
    if (event.type === 'wait.fired' && ambiguous.has(event.wait)) record.cleared = true
  }

  return {
    outcomes: () => new Map([...stages].map(([id, { end }]) => [id, end])),
    saved(_process, _epoch, outcomes: Outcomes) {
      for (const [id, { status, output, error, reason }] of Object.entries(outcomes))
        ended(id, { status, output, error, reason })
    },
    journaled: (rows) => rows.forEach(note),
    beginning(process, stage) {
      const record = recordOf(stage)
      if (record.end) wrong(`${stage} is run again by ${process.name} although its end is recorded`)
      if (lowering === 'flow' && record.starts === 0) wrong(`${stage} began before the journal said so`)
    },
    begun({ stage, key, process }: Execution) {
      const record = recordOf(stage)
      if (record.key !== undefined && record.key !== key) wrong(`the idempotency key of ${stage} changed`)
      if (keys.get(key) !== undefined && keys.get(key) !== stage) wrong(`${stage} has the key of ${keys.get(key)}`)
      const isAnew = record.by !== undefined && record.by !== process
      if (mayRunOnce(stage) && isAnew && !record.cleared)
        wrong(`${stage} may run once, and was begun again without a word`)
      keys.set(key, stage)
      record.key = key
      record.by = process
      record.cleared = false
    },
  }
}

const fresh = (): StageRecord => ({ end: undefined, starts: 0, key: undefined, by: undefined, cleared: false })

function endIn(event: DatedEvent): NonNullable<StageRecord['end']> | undefined {
  const nothing = { output: null, error: null, reason: null }
  switch (event.type as RunEvent['type']) {
    case 'stage.succeeded':
    case 'stage.failed':
    case 'stage.skipped':
    case 'stage.cancelled': {
      const { output = null, error = null, reason = null } = event as Partial<Outcome>
      return { ...nothing, status: event.type.slice('stage.'.length) as Outcome['status'], output, error, reason }
    }
    default:
      return undefined
  }
}

/** What going on by another plan would do, stage by stage, before anything is done: worked out as `resume` does it. */
import type { Past } from '../foundation/past.ts'
import type { Plan, StagePlan } from '../foundation/plan.ts'
import { withHolders, withoutIndices } from '../foundation/renewal.ts'
import { cancelledWaits, fitted, migrationEvents, migrationOf, type Prepare } from './migrate.ts'
import type { Migration } from './migration.ts'
import { readLog } from './recovery.ts'
import { type PlannedStage, planRecovery } from './recovery-plan.ts'
import type { RunRecord, RunStore } from './store.ts'

interface Asked {
  readonly store: RunStore
  readonly record: RunRecord
  readonly before: Plan
  readonly after: Plan
  readonly prepare: Prepare
  readonly hasEffects: (stage: StagePlan) => boolean
}

/** Throws ThreadError or InputError where the run cannot go on by that plan. */
export async function plannedMigration({ store, record, before, after, prepare, hasEffects }: Asked) {
  const log = await readLog(store, record.id)
  const migrating = { record, log, before, after, ...fitted(record, after, log.past, prepare) }
  const left = await readLog(store, record.id, migrationEvents(migrating, record.updated_at))
  return planMigrated(after, migrationOf(migrating), { past: log.past, left: left.past }, hasEffects)
}

/** `past` is what was recorded, `left` what is left of it. */
function planMigrated(
  plan: Plan,
  { again, renewal }: Migration,
  { past, left }: { readonly past: Past; readonly left: Past },
  hasEffects: (stage: StagePlan) => boolean,
): PlannedStage[] {
  const cancelled = cancelledWaits(renewal, past)
  const cancelsOf = (path: string): Pick<PlannedStage, 'cancels'> => {
    const cancels = cancelled.filter(({ stage }) => withHolders(withoutIndices(stage)).includes(path))
    return cancels.length > 0 ? { cancels: cancels.map(({ wait }) => wait) } : {}
  }
  const stages = planRecovery(plan, left, hasEffects).map((planned): PlannedStage => {
    const why = again.get(withoutIndices(planned.stage))
    if (!why || planned.does !== 'runs') return planned
    const { open, lost } = past.of(planned.stage)
    const ambiguous = planned.ambiguous || (open ?? lost) !== undefined
    return { ...planned, ...why, ambiguous, ...cancelsOf(withoutIndices(planned.stage)) }
  })
  const gone = renewal.removed.map((stage): PlannedStage => {
    const { attempts, outcome } = past.of(stage)
    const status = outcome && { status: outcome.status }
    return { stage, does: 'removed', because: 'removed', attempts, ...status, ...cancelsOf(stage), ambiguous: false }
  })
  return [...stages, ...gone]
}

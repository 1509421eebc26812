/**
 * A run that goes on by another plan: what is refused, what it is told, what is recorded of it.
 *
 * All of it is one commit: events, and the row of the run, which names its plan. Whoever dies before it leaves the run as
 * it was, and whoever dies after it leaves a run of the new plan.
 */
import { InputError, ThreadError } from '../foundation/errors.ts'
import type { JsonObject } from '../foundation/json.ts'
import { type DatedEvent, openWaitsIn, type Past } from '../foundation/past.ts'
import type { Plan } from '../foundation/plan.ts'
import { isOver, type Renewal, renewedBy, withHolders, withoutIndices } from '../foundation/renewal.ts'
import type { Started } from '../foundation/stage-runner.ts'
import { type Migration, planMigration } from './migration.ts'
import type { ReadLog } from './recovery.ts'
import { refuseReopening } from './reopen.ts'
import type { RunRecord } from './store.ts'

/** Checks and completes the inputs of a run. Throws InputError. */
export type Prepare = (plan: Plan, inputs: JsonObject, id: string) => Started

/** The other plan, and the run it is for. */
export interface Migrating {
  readonly record: RunRecord
  readonly log: ReadLog
  readonly before: Plan
  readonly after: Plan
  /** What the new plan makes of the run's inputs. */
  readonly inputs: JsonObject
  /** The environment it may read, as it is now. */
  readonly env: Readonly<Record<string, string>>
}

function refuseMigration(record: RunRecord, { name }: Plan, past: Past): void {
  refuseReopening(record)
  if (record.pipeline !== name) {
    throw new ThreadError('plan_changed', `Thread "${record.id}" runs "${record.pipeline}", not "${name}".`, {
      hint: 'A run goes on by another version of its own pipeline only.',
    })
  }
  if (!past.paths.some((path) => path.startsWith('rollback.'))) return
  throw new ThreadError('plan_changed', `Thread "${record.id}" is being rolled back, by the plan it ran by.`, {
    hint: `Go on without the other plan: stagegraph resume ${record.id}`,
  })
}

/**
 * What the new plan makes of the run's inputs: those that it has no place for are left out. `prepare` checks them. Throws
 * ThreadError or InputError before anything is done.
 */
export function fitted(
  record: RunRecord,
  after: Plan,
  past: Past,
  prepare: Prepare,
): Pick<Migrating, 'inputs' | 'env'> {
  refuseMigration(record, after, past)
  try {
    const { inputs, run } = prepare(after, only(after.inputs, record.inputs), record.id)
    return { inputs, env: run.env }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const hint = 'Give a new input a default, or start a new run. The run is as it was.'
    throw new InputError(`Thread "${record.id}" cannot go on by this plan. ${error.message}`, error.problems, hint)
  }
}

export const migrationOf = ({ record, log, before, after, inputs }: Migrating): Migration =>
  planMigration({ before, after, inputsBefore: record.inputs, inputsAfter: inputs }, log.past)

/** What is recorded of it. */
export function migrationEvents(migrating: Migrating, at: string): DatedEvent[] {
  const { record, log, after, inputs, env } = migrating
  const renewal = known(migrationOf(migrating).renewal, log.past)
  const { version = null, hash } = after
  const frozen = { ...env, ...only(env, log.opening?.env ?? {}) }
  return [
    ...cancelledWaits(renewal, log.past).map((wait): DatedEvent => ({ type: 'wait.cancelled', ...wait, at })),
    {
      type: 'run.migrated',
      from: record.plan,
      plan: hash,
      version,
      inputs,
      ...(Object.keys(frozen).length > 0 && { env: frozen }),
      ...renewal,
      at,
    },
  ]
}

/** Open waits of what begins anew and of what is gone. */
export function cancelledWaits(renewal: Renewal, past: Past): { readonly stage: string; readonly wait: string }[] {
  const renewed = renewedBy(renewal)
  return openWaitsIn(past).flatMap(({ stage, id }) =>
    renewed(stage, isOver(past.of(stage).outcome)) === 'kept' ? [] : [{ stage, wait: id }],
  )
}

/** Of stages that nothing is recorded of, nothing has to be said. */
function known(renewal: Renewal, past: Past): Renewal {
  const patterns = new Set(past.paths.flatMap((path) => withHolders(withoutIndices(path))))
  const { anew, partly, removed } = renewal
  const isKnown = (pattern: string): boolean => patterns.has(pattern)
  return { anew: anew.filter(isKnown), partly: partly.filter(isKnown), removed: removed.filter(isKnown) }
}

const only = <T>(names: object, values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(names, name)))

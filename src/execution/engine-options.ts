/** Options of an engine's calls, looked at before anything is done. */
import { InputError, ThreadError } from '../foundation/errors.ts'
import { threadIdPattern } from '../foundation/ids.ts'
import type { JsonObject } from '../foundation/json.ts'
import type { Plan } from '../foundation/plan.ts'
import { didYouMean } from '../foundation/suggest.ts'
import type { Answers } from './engine-answers.ts'
import { changedSources } from './sources.ts'
import type { RunRecord } from './store.ts'

/** A plan, or what `compile` returned. */
export type Runnable = Plan | { readonly plan: Plan }

export const planIn = (pipeline: Runnable): Plan => ('plan' in pipeline ? pipeline.plan : pipeline)

export interface StartOptions {
  /** The thread to use; made up when absent. On an existing thread, equal inputs continue it and others are refused. */
  readonly threadId?: string
  /** Cancels the run when aborted. */
  readonly signal?: AbortSignal
  /** Pause when this stage is terminal. */
  readonly until?: string
  /** Who starts it. Whoever calls this has to be sure of that. */
  readonly by?: string
}

export interface ResumeOptions extends Omit<StartOptions, 'threadId' | 'by'> {
  /**
   * Go on by another version of the pipeline: what was added or changed, what did not come to a good end, and all that
   * waits for any of it begins anew; everything else keeps its outcome (see `planRecovery`). Also where the run had
   * ended. `true`: go on by the stored plan although a `uses:` source changed since the run started.
   */
  readonly migrate?: boolean | Runnable
  /** Answers to what the run waits for, by id of the wait (`get(threadId).waits`). The first answer to a wait stands. */
  readonly answers?: Answers
  /**
   * Runs this stage once more, with all that wait for it, and all that did not come to a good end; also where the run
   * had ended. What else is recorded stays, and is not undone.
   */
  readonly from?: string
  /** New values of variables, for what runs from here on; where the run had ended, what did not end well runs again. */
  readonly set?: JsonObject
}

export interface PlanOptions {
  /** As of `resume`. */
  readonly migrate?: Runnable
}

export interface ForkOptions extends Omit<StartOptions, 'by'> {
  /** New values of variables, for stages that run in the fork. */
  readonly set?: JsonObject
}

export interface FollowOptions {
  /** Only events after this `seq`. */
  readonly after?: number
  /** Wait for what is still to come, also from another process. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

/** Only what was given: an option that is there but undefined is none. */
export function taken({ signal, until }: Pick<StartOptions, 'signal' | 'until'>): {
  signal?: AbortSignal
  until?: string
} {
  return { ...(signal && { signal }), ...(until !== undefined && { until }) }
}

/** Callers without types slip, too: an option that does nothing would be worse than an error. */
export function refuseUnknownOptions(options: object, known: readonly string[]): void {
  const wrong = Object.keys(options).find((name) => !known.includes(name))
  if (wrong === undefined) return
  const message = `There is no option "${wrong}".`
  throw new InputError(
    message,
    [{ name: wrong, message }],
    didYouMean(wrong, known) ?? `Options are: ${known.join(', ')}.`,
  )
}

export function checkedThreadId(id: string): string {
  if (typeof id === 'string' && threadIdPattern.test(id)) return id
  throw new InputError(`"${id}" cannot be a thread id.`, [
    { name: 'thread', message: 'Use letters, digits, "-", "_" and ".", at most 128 of them.' },
  ])
}

export function checkStage(plan: Plan, id: string | undefined): void {
  const ids = plan.stages.map((stage) => stage.id)
  if (id === undefined || ids.includes(id)) return
  const hint = didYouMean(id, ids)
  throw new ThreadError('unknown_stage', `"${plan.name}" has no stage "${id}".`, hint === undefined ? {} : { hint })
}

export function refuseChangedSources(plan: Plan, { id }: RunRecord, migrate: boolean): void {
  const changed = migrate ? [] : changedSources(plan)
  if (changed.length === 0) return
  throw new ThreadError('source_changed', `${changed.join(', ')} changed since thread "${id}" was started.`, {
    hint: `Restore the file, or accept the change: stagegraph resume ${id} --migrate`,
  })
}

/** The other plan, if one was given. Throws InputError where it does not go with the rest. */
export function migrationTo({ migrate, from, set }: ResumeOptions): Plan | undefined {
  if (migrate === undefined || typeof migrate === 'boolean') return undefined
  if (from === undefined && set === undefined) return planIn(migrate)
  const message = 'goes with neither `from` nor `set`: go on by the other plan first'
  throw new InputError('Nothing was resumed.', [{ name: 'migrate', message }])
}

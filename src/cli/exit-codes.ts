/**
 * Exit codes: the one table from how things ended to the number the shell sees.
 */
import type { Failure, StagegraphError } from '../foundation/errors.ts'
import type { RunStatus } from '../foundation/outcome.ts'

/** What each code means; `--help` prints it. */
export const exitCodes = {
  0: 'succeeded',
  1: 'failed',
  2: 'invalid pipeline, inputs or command line',
  3: 'waiting or paused',
  4: 'a limit of the run was reached',
  5: 'failed and rolled back',
  6: 'stopped or cancelled',
  7: 'incomplete or quarantined',
  130: 'interrupted; the run is paused',
} as const

export type ExitCode = keyof typeof exitCodes

const byStatus: Readonly<Record<RunStatus, ExitCode>> = {
  succeeded: 0,
  failed: 1,
  rollback_failed: 1, // not 5: something was not undone
  queued: 3,
  running: 3,
  waiting: 3,
  paused: 3,
  finalizing: 3,
  rolling_back: 3,
  rolled_back: 5,
  stopped: 6,
  cancelling: 6,
  cancelled: 6,
  incomplete: 7,
  quarantined: 7,
}

export const runStatuses = Object.keys(byStatus) as readonly RunStatus[]

/** The code of a run that stands at `status`. */
export function exitCodeOf(run: { readonly status: RunStatus; readonly error: Failure | null }): ExitCode {
  return run.status === 'failed' && run.error?.category === 'limit' ? 4 : byStatus[run.status]
}

/** Errors of ours that are not the caller's doing; all others are misuse. */
const failedCodes: ReadonlySet<string> = new Set([
  'store_unavailable',
  'store_newer',
  'store_corrupt',
  'store_closed',
  'missing_package',
])

/** The code of a command that threw. */
export const exitCodeOfError = (error: StagegraphError): ExitCode => (failedCodes.has(error.code) ? 1 : 2)

export const interrupted: ExitCode = 130

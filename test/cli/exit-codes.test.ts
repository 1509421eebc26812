import { describe, expect, it } from 'vitest'
import { exitCodeOf, exitCodeOfError, runStatuses } from '../../src/cli/exit-codes.ts'
import { InputError, StoreError, ThreadError } from '../../src/foundation/errors.ts'

describe('exit codes', () => {
  it('tell how a run ended', () => {
    const codes = Object.fromEntries(runStatuses.map((status) => [status, exitCodeOf({ status, error: null })]))
    expect(codes).toEqual({
      succeeded: 0,
      failed: 1,
      rollback_failed: 1,
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
    })
  })

  it('tell a limit of the run from a failure', () => {
    const error = { category: 'limit', code: 'run_timeout', message: '' } as const
    expect(exitCodeOf({ status: 'failed', error })).toBe(4)
    expect(exitCodeOf({ status: 'failed', error: { ...error, category: 'network' } })).toBe(1)
  })

  it('tell misuse from a store that does not work', () => {
    expect(exitCodeOfError(new InputError('', []))).toBe(2)
    expect(exitCodeOfError(new ThreadError('thread_finished', ''))).toBe(2)
    expect(exitCodeOfError(new StoreError('store_unavailable', ''))).toBe(1)
  })
})

/**
 * SQLite's errors as errors of the store, in words that say what to do.
 */
import { StagegraphError, StoreError } from '../../foundation/errors.ts'

/** The store error for whatever `node:sqlite` threw; errors of ours and bugs come back as they are. */
export function toStoreError(thrown: unknown, path: string): unknown {
  if (thrown instanceof StagegraphError) return thrown
  if (isTooLarge(thrown))
    return new StoreError('store_corrupt', `The store "${path}" is damaged.`, { cause: thrown, hint: damaged })
  const code = primaryCode(thrown)
  if (code === undefined) return thrown
  const [kind, what, hint] = explanations[code] ?? ['store_unavailable', 'failed', 'See the cause.']
  const detail = thrown instanceof Error ? ` (${thrown.message})` : ''
  return new StoreError(kind, `The store "${path}" ${what}${detail}.`, { cause: thrown, hint })
}

/** A number in the file that no number of ours can be. */
const isTooLarge = (thrown: unknown): boolean =>
  thrown instanceof RangeError && 'code' in thrown && thrown.code === 'ERR_OUT_OF_RANGE'

/** SQLite's primary result code, if this is an error of SQLite. */
export function primaryCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number') return undefined
  return thrown.errcode & 0xff
}

/** SQLITE_BUSY: another connection holds the lock. */
export const busy = 5

type Explanation = readonly [kind: StoreError['code'], what: string, hint: string]

const permissions = 'Check the permissions of the file and of its folder; the folder must be writable too.'
const damaged = 'The file is damaged or no Stagegraph store. Restore it from a backup, or use another path.'

/** By primary result code, https://sqlite.org/rescode.html */
const explanations: Readonly<Record<number, Explanation>> = {
  [busy]: ['store_unavailable', 'is locked by another process', 'Wait until it has finished, or end it.'],
  6: ['store_unavailable', 'is locked', 'Wait until the other statement has finished.'],
  8: ['store_unavailable', 'cannot be written', permissions],
  10: ['store_unavailable', 'could not be read or written', 'Check the disk. Network file systems are not supported.'],
  11: ['store_corrupt', 'is damaged', damaged],
  13: ['store_unavailable', 'cannot grow: the disk is full', 'Free some space and resume; nothing stored is lost.'],
  14: ['store_unavailable', 'cannot be opened', permissions],
  26: ['store_corrupt', 'is not a database', damaged],
}

/**
 * A copy of the store's file while it is in use: one consistent state of it.
 */
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../foundation/errors.ts'
import { toStoreError } from './sqlite-errors.ts'

/** Writes a copy to `path`, where nothing must be yet. What is there is whole, or it is not there. */
export async function backUp(db: DatabaseSync, file: string, path: string): Promise<void> {
  if (!db.isOpen) throw new StoreError('store_closed', `The store "${file}" is closed.`)
  const target = resolve(path)
  if (existsSync(target)) {
    throw new StoreError('store_unavailable', `There is a file "${target}" already.`, {
      hint: 'It was left as it is. Name a file that is not there yet.',
    })
  }
  const partial = `${target}.partial`
  try {
    writeFileSync(partial, '', { mode: 0o600 })
    chmodSync(partial, 0o600)
    await process.getBuiltinModule('node:sqlite').backup(db, partial)
    renameSync(partial, target)
  } catch (error) {
    throw toStoreError(error, target)
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(partial + suffix, { force: true })
  }
}

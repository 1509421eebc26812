/**
 * A copy of the store's file while it is in use: one consistent state of it.
 */
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../foundation/errors.ts'
import { toStoreError } from './sqlite-errors.ts'

/** More than a file can have. */
const allPages = 2 ** 31 - 1

/**
 * Over a connection of its own and in one step: one snapshot, whatever this and other connections write meanwhile. Over
 * the store's own, the copy would see transactions that are half done.
 */
async function copyDatabase(file: string, target: string): Promise<void> {
  const { DatabaseSync, backup } = process.getBuiltinModule('node:sqlite')
  const source = new DatabaseSync(file)
  try {
    await backup(source, target, { rate: allPages })
  } finally {
    source.close()
  }
}

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
    await copyDatabase(file, partial)
    renameSync(partial, target)
  } catch (error) {
    throw toStoreError(error, target)
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(partial + suffix, { force: true })
  }
}

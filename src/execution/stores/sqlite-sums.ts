/**
 * Checksums of rows: each row carries one over its keys and everything in it, and is not given out unless it fits.
 */
import { crc32 } from 'node:zlib'
import { StoreError } from '../../foundation/errors.ts'
import type { Cell } from './cells.ts'
import type { Row } from './sqlite-statements.ts'

/** Of a row of `table`: the columns in the order of the table; `cells` are what may be long. */
export function sumOf(table: string, columns: readonly unknown[], ...cells: readonly (Cell | null)[]): number {
  if (columns.includes(undefined) || !cells.every(isCell)) return noSum
  const kinds = cells.map((cell) => (cell === null ? 0 : typeof cell === 'string' ? 1 : 2))
  const start = crc32(JSON.stringify([table, kinds, columns]))
  return cells.reduce((sum: number, cell) => (cell === null || cell.length === 0 ? sum : crc32(cell, sum)), start)
}

/** Of a row that has lost a column, or whose cell has become a number. No row carries it. */
const noSum = -1

const isCell = (cell: unknown): boolean => cell === null || typeof cell === 'string' || cell instanceof Uint8Array

/** Throws `store_corrupt`, naming the row, unless its `sum` is this one. */
export function checkSum(row: Row, sum: number, name: string): void {
  if (row.sum === sum && sum !== noSum) return
  throw new StoreError('store_corrupt', `The store is damaged: ${name} is not as it was written.`, {
    hint: 'Restore the file from a backup, or use another store.',
  })
}

/** What a row is found by in a second way, so that an index that is damaged does not make it look new. */
export const markOf = (...names: readonly string[]): number => crc32(JSON.stringify(names))

/** It is there, but the first way does not lead to it. */
export const missingInIndex = (name: string) =>
  new StoreError('store_corrupt', `The store is damaged: ${name} is missing in an index.`, {
    hint: 'Restore the file from a backup, or use another store.',
  })

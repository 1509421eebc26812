/**
 * Numbers that are never given out again, though the rows that had them are gone.
 */
import type { Statements } from './sqlite-statements.ts'
import { checkSum, sumOf } from './sqlite-sums.ts'

export interface Floors {
  /** The highest number that was given out to a row that is gone; 0 when there is none. */
  get(name: string): number
  raise(name: string, to: number): void
}

export function createFloors({ get, run }: Statements): Floors {
  const floorOf = (name: string): number => {
    const row = get('SELECT cell, sum FROM floor WHERE name = ?', name)
    if (row) checkSum(row, sumOf('floor', [name, row.cell]), `the floor of ${name}`)
    return row ? (row.cell as number) : 0
  }
  return {
    get: floorOf,
    raise(name, to) {
      if (to <= floorOf(name)) return
      run('INSERT OR REPLACE INTO floor (name, cell, sum) VALUES (?, ?, ?)', name, to, sumOf('floor', [name, to]))
    },
  }
}

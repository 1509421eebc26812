/**
 * Values that are held in memory, so that the next version can be compared with them and need not be read first.
 *
 * They are found by the number of their row. A row never changes and its number is never used again, so whatever other
 * processes do, what is held is right. What a transaction adds counts only once it is committed.
 */
import type { Json } from '../../foundation/json.ts'
import type { enveloped } from '../serializer.ts'
import type { StoredEncoding } from './tables.ts'

export interface Held {
  readonly line: number
  readonly encoding: Exclude<StoredEncoding, typeof enveloped>
  /** Frozen all the way down. */
  readonly tree: Json
  readonly depth: number
  readonly weight: number
  readonly full: number
  readonly size: number
}

export interface HeldValues {
  get(n: number): Held | undefined
  /** `replaced` is not held any longer. */
  add(n: number, value: Held, replaced: number | undefined): void
  settle(committed: boolean): void
  forgetLine(line: number): void
}

/** Characters of JSON in all. One value is held however large it is. */
const mostCharacters = 32 * 1024 * 1024

export function createHeldValues(): HeldValues {
  const settled = new Map<number, Held>()
  const fresh = new Map<number, Held>()
  const replaced: number[] = []
  let characters = 0

  const drop = (n: number): void => {
    characters -= settled.get(n)?.size ?? 0
    settled.delete(n)
  }
  const admit = (n: number, value: Held): void => {
    drop(n)
    settled.set(n, value)
    characters += value.size
  }
  const makeRoom = (): void => {
    for (const n of settled.keys()) {
      if (characters <= mostCharacters || settled.size <= 1) return
      drop(n)
    }
  }
  return {
    get(n) {
      const known = settled.get(n)
      if (known) {
        settled.delete(n) // the last in the map is the one used last
        settled.set(n, known)
      }
      return known ?? fresh.get(n)
    },
    add(n, value, before) {
      fresh.set(n, value)
      if (before !== undefined && before !== n && !fresh.delete(before)) replaced.push(before)
    },
    settle(committed) {
      if (committed) {
        for (const n of replaced) drop(n)
        for (const [n, value] of fresh) admit(n, value)
        makeRoom()
      }
      fresh.clear()
      replaced.length = 0
    },
    forgetLine(line) {
      for (const [n, value] of settled) if (value.line === line) drop(n)
      for (const [n, value] of fresh) if (value.line === line) fresh.delete(n)
    },
  }
}

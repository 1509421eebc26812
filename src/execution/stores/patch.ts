/**
 * What has changed between two versions of a JSON value, and the newer one made of the older and the change.
 *
 * The older value is always a snapshot of the store's own: frozen all the way down, so nobody can have changed it. The
 * newer one may be anybody's and may change later. An object that both share by identity is a part of the snapshot, so
 * it is known to be equal without a look inside; everything else is compared by content. So state that shares structure
 * costs what changed, and state that was changed in place costs a comparison, but is never taken for unchanged.
 */
import { type Json, mapMembers } from '../../foundation/json.ts'

/** A change, as JSON. The order of keys in objects is part of the value. */
export type Patch =
  | readonly [replaced: 0, value: Json]
  | readonly [text: 1, start: number, removed: number, inserted: string]
  | readonly [members: 2, removed: readonly string[], changed: readonly (readonly [key: string, change: Patch])[]]
  | readonly [
      list: 3,
      start: number,
      removed: number,
      inserted: readonly Json[],
      changed: readonly (readonly [index: number, change: Patch])[],
    ]

/** The value is not plain JSON; what it is instead is for the serializer to say. */
export class NotPlain extends Error {}

/** What the change takes away is counted in characters of JSON, nearly. */
export interface Removed {
  characters: number
}

const maxDepth = 1000
const envelope = '$lg'

/**
 * The change from `before`, a snapshot, to `after`, or nothing when they are equal. Values in it are snapshots. Throws
 * `NotPlain` unless `after` is plain JSON.
 */
export function diff(before: Json, after: unknown, removed: Removed = { characters: 0 }, depth = 0): Patch | undefined {
  if (before === after) return undefined
  if (typeof before === 'string' && typeof after === 'string') return diffText(before, after, removed)
  if (typeof after === 'object' && after !== null && typeof before === 'object' && before !== null) {
    if (depth > maxDepth) throw new NotPlain()
    if (Array.isArray(after)) {
      if (Array.isArray(before)) return diffLists(before, after, removed, depth)
    } else if (!Array.isArray(before)) {
      return diffMembers(before as Members, after as Readonly<Record<string, unknown>>, removed, depth)
    }
  }
  return replaced(before, after, removed, depth)
}

type Members = Readonly<Record<string, Json>>

function replaced(before: Json, after: unknown, removed: Removed, depth: number): Patch {
  removed.characters += lengthOf(before)
  return [0, snapshot(after, depth)]
}

const lengthOf = (value: Json): number => (typeof value === 'object' ? JSON.stringify(value).length : 8)

/** Shorter texts are replaced. */
const shortText = 64

function diffText(before: string, after: string, removed: Removed): Patch {
  if (before.length < shortText || after.length < shortText) {
    removed.characters += before.length
    return [0, after]
  }
  if (after.startsWith(before)) return [1, before.length, 0, after.slice(before.length)]
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start += 1
  let end = 0
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  )
    end += 1
  removed.characters += before.length - end - start
  return [1, start, before.length - end - start, after.slice(start, after.length - end)]
}

function diffMembers(
  before: Members,
  after: Readonly<Record<string, unknown>>,
  removed: Removed,
  depth: number,
): Patch | undefined {
  requirePlain(after)
  const keys = Object.keys(after)
  const known = Object.keys(before)
  if (!sameOrder(keys, known) && !keepsOrder(before, after, keys, known)) return replaced(before, after, removed, depth)
  const changed: [string, Patch][] = []
  for (const key of keys) {
    const value = after[key]
    if (!Object.hasOwn(before, key)) changed.push([key, [0, snapshot(value, depth + 1)]])
    else if (value !== before[key]) {
      const change = diff(before[key] as Json, value, removed, depth + 1)
      if (change) changed.push([key, change])
    }
  }
  const gone = known.filter((key) => !Object.hasOwn(after, key))
  for (const key of gone) removed.characters += lengthOf(before[key] as Json) + key.length
  return changed.length === 0 && gone.length === 0 ? undefined : [2, gone, changed]
}

const sameOrder = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((key, index) => key === b[index])

/** A change keeps the keys it keeps in their order and puts new ones at the end; for any other order it will not do. */
function keepsOrder(before: Members, after: object, keys: readonly string[], known: readonly string[]): boolean {
  if (Object.hasOwn(after, '__proto__') || Object.hasOwn(before, '__proto__')) return false
  const made = known.filter((key) => Object.hasOwn(after, key))
  made.push(...keys.filter((key) => !Object.hasOwn(before, key)))
  return sameOrder(made, keys) || sameOrder(made.filter(isNoIndex), keys.filter(isNoIndex))
}

/** Keys that look like indices are sorted by JavaScript itself. */
const isNoIndex = (key: string): boolean => !/^(0|[1-9]\d{0,9})$/.test(key)

function diffLists(
  before: readonly Json[],
  after: readonly unknown[],
  removed: Removed,
  depth: number,
): Patch | undefined {
  requirePlainList(after)
  const grows = after.length >= before.length
  const changed: [number, Patch][] = []
  const shared = Math.min(before.length, after.length)
  if (before.length === after.length) {
    for (let i = 0; i < shared; i++) {
      const change = diff(before[i] as Json, after[i], removed, depth + 1)
      if (change) changed.push([i, change])
    }
    return changed.length === 0 ? undefined : [3, shared, 0, [], changed]
  }
  let start = 0
  while (start < shared && isEqual(before[start] as Json, after[start], depth + 1)) start += 1
  let end = 0
  while (end < shared - start && isEqual(before[before.length - 1 - end] as Json, after[after.length - 1 - end], depth))
    end += 1
  if (start + end === shared) return spliced(before, after, start, end, removed, depth)
  if (!grows || end > 0) return spliced(before, after, start, end, removed, depth)
  for (let i = start; i < before.length; i++) {
    const change = diff(before[i] as Json, after[i], removed, depth + 1)
    if (change) changed.push([i, change])
  }
  return [3, before.length, 0, after.slice(before.length).map((item) => snapshot(item, depth + 1)), changed]
}

function spliced(
  before: readonly Json[],
  after: readonly unknown[],
  start: number,
  end: number,
  removed: Removed,
  depth: number,
): Patch {
  const gone = before.slice(start, before.length - end)
  for (const item of gone) removed.characters += lengthOf(item)
  const added = after.slice(start, after.length - end).map((item) => snapshot(item, depth + 1))
  return [3, start, gone.length, added, []]
}

const isEqual = (before: Json, after: unknown, depth: number): boolean =>
  before === after ||
  (typeof before === 'object' && before !== null && typeof after === 'object' && after !== null
    ? diff(before, after, { characters: 0 }, depth) === undefined
    : false)

/**
 * The value as it is now, frozen. What is frozen already is taken as it is, anything else is copied. Throws `NotPlain`
 * unless it is plain JSON.
 */
export function snapshot(value: unknown, depth = 0): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new NotPlain()
      return value === 0 ? 0 : value // JSON has no -0
    case 'object':
      break
    default:
      throw new NotPlain()
  }
  if (value === null) return null
  if (depth > maxDepth) throw new NotPlain()
  return Array.isArray(value) ? snapshotList(value, depth) : snapshotMembers(value as Members, depth)
}

function snapshotList(list: readonly unknown[], depth: number): Json {
  requirePlainList(list)
  const copy: Json[] = []
  let same = isFixed(list) && Object.keys(list).length === list.length
  for (let i = 0; i < list.length; i++) {
    const item = snapshot(list[i], depth + 1)
    same = same && Object.is(item, list[i])
    copy.push(item)
  }
  return same ? (list as readonly Json[]) : Object.freeze(copy)
}

function snapshotMembers(members: Members, depth: number): Json {
  requirePlain(members)
  let same = isFixed(members) && Object.getPrototypeOf(members) === Object.prototype
  const copy = mapMembers<unknown, Json>(members, (inner) => {
    const taken = snapshot(inner, depth + 1)
    same = same && Object.is(inner, taken)
    return taken
  })
  return same ? members : Object.freeze(copy)
}

/** It can never again be anything else: frozen, and nothing in it is computed when it is read. */
const isFixed = (value: object): boolean =>
  Object.isFrozen(value) &&
  Object.keys(value).every((key) => 'value' in (Object.getOwnPropertyDescriptor(value, key) ?? {}))

function requirePlain(value: object): void {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new NotPlain()
  if (Object.hasOwn(value, envelope) || Object.getOwnPropertySymbols(value).length > 0) throw new NotPlain()
}

function requirePlainList(list: readonly unknown[]): void {
  for (let i = 0; i < list.length; i++) if (list[i] === undefined) throw new NotPlain()
}

/** The newer value, frozen; it shares with `before`, a snapshot, whatever is the same. */
export function patched(before: Json, patch: Patch): Json {
  switch (patch[0]) {
    case 0:
      return patch[1]
    case 1:
      return changeText(before as string, patch)
    case 2:
      return Object.freeze(changeMembers(before as Members, patch, patched))
    case 3:
      return Object.freeze(changeList([...(before as readonly Json[])], patch, patched))
  }
}

/** The newer value, made by changing `before`, which is the caller's own and gone afterwards. */
export function patchOwned(before: Json, patch: Patch): Json {
  switch (patch[0]) {
    case 0:
      return patch[1]
    case 1:
      return changeText(before as string, patch)
    case 2:
      return changeMembers(before as Members, patch, patchOwned)
    case 3:
      return changeList(before as Json[], patch, patchOwned)
    default:
      throw new TypeError('a change of an unknown kind')
  }
}

type Change = (before: Json, patch: Patch) => Json

const changeText = (before: string, [, start, removed, inserted]: Extract<Patch, readonly [1, ...unknown[]]>) =>
  before.slice(0, start) + inserted + before.slice(start + removed)

function changeMembers(
  before: Members,
  [, gone, entries]: Extract<Patch, readonly [2, ...unknown[]]>,
  change: Change,
): Json {
  const owned = change === patchOwned
  const kept = gone.length > 0 ? without(before, gone) : owned ? before : { ...before }
  const members = kept as Record<string, Json>
  for (const [key, inner] of entries) members[key] = change(members[key] as Json, inner)
  return members
}

function without(before: Members, gone: readonly string[]): Members {
  const names = new Set(gone)
  return Object.fromEntries(Object.entries(before).filter(([key]) => !names.has(key)))
}

function changeList(
  list: Json[],
  [, start, removed, inserted, entries]: Extract<Patch, readonly [3, ...unknown[]]>,
  change: Change,
): Json {
  for (const [index, inner] of entries) list[index] = change(list[index] as Json, inner)
  if (start + removed < list.length) return [...list.slice(0, start), ...inserted, ...list.slice(start + removed)]
  list.length = start
  for (const item of inserted) list.push(item)
  return list
}

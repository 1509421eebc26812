/**
 * Values as they are kept: once per content, and as a change of the version before when that is much smaller.
 *
 * A value is kept whole again as soon as the last whole one and the changes since are twice as large as the value itself
 * (so reading costs twice the value at most, and storing costs twice the changes), or when so many changes lie between
 * that reading would take long. Values in LangGraph's envelope are kept whole.
 */
import { StoreError } from '../../foundation/errors.ts'
import { deepFreeze, type Json } from '../../foundation/json.ts'
import { decodeValue, type EncodedValue, encodeValue, enveloped, plain } from '../serializer.ts'
import { createHeldValues, type Held, type HeldValues } from './held-values.ts'
import { diff, NotPlain, type Patch, patched, patchOwned, snapshot } from './patch.ts'
import { placed, type Ref, type StoredText, type ValueRow, type ValueTable } from './tables.ts'

/** Smaller values stand where they are referred to. Characters of JSON. */
const inlineSize = 256

/** What is to be kept. */
export interface NewValue {
  readonly line: number
  readonly value: unknown
  /** What stands for the value, if something does. */
  readonly form?: Json | undefined
  /** Begins the path in errors. */
  readonly name: string
  /** The version before, if there is one. */
  readonly before: Ref | undefined
  /** No later value will be a change of that version, so it need not be held any longer. */
  readonly replaces: boolean
}

export interface Values {
  /** Throws `NotJsonError` when it is not JSON. */
  keep(added: NewValue): Ref
  /** The same for what no other place will share: returns the number of its row. */
  keepApart(added: NewValue): number
  /**
   * The value as it was when it was kept, or the `Placed` that stands for it; plain JSON is frozen. With `older`, versions
   * before this one will be asked for next. Throws `store_corrupt`.
   */
  load(ref: Ref, older?: boolean): unknown
  /** Call it when the transaction has ended. Without it, and unless it was committed, nothing new is remembered. */
  settle(committed: boolean): void
  /** The rows that are gone. */
  forgetLine(line: number): void
}

export function createValues(table: ValueTable): Values {
  const held = createHeldValues()
  return {
    keep: (added) => keep(table, held, added),
    keepApart: (added) => keepApart(table, held, added),
    load: (ref, older = false) => load(table, held, ref, older),
    settle: (committed) => held.settle(committed),
    forgetLine: (line) => held.forgetLine(line),
  }
}

function keep(table: ValueTable, held: HeldValues, added: NewValue): Ref {
  const written = writtenAs(table, held, added)
  if ('enveloped' in written) return keepWhole(table, written.enveloped, added)
  const { encoding, change } = written
  if (change === 'same') return added.before as Ref
  if (change.row) return addChange(table, held, added, change.row)
  const text = JSON.stringify(change.tree)
  const ref = keepWhole(table, { encoding, text }, added)
  if (typeof ref === 'number') hold(held, added, ref, whole(added.line, encoding, change.tree, text))
  return ref
}

function keepApart(table: ValueTable, held: HeldValues, added: NewValue): number {
  const written = writtenAs(table, held, added)
  if ('enveloped' in written) {
    const { encoding, text } = written.enveloped
    return table.add({ ...sizes(text), line: added.line, base: null, hash: null, encoding, text })
  }
  const { encoding, change } = written
  if (change === 'same') return added.before as number
  if (change.row) return addChange(table, held, added, change.row)
  const text = JSON.stringify(change.tree)
  const n = table.add({ ...sizes(text), line: added.line, base: null, hash: null, encoding, text })
  hold(held, added, n, whole(added.line, encoding, change.tree, text))
  return n
}

type Written =
  | { readonly encoding: TreeEncoding; readonly change: 'same' | Change }
  | { readonly enveloped: EncodedValue }

/** By what stands for it, plainly, or in LangGraph's envelope: the first of these that can be. */
function writtenAs(table: ValueTable, held: HeldValues, added: NewValue): Written {
  const { form, value, name } = added
  const placedChange = form === undefined ? 'envelope' : changeOf(table, held, added, placed, form)
  if (placedChange !== 'envelope') return { encoding: placed, change: placedChange }
  const change = changeOf(table, held, added, plain, value)
  return change === 'envelope' ? { enveloped: encodeValue(value, [name]) } : { encoding: plain, change }
}

function addChange(table: ValueTable, held: HeldValues, added: NewValue, { text, base, now }: ChangeRow): number {
  const { line, depth, weight, full, size } = now
  const n = table.add({ line, base, depth, weight, full, size, encoding: now.encoding, hash: null, text })
  hold(held, added, n, now)
  return n
}

function hold(held: HeldValues, { before, replaces }: NewValue, n: number, now: Held): void {
  held.add(n, now, replaces && typeof before === 'number' ? before : undefined)
}

const sizes = (text: string) => ({ depth: 0, weight: 0, full: text.length, size: text.length })

const whole = (line: number, encoding: TreeEncoding, tree: Json, text: string): Held => ({
  line,
  encoding,
  tree,
  ...sizes(text),
})

/** Small ones stand in the reference; of larger ones with the same content there is one row. */
function keepWhole(table: ValueTable, value: StoredText, { line }: NewValue): Ref {
  if (value.text.length <= inlineSize) return [value.encoding, value.text]
  const hash = table.hash(value)
  return (
    table.find(line, hash, value.text.length) ?? table.add({ ...sizes(value.text), line, base: null, hash, ...value })
  )
}

interface ChangeRow {
  readonly text: string
  readonly base: number
  readonly now: Held
}

type TreeEncoding = Held['encoding']

interface Change {
  readonly tree: Json
  readonly row?: ChangeRow
}

function changeOf(
  table: ValueTable,
  held: HeldValues,
  { line, before }: NewValue,
  encoding: TreeEncoding,
  value: unknown,
): 'envelope' | 'same' | Change {
  try {
    const base = typeof before === 'number' ? find(table, held, before) : undefined
    if (typeof before !== 'number' || !base || !('tree' in base) || base.encoding !== encoding)
      return { tree: snapshot(value) }
    if (!alike(base.tree, value)) return { tree: snapshot(value) }
    const removed = { characters: 0 }
    const patch = diff(base.tree, value, removed)
    if (!patch) return 'same'
    const tree = patched(base.tree, patch)
    const text = JSON.stringify(patch)
    const now: Held = {
      line,
      encoding,
      tree,
      depth: base.depth + 1,
      weight: base.weight + text.length,
      full: base.full,
      size: Math.max(2, base.size + text.length - removed.characters),
    }
    return isWorthIt(text.length, now) ? { tree, row: { text, base: before, now } } : { tree }
  } catch (error) {
    if (error instanceof NotPlain) return 'envelope'
    throw error
  }
}

/** A much shorter list or a much smaller object is no later version; comparing would be wasted. */
function alike(before: Json, after: unknown): boolean {
  if (typeof after === 'string') return typeof before === 'string'
  if (typeof after !== 'object' || after === null || typeof before !== 'object' || before === null) return false
  if (Array.isArray(after) !== Array.isArray(before)) return false
  return 2 * countOf(after) >= countOf(before)
}

const countOf = (value: object): number => (Array.isArray(value) ? value.length : Object.keys(value).length)

/** What has to be read for it is at most twice the value and a bit; and a row takes longer to read than its text. */
const isWorthIt = (characters: number, { depth, weight, full, size }: Held): boolean =>
  2 * characters < size && full + weight <= 2 * size + 4096 && depth <= 64 + size / 512

function load(table: ValueTable, held: HeldValues, ref: Ref, older: boolean): unknown {
  if (typeof ref !== 'number') return thaw({ encoding: ref[0], text: ref[1] })
  const found = find(table, held, ref, older)
  if (!('tree' in found)) return decodeValue(found)
  return found.encoding === placed ? new Placed(found.tree) : found.tree
}

/** Stands for outcomes that are in the log. Nothing that is kept as a value can be one. */
export class Placed {
  readonly form: Json
  constructor(form: Json) {
    this.form = form
  }
}

function thaw({ encoding, text }: StoredText): unknown {
  if (encoding === enveloped) return decodeValue({ encoding, text })
  const tree = deepFreeze(decodeValue({ encoding: plain, text }))
  return encoding === placed ? new Placed(tree as Json) : tree
}

/** A plain value, held from now on, or the text of an enveloped one. */
function find(table: ValueTable, held: HeldValues, n: number, older = false): Held | EncodedValue {
  const known = held.get(n)
  if (known) return known
  const row = present(table, n)
  const { encoding } = row
  if (encoding === enveloped) return { encoding, text: row.text }
  const made = build(table, held, row, encoding, older)
  held.add(n, made, undefined)
  return made
}

/** Reads changes back to a value that is held or whole, and makes them. */
function build(table: ValueTable, held: HeldValues, row: ValueRow, encoding: TreeEncoding, older: boolean): Held {
  const changes: ValueRow[] = []
  let at = row
  let base: Held | undefined
  while (at.base !== null && !base) {
    changes.push(at)
    const next = at.base
    base = held.get(next)
    if (base) break
    at = present(table, next)
    if (at.n >= row.n || changes.length > row.depth) throw corrupt(row.n, 'is a change of itself')
  }
  if (base || older)
    return heldOf(row, encoding, stepByStep(held, base?.tree ?? deepFreeze(parsed(at)), changes, encoding))
  const owned = changes.reduceRight((tree, change) => patchOwned(tree, patchIn(change)), parsed(at))
  return heldOf(row, encoding, deepFreeze(owned))
}

/** Without the text. */
const heldOf = ({ line, depth, weight, full, size }: ValueRow, encoding: TreeEncoding, tree: Json): Held => ({
  line,
  encoding,
  tree,
  depth,
  weight,
  full,
  size,
})

/** How many versions lie between two that are held for the sake of those before them. */
const stride = 24

function stepByStep(held: HeldValues, from: Json, changes: readonly ValueRow[], encoding: TreeEncoding): Json {
  let tree = from
  for (const [distance, change] of [...changes.entries()].reverse()) {
    tree = patched(tree, patchIn(change))
    if (distance > 0 && distance % stride === 0) held.add(change.n, heldOf(change, encoding, tree), undefined)
  }
  return tree
}

const patchIn = (row: ValueRow): Patch => parsed(row) as unknown as Patch

const parsed = (row: ValueRow): Json => decodeValue({ encoding: plain, text: row.text }) as Json

function present(table: ValueTable, n: number): ValueRow {
  const row = table.get(n)
  if (row) return row
  throw corrupt(n, 'is missing, but something refers to it')
}

const corrupt = (n: number, what: string) =>
  new StoreError('store_corrupt', `The store is damaged: value ${n} ${what}.`, {
    hint: 'Restore the file from a backup, or use another store.',
  })

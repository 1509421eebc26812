/**
 * Random work on a store beside a plain model of it: edits in the large and in the small, mutations in place, forks,
 * copies, writes, pruning, deleting, opening again. Whatever is read must be what the model says.
 *
 *   STORE_SEED=7 npx vitest run test/execution/stores/model.test.ts      # one seed, as a failing test names it
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Checkpoint } from '@langchain/langgraph-checkpoint'
import { expect, it } from 'vitest'
import type { RunStore } from '../../../src/execution/store.ts'
import { createMemoryStore } from '../../../src/execution/stores/memory.ts'
import { openSqliteStore } from '../../../src/execution/stores/sqlite.ts'
import { poison } from '../../conformance/poison.ts'
import { collect } from '../../conformance/support.ts'

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

type Value = null | boolean | number | string | Value[] | { [key: string]: Value }

interface Known {
  readonly thread: string
  readonly id: string
  readonly parent: string | undefined
  /** JSON of the values, with the order of keys. */
  readonly values: string
  readonly versions: Readonly<Record<string, number>>
  readonly writes: string[]
}

class Model {
  readonly random: () => number
  readonly known: Known[] = []
  /** The state as a graph would hold it, per thread: changed in place and otherwise. */
  readonly live = new Map<string, Record<string, Value>>()
  count = 0

  constructor(seed: number) {
    this.random = randomOf(seed)
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  value(depth = 0): Value {
    const kind = this.below(depth > 3 ? 5 : 9)
    if (kind < 2) return this.below(1000)
    if (kind === 2) return this.pick([null, true, false, '', -0.5])
    if (kind === 3) return 'word '.repeat(this.below(60)) + this.below(100)
    if (kind === 4) return structuredClone(this.pick(safePoison)) as Value
    const size = this.below(7)
    if (kind < 7) return Array.from({ length: size }, () => this.value(depth + 1))
    return Object.fromEntries(Array.from({ length: size }, () => [this.key(), this.value(depth + 1)]))
  }

  key(): string {
    return this.pick(['a', 'b', 'c', '1', '10', '__proto__', 'constructor', '', 'long key '.repeat(5), '\u{1f375}'])
  }

  /** A changed value: sometimes the same object, changed in place. */
  edited(value: Value, depth = 0): Value {
    if (this.below(12) === 0 || depth > 4) return this.value(depth)
    if (typeof value === 'string')
      return value.length < 3000 ? `${value}${this.below(10)}` : value.slice(this.below(100))
    if (typeof value !== 'object' || value === null) return this.value(depth)
    const inPlace = this.below(3) === 0 && !Object.isFrozen(value)
    return Array.isArray(value) ? this.editedList(value, inPlace, depth) : this.editedMembers(value, inPlace, depth)
  }

  editedList(value: Value[], inPlace: boolean, depth: number): Value {
    const list = inPlace ? value : [...value]
    const at = this.below(list.length + 1)
    const kind = this.below(4)
    if (kind === 0 && at < list.length) list[at] = this.edited(list[at] as Value, depth + 1)
    else if (kind === 1) list.splice(at, 1)
    else if (kind === 2) list.splice(at, 0, this.value(depth + 1))
    else list.push(this.value(depth + 1))
    return list.length > 200 ? list.slice(100) : list
  }

  editedMembers(value: { [key: string]: Value }, inPlace: boolean, depth: number): Value {
    const members = inPlace ? value : { ...value }
    const key = this.below(2) === 0 ? this.key() : (this.pick(Object.keys(members)) ?? 'a')
    const kind = this.below(3)
    if (key === '__proto__') return Object.fromEntries([...Object.entries(members), [key, this.value(depth + 1)]])
    if (kind === 0) delete members[key]
    else
      members[key] = Object.hasOwn(members, key) ? this.edited(members[key] as Value, depth + 1) : this.value(depth + 1)
    return members
  }
}

const safePoison = Object.values(poison).filter((value) => JSON.stringify(value).length < 5000)

const configOf = ({ thread, id }: Pick<Known, 'thread' | 'id'>) => ({
  configurable: { thread_id: thread, checkpoint_ns: '', checkpoint_id: id },
})

const tip = (model: Model, thread: string) => model.known.findLast((each) => each.thread === thread)

async function step(model: Model, store: RunStore): Promise<void> {
  const thread = model.pick(['t', 'u', 'v'])
  const parent =
    model.below(6) === 0 ? model.pick(model.known.filter((each) => each.thread === thread)) : tip(model, thread)
  const live = model.live.get(thread)
  const isTip = parent === tip(model, thread)
  const values: Record<string, Value> = isTip && live ? live : JSON.parse(parent?.values ?? '{}')
  const versions: Record<string, number> = { ...parent?.versions }
  const fresh: Record<string, number> = {}
  model.count += 1
  for (const channel of ['list', 'doc', 'text', 'rare']) {
    const chance = channel === 'rare' ? 0.05 : 0.5
    if (Object.hasOwn(values, channel) && model.random() > chance) continue
    if (Object.hasOwn(values, channel) && model.below(30) === 0) delete values[channel]
    else values[channel] = Object.hasOwn(values, channel) ? model.edited(values[channel] as Value) : model.value()
    if (model.below(4) === 0 && Object.hasOwn(values, channel)) deepFreeze(values[channel])
    versions[channel] = model.count
    fresh[channel] = model.count
  }
  const known: Known = {
    thread,
    id: `${model.count}`,
    parent: parent?.id,
    values: JSON.stringify(values),
    versions: { ...versions },
    writes: [],
  }
  const checkpoint: Checkpoint = {
    v: 4,
    id: known.id,
    ts: '',
    channel_values: values,
    channel_versions: versions,
    versions_seen: {},
  }
  const config = { configurable: { thread_id: thread, checkpoint_ns: '', ...(parent && { checkpoint_id: parent.id }) } }
  await store.saver.put(config, checkpoint, { source: 'loop', step: model.count, parents: {} }, fresh)
  model.known.push(known)
  model.live.set(thread, values)
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const inner of Object.values(value)) deepFreeze(inner)
  Object.freeze(value)
}

async function write(model: Model, store: RunStore): Promise<void> {
  const at = model.known.at(-1 - model.below(Math.min(3, model.known.length)))
  if (!at) return
  const value = model.below(2) === 0 ? model.value() : (Object.values(JSON.parse(at.values) as object)[0] ?? 0)
  await store.saver.putWrites(
    configOf(at),
    [['list', value]],
    `task ${at.writes.length}`,
    String(at.writes.length).padStart(4),
  )
  at.writes.push(JSON.stringify(value))
}

async function prune(model: Model, store: RunStore): Promise<void> {
  const thread = model.pick(['t', 'u', 'v'])
  const keep = 1 + model.below(10)
  const all = model.known.filter((each) => each.thread === thread)
  expect(await store.prune(thread, keep)).toBe(Math.max(0, all.length - keep))
  const gone = new Set(all.slice(0, Math.max(0, all.length - keep)))
  model.known.splice(0, model.known.length, ...model.known.filter((each) => !gone.has(each)))
}

async function remove(model: Model, store: RunStore): Promise<void> {
  const thread = model.pick(['u', 'v'])
  await store.saver.deleteThread(thread)
  model.known.splice(0, model.known.length, ...model.known.filter((each) => each.thread !== thread))
  model.live.delete(thread)
}

async function check(model: Model, store: RunStore, all: boolean): Promise<number> {
  const some = all ? model.known : [model.pick(model.known), model.known.at(-1)].filter((each) => each !== undefined)
  for (const known of some) {
    const tuple = await store.saver.getTuple(configOf(known))
    assert.equal(
      JSON.stringify(tuple?.checkpoint.channel_values, inOrder(known)),
      known.values,
      `checkpoint ${known.id}`,
    )
    assert.deepEqual(tuple?.checkpoint.channel_versions, known.versions)
    assert.deepEqual(tuple?.parentConfig?.configurable?.checkpoint_id, known.parent)
    assert.deepEqual(
      tuple?.pendingWrites?.map(([, , value]) => JSON.stringify(value)),
      known.writes,
    )
  }
  if (!all) return some.length
  for (const thread of ['t', 'u', 'v']) {
    const listed = await collect(store.saver.list({ configurable: { thread_id: thread } }))
    const expected = model.known.filter((each) => each.thread === thread).toReversed()
    assert.deepEqual(
      listed.map(({ checkpoint }) => checkpoint.id),
      expected.map(({ id }) => id),
    )
  }
  return some.length
}

/** Channels stand in any order; the keys within each do not. */
function inOrder(known: Known) {
  const order = Object.keys(JSON.parse(known.values) as object)
  return function (this: unknown, key: string, value: unknown): unknown {
    if (key !== '' || typeof value !== 'object' || value === null) return value
    const channels = value as Record<string, unknown>
    return this && Object.hasOwn(this as object, '') && order.every((channel) => Object.hasOwn(channels, channel))
      ? Object.fromEntries(order.map((channel) => [channel, channels[channel]]))
      : value
  }
}

async function play(seed: number, steps: number, open: () => RunStore, reopens: boolean): Promise<number> {
  const model = new Model(seed)
  const stores = reopens ? [open(), open()] : [open()] // two on one file, as two processes would have
  let compared = 0
  for (let n = 0; n < steps; n++) {
    const kind = model.below(40)
    const at = model.below(stores.length)
    const store = stores[at] as RunStore
    if (kind < 26) await step(model, store)
    else if (kind < 34) await write(model, store)
    else if (kind === 34) await prune(model, store)
    else if (kind === 35 && model.below(4) === 0) await remove(model, store)
    else if (kind === 36 && reopens) {
      await store.close()
      stores[at] = open()
    }
    if (model.known.length > 0) compared += await check(model, stores[at] as RunStore, n % 50 === 49)
  }
  for (const store of stores) {
    compared += await check(model, store, true)
    await store.close()
  }
  return compared
}

const seeds = process.env.STORE_SEED ? [Number(process.env.STORE_SEED)] : Array.from({ length: 12 }, (_, n) => n + 1)
const keys = { current: 'k', keys: { k: Buffer.alloc(32, 1) } }

it.each(seeds)('a store does what the model says: memory, seed %i', async (seed) => {
  expect(await play(seed, 300, () => createMemoryStore(), false)).toBeGreaterThan(300)
})

it.each(seeds)('a store does what the model says: SQLite, seed %i', async (seed) => {
  const folder = mkdtempSync(join(tmpdir(), 'stagegraph-model-'))
  const options = [{}, { compressFrom: 100 }, { keys }][seed % 3]
  expect(await play(seed, 300, () => openSqliteStore(join(folder, 'runs.db'), options), true)).toBeGreaterThan(300)
  rmSync(folder, { recursive: true })
})

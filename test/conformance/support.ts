/**
 * Runs, owners and events for tests of stores.
 */
import assert from 'node:assert/strict'
import type { Claim, Lease, NewRun, RunOwner, RunStore } from '../../src/execution/store.ts'

const at = '2026-01-01T00:00:00.000Z'

export const runRecord = (id: string, more: Partial<NewRun> = {}): NewRun => ({
  id,
  pipeline: 'tea',
  version: null,
  plan: 'hash',
  file: null,
  status: 'queued',
  inputs: {},
  progress: 0,
  created_at: at,
  updated_at: at,
  ended_at: null,
  active_ms: 0,
  stretches: 0,
  cancel_requested: false,
  ...more,
})

export const owner = (engine: string, more: Partial<RunOwner> = {}): RunOwner => ({
  host: 'here',
  pid: 1,
  started: '10',
  boot: 'b',
  engine,
  ...more,
})

export const claimOf = (engine: string, more: Partial<RunOwner> = {}): Claim => ({
  owner: owner(engine, more),
  expiresAtMs: 1000,
})

/** Makes a run that the engine `e` holds. */
export async function begin(store: RunStore, id: string, more: Partial<NewRun> = {}): Promise<Lease> {
  const lease = await store.createRun(runRecord(id, more), claimOf('e'))
  assert.ok(lease)
  return lease
}

/** One that nobody holds. */
export async function leave(store: RunStore, id: string, more: Partial<NewRun> = {}): Promise<void> {
  await store.release(await begin(store, id, more))
}

export const started = (stage: string) => ({ type: 'stage.started', stage, kind: 'run', attempt: 1, at }) as const

/** Everything an asynchronous iterator gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export const thread = (id: string) => ({ configurable: { thread_id: id, checkpoint_ns: '' } })

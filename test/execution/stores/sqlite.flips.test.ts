/**
 * Single bits of a store's file, flipped one at a time with a fixed seed: whoever reads the file then gets
 * what was stored, or an error of the store. Never anything else.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Annotation, interrupt, Send, StateGraph } from '@langchain/langgraph'
import { expect, it } from 'vitest'
import { encodeValue } from '../../../src/execution/serializer.ts'
import type { RunStore } from '../../../src/execution/store.ts'
import { openSqliteStore, type SqliteOptions } from '../../../src/execution/stores/sqlite.ts'
import { StoreError } from '../../../src/foundation/errors.ts'
import { begin, collect } from '../../conformance/support.ts'

const at = '2026-01-01T00:00:00.000Z'

async function fill(store: RunStore): Promise<void> {
  const Log = Annotation.Root({
    n: Annotation<number>,
    log: Annotation<string[]>({ reducer: (old, added) => [...old, ...added], default: () => [] }),
  })
  const loop = new StateGraph(Log)
    .addNode('step', ({ n }) => ({ n: n + 1, log: [`${n} ${'word '.repeat(60)}`] }))
    .addEdge('__start__', 'step')
    .addConditionalEdges('step', ({ n }) => (n < 25 ? 'step' : '__end__'))
    .compile({ checkpointer: store.saver })
  const fan = new StateGraph(Log)
    .addNode('item', ({ n }) => ({ log: [n === 3 ? `${interrupt('well?')}` : `${n} ${'y'.repeat(300)}`] }))
    .addConditionalEdges('__start__', () => Array.from({ length: 6 }, (_, n) => new Send('item', { n })), ['item'])
    .compile({ checkpointer: store.saver })
  const config = (thread: string) => ({
    configurable: { thread_id: thread },
    durability: 'sync' as const,
    recursionLimit: 90,
  })
  await loop.invoke({ n: 0 }, config('r0'))
  const middle = (await collect(loop.getStateHistory(config('r0'))))[10]
  await loop.updateState(middle?.config ?? {}, { log: ['edited'] })
  await fan.invoke({}, config('r1'))
  for (let n = 0; n < 8; n++) {
    const lease = await begin(store, `r${n}`, { inputs: { text: `input ${n} `.repeat(20) } })
    const events = Array.from(
      { length: 6 },
      (_, i) => ({ type: 'stage.started', stage: `s${i}`, kind: 'run', attempt: 1, at }) as const,
    )
    await store.append(lease, 1, events, { status: 'running', progress: n })
  }
}

const threads = ['r0', 'r1']

/** Everything that a run is resumed and shown by. */
async function everything(store: RunStore): Promise<string> {
  const found: unknown[] = []
  for (const thread of threads) {
    const config = { configurable: { thread_id: thread, checkpoint_ns: '' } }
    const latest = await store.saver.getTuple(config)
    found.push(latest, await collect(store.saver.list(config)))
    if (latest?.parentConfig) found.push(await store.saver.getTuple(latest.parentConfig))
  }
  for (let n = 0; n < 8; n++) found.push((await store.getRun(`r${n}`)) ?? null, await store.readEvents(`r${n}`))
  return encodeValue(found).text
}

function firstDifference(found: string, expected: string) {
  let at = 0
  while (found[at] === expected[at]) at += 1
  return { found: found.slice(at - 30, at + 30), expected: expected.slice(at - 30, at + 30) }
}

function flipsOf(count: number, bits: number): number[] {
  let state = 20_261_122
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bits)
  })
}

it.each([
  ['plain', 1000, {}],
  ['sealed', 300, { keys: { current: 'k', keys: { k: Buffer.alloc(32, 1) } } }],
] satisfies [string, number, SqliteOptions][])(
  'no flipped bit is taken for what was stored: %s',
  async (_, flips, options) => {
    const folder = mkdtempSync(join(tmpdir(), 'stagegraph-flips-'))
    const path = join(folder, 'runs.db')
    const store = openSqliteStore(path, options)
    await fill(store)
    await store.close()
    const whole = openSqliteStore(path, options)
    const expected = await everything(whole)
    await whole.close()
    const bytes = readFileSync(path)
    const outcomes = { detected: 0, none: 0 }
    const wrong: unknown[] = []
    for (const bit of flipsOf(flips, bytes.length * 8)) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
      writeFileSync(path, flipped)
      let damaged: RunStore | undefined
      try {
        damaged = openSqliteStore(path, options)
        const found = await everything(damaged)
        if (found === expected) outcomes.none += 1
        else wrong.push({ bit, page: Math.floor(bit / 32_768), ...firstDifference(found, expected) })
      } catch (error) {
        if (error instanceof StoreError) outcomes.detected += 1
        else wrong.push({ bit, page: Math.floor(bit / 32_768), error })
      }
      await damaged?.close().catch(() => {})
    }
    expect(wrong).toEqual([])
    expect(outcomes.detected).toBeGreaterThan(flips / 4)
    expect(outcomes.detected + outcomes.none).toBe(flips)
    rmSync(folder, { recursive: true })
  },
)
